using System.Diagnostics;
using Npgsql;
using Stet.Testing;

namespace Stet.Tests;

static class RowsRead
{
    /// <summary>The rows that were read of all tables, once the counts of closed connections have come in.</summary>
    /// <param name="database">Which nobody uses any more.</param>
    /// <param name="inserted">How many events were inserted.</param>
    public static async Task<long> RowsReadAsync(this TestDatabase database, int inserted)
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
