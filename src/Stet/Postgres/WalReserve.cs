using Npgsql;

namespace Stet.Postgres;

/// <summary>The WAL files that lie ready to be written over.</summary>
/// <remarks>
/// PostgreSQL makes a file when it needs the next one, and every commit waits while its 16 MB are written; one that has been
/// in use for a while has old files instead. A new cluster gets as many while nobody waits for it.
/// </remarks>
static class WalReserve
{
    /// <summary>Makes as many as <c>min_wal_size</c> says that PostgreSQL keeps.</summary>
    /// <param name="connectionString">For the superuser.</param>
    /// <param name="folder">The cluster's.</param>
    /// <param name="cancel">Stops between two files.</param>
    /// <exception cref="NpgsqlException">The server went away.</exception>
    public static async Task FillAsync(string connectionString, string folder, CancellationToken cancel)
    {
        var alone = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(alone.ConnectionString);
        await connection.OpenAsync(cancel);

        var missing = Missing(
            await NumberAsync("select pg_size_bytes(current_setting('min_wal_size'))"),
            await NumberAsync("select pg_size_bytes(current_setting('wal_segment_size'))"),
            await NumberAsync("select count(*) from pg_ls_waldir()"),
            new DriveInfo(folder).AvailableFreeSpace);
        if (missing == 0) return;

        // A file that holds nothing is not left for the next one.
        for (; missing > 0; missing--) await RunAsync("select pg_switch_wal() from pg_logical_emit_message(false, 'stet', '')");
        await RunAsync("checkpoint"); // which makes files to come of those that are done with

        async Task<long> NumberAsync(string query)
        {
            await using var command = new NpgsqlCommand(query, connection);
            return (long)(await command.ExecuteScalarAsync(cancel))!;
        }

        async Task RunAsync(string statement)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>How many files to make: none where they would fill the disk.</summary>
    /// <param name="least">Bytes of WAL to have.</param>
    /// <param name="size">Bytes of a file.</param>
    /// <param name="files">How many there are.</param>
    /// <param name="free">Bytes of free disk.</param>
    internal static long Missing(long least, long size, long files, long free) => free < 8 * least ? 0 : Math.Max(0, (least / size) - files);
}
