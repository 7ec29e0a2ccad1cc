using System.Text.Json.Nodes;
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
        (await home.Database.RowsReadAsync(inserted: Commands + (Batch * Batches))).ShouldBeLessThan(20 * Commands);
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
}
