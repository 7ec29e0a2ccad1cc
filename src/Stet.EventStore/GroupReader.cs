using System.Threading.Channels;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>
/// Group read, the mirror of group commit: queries that arrive while others run share the next round trip and its
/// snapshot, which is taken after each of them arrived. A slow group holds up nobody who comes later.
/// </summary>
sealed class GroupReader : IAsyncDisposable
{
    const int MostQueries = 64;
    const int MostGroups = 8;
    const int MostWaiting = 10_000;

    // One group at a time makes large groups, and those cost the least per query.
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    readonly Channel<PendingQuery> queue = Channel.CreateBounded<PendingQuery>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    readonly SemaphoreSlim free = new(MostGroups);
    readonly NpgsqlDataSource connections;
    readonly Task loop;
    volatile bool isStopping;

    public GroupReader(NpgsqlDataSource connections)
    {
        this.connections = connections;
        loop = Task.Run(RunAsync);
    }

    public Task<T> QueryAsync<T>(PendingQuery<T> query) => queue.Writer.TryWrite(query)
        ? query.Task.WaitAsync(query.Token)
        : throw (isStopping
            ? new StoreUnavailableException("the service is stopping", TimeSpan.FromSeconds(5))
            : new StoreUnavailableException("too many queries are waiting", TimeSpan.FromSeconds(1)));

    public async ValueTask DisposeAsync()
    {
        isStopping = true;
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
            if (!IsGone(query)) group.Add(query);
        }

        return group;
    }

    static bool IsGone(PendingQuery query)
    {
        if (query.Abandoned) query.Cancel();
        return query.Abandoned;
    }

    async Task RunAndFreeAsync(List<PendingQuery> group)
    {
        try
        {
            await RunAsync(StatementsOf(group));
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>What a group is in one batch, in order: the statements of one tenant side by side, each with its queries.</summary>
    static PendingQuery[][] StatementsOf(List<PendingQuery> group) =>
    [
        .. group.GroupBy(query => query.TenantId, StringComparer.Ordinal)
            .SelectMany(of => of.GroupBy(query => query.Statement).Select(alike => alike.ToArray())),
    ];

    async Task RunAsync(PendingQuery[][] statements, bool again = false)
    {
        if (statements.Length == 0) return;

        try
        {
            await ReadAsync(statements);
        }
        catch (Exception e)
        {
            // What Npgsql believes to be prepared on a connection may not be after a failure of the database's.
            if (e is NpgsqlException || PassingFailure.Is(e)) connections.Clear();
            var left = statements.SkipWhile(alike => Array.TrueForAll(alike, query => query.Answered)).ToArray();
            if (left.Length == 0) return;

            if (!PassingFailure.Is(e))
            {
                // Statements run in order: the first that was not answered is at fault, or one of its queries.
                var others = RunAsync(left[1..], again);
                if (left[0].Length == 1 || PassingFailure.IsTooSlow(e)) Array.ForEach(left[0], query => query.Fail(e));
                else foreach (var query in left[0].Where(query => !IsGone(query))) await RunAsync([[query]], again: true);
                await others;
            }
            else if (!again)
            {
                // A pooled connection may have died unnoticed, or a table got another shape: a new one will tell.
                await RunAsync(left, again: true);
            }
            else
            {
                foreach (var query in left.SelectMany(alike => alike))
                    query.Fail(new StoreUnavailableException("the database did not answer a query", TimeSpan.FromSeconds(2), e));
            }
        }
    }

    async Task ReadAsync(PendingQuery[][] statements)
    {
        await using var connection = await connections.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        string? tenantId = null;
        foreach (var alike in statements)
        {
            if (alike[0].TenantId != tenantId) Enter(batch, tenantId = alike[0].TenantId);
            alike[0].Add(batch, alike);
        }

        await using var reader = await batch.ExecuteReaderAsync();
        tenantId = null;
        var position = 0L;
        foreach (var alike in statements)
        {
            if (alike[0].TenantId != tenantId)
            {
                if (tenantId is not null) await reader.NextResultAsync();
                tenantId = alike[0].TenantId;
                position = await PositionAsync(reader, CancellationToken.None);
            }

            await reader.NextResultAsync();
            await alike[0].ReadAsync(reader, position, alike);
        }
    }
}
