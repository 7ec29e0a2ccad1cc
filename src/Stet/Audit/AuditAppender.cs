using System.Buffers;
using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;

namespace Stet.Audit;

/// <summary>Writes leaves, full tiles and guards of the audit log in the transaction that appends the events.</summary>
public sealed class AuditAppender(TenantLogs logs, TimeProvider clock) : IAppendLog
{
    // A value of 32 levels stands some levels deep in its event.
    internal const int MaxDepth = 64;

    // One writer at a time works with an appender.
    readonly ArrayBufferWriter<byte> canonical = new(1024);
    readonly List<AuditPart> unsure = [];
    readonly Dictionary<string, TenantLog> prepared = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public void Connected() => logs.NoteConnection();

    /// <inheritdoc />
    public async ValueTask PrepareAsync(IReadOnlyCollection<string> tenantIds, CancellationToken cancel)
    {
        // The batch before did not get through: perhaps because it was salted with a secret that has been replaced.
        foreach (var part in unsure) part.Log.IsStale |= !part.IsCommitted;
        unsure.Clear();
        prepared.Clear();
        foreach (var tenantId in tenantIds)
        {
            if (await logs.FindAsync(tenantId, cancel) is { } log) prepared.Add(tenantId, log);
        }
    }

    /// <inheritdoc />
    public IAppendLogPart Begin(string tenantId, long position, byte[] edge, IAppendLogPart? before)
    {
        if (!prepared.TryGetValue(tenantId, out var log)) throw new InvalidOperationException($"the audit log of {tenantId} was not prepared");
        return new AuditPart(log, position, edge, before as AuditPart, this);
    }

    /// <inheritdoc />
    public void Write(IReadOnlyList<IAppendLogPart> parts, NpgsqlBatch batch)
    {
        var all = parts.Cast<AuditPart>().ToArray();
        unsure.AddRange(all.Where(p => !p.IsOwn));
        AuditTables.RequireSecrets([.. unsure.Select(p => (p.Log.TenantId, p.Log.SecretId))], batch);
        AuditTables.AddLeaves([.. all.Select(p => (p.Log.TenantId, p.Leaves))], batch);
        AuditTables.AddTiles([.. all.SelectMany(p => p.Filled.Select(t => (p.Log.TenantId, t)))], batch);
        foreach (var part in all.Where(p => p.ChangesKeys)) KeyChanges.Write(part, logs.NewKeys, batch);
        var now = clock.GetUtcNow();
        AuditTables.AddGuards([.. all.Where(p => p.IsGuarded).Select(p => (p.Log.TenantId, p.Tree, p.Log.ReservedAt(now)))], batch);
    }

    /// <summary>The leaf of an event.</summary>
    /// <exception cref="UnloggableEventException">Its body has no canonical form.</exception>
    internal AuditLeaf LeafOf(TenantLog log, AppendedEvent appended)
    {
        canonical.ResetWrittenCount();
        if (!CanonicalJson.TryWrite(appended.Json, canonical, out var error, MaxDepth))
            throw new UnloggableEventException(error.Pointer, error.Reason);

        var e = appended.Event;
        var audited = new AuditedEvent(e.Position, e.Id, e.StreamId, e.Version, e.Timestamp, appended.Type.StoredName, appended.Metadata.ActorClass);
        return AuditLeaf.Of(log, audited, canonical.WrittenSpan, appended);
    }
}

/// <summary>What one batch adds to a tenant's audit log.</summary>
public sealed class AuditPart : IAppendLogPart
{
    /// <summary>A guard row every so many leaves keeps short what a checkpoint has to fold.</summary>
    const long GuardEvery = 4_096;

    readonly AuditAppender appender;
    readonly List<AuditLeaf> leaves = [];
    readonly byte[] before;
    readonly bool isVerified;
    NewestLeaves? newest;
    Task<SignedCheckpoint>? signed;

