using System.Data;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>The writer's connections: one that looks ahead, and one that writes.</summary>
/// <remarks>
/// A batch is loaded and decided without a lock, while the one before it is committed, and then written in one round trip
/// that first compares the heads with what was loaded. What a batch knows from those before it, the last of which may be
/// durable for a moment already, is not loaded, nor are the marks of commands: those of new ones are the rule, and others are
/// refused when they are written. Where another instance was faster or a command came again, the batch is taken again under
/// the heads' locks, in two round trips: lock and load, then write and commit.
/// </remarks>
sealed class WriterSession(
    StoreConnections connections, EventCatalog catalog, IReadOnlyList<IInlineProjection> projections, IAppendLog? log,
    StoreOptions options, TimeProvider clock, Action outdate)
    : IAsyncDisposable
{
    readonly StreamVersions versions = new();
    NpgsqlConnection? ahead;
    NpgsqlConnection? connection;

    /// <summary>The writing connection beside which the one that looks ahead was opened: an older one may lead to another server.</summary>
    NpgsqlConnection? beside;

    /// <summary>A batch whose commit was sent and not confirmed: it may or may not have happened.</summary>
    WriteUnit? inDoubt;

    /// <summary>Which database the last connection led to; null before there was one, and when it was lost.</summary>
    string? incarnation;

    /// <summary>See <see cref="WriteUnit.Rebuilds"/>; null before anything was loaded.</summary>
    long? rebuilds;

    /// <summary>Whether what was written last may have been recorded or not.</summary>
    public bool IsInDoubt => inDoubt is not null;

    /// <summary>A batch to be filled; it begins where another one ends.</summary>
    /// <param name="before">The one that is being committed, or just was; null: what it begins with is loaded.</param>
    /// <param name="assumesNew">See <see cref="WriteUnit"/>; it takes a batch before.</param>
    public WriteUnit Begin(WriteUnit? before, bool assumesNew = false) => new(catalog, log, before, versions, assumesNew);

    /// <summary>Takes over what a batch has made durable, for those that follow it.</summary>
    public void Keep(WriteUnit unit) => versions.Keep(unit);

    /// <summary>Loads what a batch's new requests need, and decides them.</summary>
    public async Task DecideAsync(WriteUnit unit, CancellationToken cancel)
    {
        try
        {
            await ConnectAsync(cancel); // nothing is decided on what was remembered of the database before
            if (beside != connection) await CloseAheadAsync();
            do
            {
                if (ahead is null) (ahead, beside) = (await connections.Ahead.OpenConnectionAsync(cancel), connection);
                await LoadAsync(unit, locking: false, ahead, cancel);
                unit.Decide();
            }
            while (unit.IsUndecided);
        }
        catch
        {
            await CloseAheadAsync();
            throw;
        }
    }

    /// <summary>Commits a batch unless another instance was faster; its requests are not answered yet.</summary>
    /// <remarks>When the method has returned its task, the batch is sealed and may be followed.</remarks>
    /// <exception cref="PostgresException"><c>serialization_failure</c>: another was; nothing was written.</exception>
    public async Task CommitAsync(WriteUnit unit, CancellationToken cancel)
    {
        unit.Seal();
        if (unit.Events.Count > 0 || unit.IsTentative)
        {
            await using var batch = new NpgsqlBatch();
            UnitWrite.AddComparison(unit, options.SchemaScripts, batch);
            if (unit.Events.Count > 0) UnitWrite.AddWrites(unit, projections, log, options.WakesSubscriptions, batch);
            try
            {
                await ExecuteAsync(unit, batch, cancel);
            }
            catch
            {
                await CloseAsync();
                throw;
            }
        }

        unit.Committed();
    }

    /// <summary>Handles requests in one transaction that holds the heads from the first read on, and answers them.</summary>
    /// <remarks>Where a commit is in doubt, they are the requests of that batch.</remarks>
    /// <exception cref="StoreUnavailableException">Whether that commit has happened cannot be found out: they are done with.</exception>
    public async Task WriteAsync(IReadOnlyList<PendingAppend> requests, CancellationToken cancel)
    {
        try
        {
            if (inDoubt is { } doubt && await IsCommittedAsync(doubt, cancel))
            {
                doubt.Committed();
                doubt.Answer();
                return;
            }

            await ConnectAsync(cancel);
            var unit = Begin(before: null);
            foreach (var request in requests) unit.TryAdd(request);
            await LoadAsync(unit, locking: true, connection!, cancel);
            unit.Decide();
            unit.Seal();

            await using var batch = new NpgsqlBatch();
            if (unit.Events.Count > 0)
            {
                UnitWrite.AddComparison(options.SchemaScripts, batch);
                UnitWrite.AddWrites(unit, projections, log, options.WakesSubscriptions, batch);
            }

            batch.Add("commit");
            await ExecuteAsync(unit, batch, cancel);
            unit.Committed();
            unit.Answer();
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Does all that writing takes, and writes nothing.</summary>
    public async Task TryAsync(CancellationToken cancel)
    {
        try
        {
            await ConnectAsync(cancel);
            await using var command = new NpgsqlCommand("update stet.tenant_head set position = position where false", connection);
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Gives up on a batch in doubt: its callers were told that its outcome is unknown.</summary>
    public ValueTask ForgetAsync()
    {
        inDoubt = null;
        return CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (ahead is not null) await ahead.DisposeAsync();
        if (connection is not null) await connection.DisposeAsync();
    }

    async Task ConnectAsync(CancellationToken cancel)
    {
        if (connection is not null) return;
        connection = await connections.Writer.OpenConnectionAsync(cancel);
        try
        {
            await using var command = new NpgsqlCommand($"select {StoreConnections.Incarnation}", connection);
            var found = (string)(await command.ExecuteScalarAsync(cancel))!;
            if (found == incarnation) return;
            incarnation = found;
        }
        catch
        {
            await CloseAsync();
            throw;
        }

        outdate();
        log?.Connected();
    }

    async ValueTask CloseAheadAsync()
    {
        connections.Ahead.Clear();
        if (ahead is { } closing)
        {
            ahead = null;
            await closing.DisposeAsync();
        }
    }

    async ValueTask CloseAsync()
    {
        // What Npgsql believes to be prepared on a connection may not be after a failure: it must not come back.
        connections.Writer.Clear();
        if (connection is { } closing)
        {
            if (closing.State != ConnectionState.Open) incarnation = null;
            connection = null;
            await closing.DisposeAsync();
        }
    }

    async Task LoadAsync(WriteUnit unit, bool locking, NpgsqlConnection from, CancellationToken cancel)
    {
        var now = Microseconds(clock.GetUtcNow());
        await unit.PrepareAsync(now, cancel);
        await UnitLoad.LoadAsync(unit, locking, from, catalog, now, cancel);
        unit.Loaded();
        if (unit.Rebuilds is not { } seen || seen == rebuilds) return;
        if (rebuilds is not null) outdate();
        rebuilds = seen;
    }

    async Task ExecuteAsync(WriteUnit unit, NpgsqlBatch batch, CancellationToken cancel)
    {
        batch.Connection = connection;
        inDoubt = unit.Events.Count > 0 ? unit : null;
        try
        {
            await batch.ExecuteNonQueryAsync(cancel);
            inDoubt = null;
        }
        catch (PostgresException e) when (IsBeforeCommit(e))
        {
            inDoubt = null; // the server itself says that a statement before the commit failed
            if (e.SqlState == UnitWrite.SchemaChanged) throw new SchemaChangedException(e);
            throw;
        }
    }

    // A transaction that has failed is over; of a session or server that has, it is not known.
    static bool IsBeforeCommit(PostgresException e) => e.InvariantSeverity == "ERROR";

    async Task<bool> IsCommittedAsync(WriteUnit doubt, CancellationToken cancel)
    {
        try
        {
            await ConnectAsync(cancel);
            var isCommitted = await IsInLogAsync(doubt, cancel);
            inDoubt = null;
            return isCommitted;
        }
        catch (Exception e) when (!PassingFailure.Is(e) && e is not OperationCanceledException)
        {
            inDoubt = null;
            throw new StoreUnavailableException("the command may have been recorded, and that cannot be found out", TimeSpan.FromSeconds(5), e);
        }
    }

    /// <summary>Whether a batch whose commit went unanswered is in the log: its first event stands at its position.</summary>
    async Task<bool> IsInLogAsync(WriteUnit unit, CancellationToken cancel)
    {
        var probe = unit.Events[0].Event;
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("begin");
        batch.EnterTenant(probe.TenantId);

        // The lock waits until the transaction in doubt has ended one way or the other.
        batch.Add("select position from stet.tenant_head where tenant_id = $1 for update", Scalar(probe.TenantId));
        batch.Add(
            "select exists (select from stet.mt_events where tenant_id = $1 and seq_id = $2 and id = $3)",
            Scalar(probe.TenantId), Scalar(probe.Position), Scalar(probe.Id));
        batch.Add("commit");

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        await reader.NextResultAsync(cancel);
        await reader.ReadAsync(cancel);
        return reader.GetBoolean(0);
    }

    static DateTimeOffset Microseconds(DateTimeOffset time) => new(time.Ticks - (time.Ticks % 10), TimeSpan.Zero);
}
