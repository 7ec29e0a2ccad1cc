using Npgsql;

namespace Stet.EventStore;

/// <summary>A query in the group reader's hands.</summary>
abstract class PendingQuery(string tenantId, CancellationToken cancel)
{
    public string TenantId { get; } = tenantId;

    /// <summary>Queries of one tenant that have this in common are one statement.</summary>
    public virtual object Statement => this;

    public bool Abandoned => Token.IsCancellationRequested;

    public abstract bool Answered { get; }

    public CancellationToken Token { get; } = cancel;

    /// <summary>Adds the statement of queries, of which this is one, to a batch.</summary>
    public abstract void Add(NpgsqlBatch batch, IReadOnlyList<PendingQuery> alike);

    /// <summary>Reads that statement's result, and answers the queries.</summary>
    public abstract Task ReadAsync(NpgsqlDataReader reader, long position, IReadOnlyList<PendingQuery> alike);

    public abstract void Fail(Exception e);

    public abstract void Cancel();
}

abstract class PendingQuery<T>(string tenantId, CancellationToken cancel) : PendingQuery(tenantId, cancel)
{
    readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => completion.Task;

    public override bool Answered => completion.Task.IsCompleted;

    public void Answer(T answer) => completion.TrySetResult(answer);

    public override void Fail(Exception e) => completion.TrySetException(e);

    public override void Cancel() => completion.TrySetCanceled(Token);
}

/// <summary>A query that shares a round trip, and nothing else.</summary>
sealed class SingleQuery<T>(
    string tenantId, string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, long, CancellationToken, Task<T>> read,
    CancellationToken cancel)
    : PendingQuery<T>(tenantId, cancel)
{
    bool isTaken;

    public override void Add(NpgsqlBatch batch, IReadOnlyList<PendingQuery> alike)
    {
        batch.Add(sql, isTaken ? [.. parameters.Select(p => p.Clone())] : parameters);
        isTaken = true;
    }

    public override async Task ReadAsync(NpgsqlDataReader reader, long position, IReadOnlyList<PendingQuery> alike)
    {
        try
        {
            Answer(await read(reader, position, CancellationToken.None));
        }
        catch (Exception e) when (e is not NpgsqlException) // what a reader's own code throws is its answer
        {
            Fail(e);
        }
    }
}
