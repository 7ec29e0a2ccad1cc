using System.Threading.Channels;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>
/// Group read, the mirror of group commit: queries that arrive while others run share the next round trip and its
/// snapshot, which is taken after each of them arrived. They wait for the others for a moment only: slow ones hold nobody up.
/// </summary>
sealed class GroupReader : IAsyncDisposable
{
    const int MostQueries = 64;
    const int MostGroups = 8;

    // One group at a time makes large groups, and those cost the least per query.
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    readonly Channel<PendingQuery> queue = Channel.CreateUnbounded<PendingQuery>(new() { SingleReader = true });
    readonly SemaphoreSlim free = new(MostGroups);
    readonly NpgsqlDataSource connections;
    readonly Task loop;

    public GroupReader(NpgsqlDataSource connections)
    {
        this.connections = connections;
        loop = Task.Run(RunAsync);
    }

    public Task<T> QueryAsync<T>(PendingQuery<T> query) => queue.Writer.TryWrite(query)
        ? query.Task.WaitAsync(query.Token)
        : throw new StoreUnavailableException("the service is stopping", TimeSpan.FromSeconds(5));

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        free.Dispose();
    }

    /// <summary>A query's first steps: names its tenant to row security and asks for the position of the snapshot.</summary>
    public static void Enter(NpgsqlBatch batch, string tenantId) => batch
        .EnterTenant(tenantId)
        .Add("select coalesce((select position from stet.tenant_head where tenant_id = $1), 0)", Scalar(tenantId));

    /// <summary>Reads what <see cref="Enter"/> asked for; the query's own result is next.</summary>
    public static async ValueTask<long> PositionAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        await reader.NextResultAsync(cancel);
        await reader.ReadAsync(cancel);
        return reader.GetInt64(0);
    }

    async Task RunAsync()
    {
        while (await queue.Reader.WaitToReadAsync())
        {
            await free.WaitAsync();
            var group = Take();
            var run = RunAndFreeAsync(group);

            if (group.Count < MostQueries) await run.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        for (var i = 0; i < MostGroups; i++) await free.WaitAsync();
    }

    List<PendingQuery> Take()
    {
        var group = new List<PendingQuery>();
        while (group.Count < MostQueries && queue.Reader.TryRead(out var query))
        {
            if (query.Abandoned) query.Cancel();
            else group.Add(query);
        }

        return group;
    }

    async Task RunAndFreeAsync(List<PendingQuery> group)
    {
        try
        {
            if (group.Count > 0) await RunAsync(group);
        }
        finally
        {
            free.Release();
        }
    }

    async Task RunAsync(List<PendingQuery> group, bool again = false)
    {
        try
        {
            await ReadAsync(group);
        }
        catch (Exception e)
        {
            // What Npgsql believes to be prepared on a connection may not be after a failure.
            connections.Clear();
            var left = group.FindAll(query => !query.Answered);
            if (PassingFailure.Is(e) && !again)
            {
                // A pooled connection may have died unnoticed, or a table got another shape: a new one will tell.
                await RunAsync(left, again: true);
                return;
            }

            if (!PassingFailure.Is(e) && left.Count > 1)
            {
                // One of them is at fault: each on its own.
                foreach (var query in left) await RunAsync([query], again: true);
                return;
            }

            foreach (var query in left)
            {
                query.Fail(PassingFailure.Is(e)
                    ? new StoreUnavailableException("the database did not answer a query", TimeSpan.FromSeconds(2), e)
                    : e);
            }
        }
    }

    async Task ReadAsync(List<PendingQuery> group)
    {
        await using var connection = await connections.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        var byTenant = group.GroupBy(query => query.TenantId, StringComparer.Ordinal)
            .Select(of => (Id: of.Key, Statements: of.GroupBy(query => query.Statement).Select(alike => alike.ToArray()).ToArray())).ToArray();
        foreach (var (tenantId, statements) in byTenant)
        {
            Enter(batch, tenantId);
            foreach (var alike in statements) alike[0].Add(batch, alike);
        }

        await using var reader = await batch.ExecuteReaderAsync();
        foreach (var (_, statements) in byTenant)
        {
            var position = await PositionAsync(reader, CancellationToken.None);
            foreach (var alike in statements)
            {
                await reader.NextResultAsync();
                await alike[0].ReadAsync(reader, position, alike);
            }

            await reader.NextResultAsync();
        }
    }
}
