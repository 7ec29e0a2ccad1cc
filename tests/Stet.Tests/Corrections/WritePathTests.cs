using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;
using Stet.Testing;
using Stet.Tests.Enforcement;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class WritePathTests
{
    const int Batch = 500;
    const int Batches = 4;

    // The database has never been analyzed: the planner takes every table for empty, and every index for as good as another.
    [Fact]
    public async Task What_a_command_reads_does_not_grow_with_a_log_that_has_no_statistics()
    {
        await using var home = await TestService.StartAsync();
        await using (var service = await TestService.StartAsync(database: home.Database))
        {
            var tenant = Tenancy.Of(service, TestService.NewTenantId());
            for (var i = 0; i < Batches; i++) await RecordAsync(tenant, i, "first");
            for (var i = 0; i < Batches; i++) await RecordAsync(tenant, i, "second");
        }

        const int Commands = 2 * Batch * Batches;
        (await ReadRowsAsync(home.Database, inserted: Commands + (Batch * Batches))).ShouldBeLessThan(20 * Commands);
    }

    static async Task RecordAsync(Tenant tenant, int batch, string value)
    {
        var items = new JsonArray([.. Enumerable.Range(batch * Batch, Batch).Select(n =>
        {
            var item = Correction($"f{n}", value);
            item["subject"]!["id"] = $"p{n % 100}";
            item["idempotency_key"] = $"{value}-{n}";
            return item;
        })]);
        (await tenant.PostAsync("/v1/corrections/batch", new JsonObject { ["corrections"] = items })).Status.ShouldBe(201);
    }

    /// <summary>The rows that were read of all tables, once the counts of closed connections have come in.</summary>
    static async Task<long> ReadRowsAsync(TestDatabase database, int inserted)
    {
        await using var connection = await database.OpenAsync();
        var started = Stopwatch.StartNew();
        while (true)
        {
            await using var command = new NpgsqlCommand("""
                select sum(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0))::bigint,
                    sum(n_tup_ins) filter (where relname like 'mt_events%')::bigint
                from pg_stat_user_tables where schemaname = 'stet'
                """, connection);
            await using var row = await command.ExecuteReaderAsync();
            await row.ReadAsync();
            if (row.GetInt64(1) == inserted) return row.GetInt64(0);
            started.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30), $"{row.GetInt64(1)} of {inserted} events were counted");
            await Task.Delay(100);
        }
    }
}