    internal AuditPart(TenantLog log, long position, byte[] edge, AuditPart? uncommitted, AuditAppender appender)
    {
        (Log, Start, before, this.appender) = (log, position, edge, appender);
        Tree = Peaks.Read(position, edge);

        // A guard row is made only on top of peaks that this process wrote or folded itself.
        var (size, peaks) = log.Verified;
        isVerified = uncommitted?.isVerified ?? (size == position && peaks.AsSpan().SequenceEqual(edge));
        IsOwn = uncommitted is not null || log.IsOwn(position, edge);
    }

    /// <summary>Whose log.</summary>
    public TenantLog Log { get; }

    /// <summary>The log's size before the batch.</summary>
    public long Start { get; }

    /// <summary>The right edge: before the batch, and with it once it is sealed.</summary>
    public Peaks Tree { get; }

    /// <summary>The leaves, in log order.</summary>
    public IReadOnlyList<AuditLeaf> Leaves => leaves;

    /// <summary>The tiles that the batch fills.</summary>
    public List<FilledTile> Filled { get; } = [];

    /// <summary>Whether the transaction reserved the new size for signing.</summary>
    public bool IsGuarded { get; private set; }

    /// <inheritdoc />
    public int Count => leaves.Count;

    /// <inheritdoc />
    public bool HoldsUpNext => ChangesKeys || !IsOwn;

    /// <summary>Whether no other instance has written since this one did, and so none has replaced the log's secret.</summary>
    internal bool IsOwn { get; }

    /// <summary>Whether the transaction is known to be durable.</summary>
    internal bool IsCommitted { get; private set; }

    /// <summary>Whether there are events about the log's keys or origin among the leaves.</summary>
    internal bool ChangesKeys => leaves.Exists(leaf => leaf.Appended!.Event.Data is IChangesKeys);

    /// <summary>The hashes of which the proofs of all receipts of the batch are made; call it once the batch is sealed.</summary>
    internal NewestLeaves Newest => newest ??= new NewestLeaves(Peaks.Read(Start, before), leaves.Select(l => l.Hash));

    /// <summary>The checkpoint of the reserved size, for all receipts of the batch. Who asks first signs.</summary>
    /// <exception cref="AuditSigningRefusedException">See <see cref="Checkpoints.SignReservedAsync"/>.</exception>
    internal Task<SignedCheckpoint> SignedAsync(Checkpoints checkpoints)
    {
        // Its continuations need no thread of their own: WaitAsync, which all use, gives them one.
        var mine = new TaskCompletionSource<SignedCheckpoint>();
        return Interlocked.CompareExchange(ref signed, mine.Task, null) ?? SignAsync(mine, checkpoints);
    }

    async Task<SignedCheckpoint> SignAsync(TaskCompletionSource<SignedCheckpoint> shared, Checkpoints checkpoints)
    {
        try
        {
            var checkpoint = await checkpoints.SignReservedAsync(Log, Tree.Size, Tree.Root, CancellationToken.None);
            shared.SetResult(checkpoint);
            return checkpoint;
        }
        catch (Exception e)
        {
            signed = null; // who tries again begins anew
            shared.SetException(e);
            _ = shared.Task.Exception; // seen here: perhaps nobody else waits
            throw;
        }
    }

    /// <inheritdoc />
    public void Add(AppendedEvent appended) => leaves.Add(appender.LeafOf(Log, appended));

    /// <inheritdoc />
    public void Cut(int count) => leaves.RemoveRange(count, leaves.Count - count);

    /// <inheritdoc />
    public byte[] Seal(bool receipts)
    {
        Tree.Append([.. leaves.Select(l => l.Hash)], Filled);
        IsGuarded = isVerified && !Log.IsTaken(Tree.Size) && (receipts || Start / GuardEvery != Tree.Size / GuardEvery);
        return Tree.ToArray();
    }

    /// <inheritdoc />
    public void Committed()
    {
        IsCommitted = true;
        Log.Appended((Start, before), (Tree.Size, Tree.ToArray()));
        if (IsGuarded) Log.Reserved(Tree);
        if (ChangesKeys) Log.IsStale = true;
    }
}
