using Npgsql;

namespace Stet.EventStore.Tests;

/// <summary>The tenant's head row in the hands of a stranger.</summary>
sealed class HeldHead(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    public static async Task<HeldHead> TakeAsync(TestStore test)
    {
        var connection = await test.OpenAsSuperuserAsync();
        var head = new HeldHead(connection, await connection.BeginTransactionAsync(CancellationToken.None));
        await head.ExecuteAsync("select from stet.tenant_head where tenant_id = $1 for update", test);
        return head;
    }

    /// <summary>All heads, once everybody has let go of them who came before.</summary>
    public static async Task<HeldHead> TakeTableAsync(TestStore test)
    {
        var connection = await test.OpenAsSuperuserAsync();
        var heads = new HeldHead(connection, await connection.BeginTransactionAsync(CancellationToken.None));
        await heads.LockAsync("stet.tenant_head");
        return heads;
    }

    /// <summary>Whoever reads or writes a stream's version waits, too.</summary>
    public Task LockStreamsAsync() => LockAsync("stet.mt_streams");

    /// <summary>Whoever reads or writes a state waits, too.</summary>
    public Task LockStatesAsync() => LockAsync("stet.account_state");

    async Task LockAsync(string table)
    {
        await using var command = new NpgsqlCommand($"lock table {table}", connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public Task DeleteAsync(TestStore test) => ExecuteAsync("delete from stet.tenant_head where tenant_id = $1", test);

    public async Task HasWaitersAsync(int count)
    {
        await using var command = new NpgsqlCommand(
            """
            select count(*) from pg_locks waiting
            where not granted and exists (
                select from pg_locks held where held.pid = waiting.pid
                    and held.database = (select oid from pg_database where datname = current_database()))
            """, connection);
        for (var tries = 0; (long)(await command.ExecuteScalarAsync(CancellationToken.None))! != count; tries++)
        {
            tries.ShouldBeLessThan(1_000);
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }

    public Task ReleaseAsync() => transaction.CommitAsync(CancellationToken.None);

    async Task ExecuteAsync(string sql, TestStore test)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(NpgsqlBatchExtensions.Scalar(test.Tenant));
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
