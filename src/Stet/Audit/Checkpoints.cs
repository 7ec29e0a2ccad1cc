using System.Security.Cryptography;
using Npgsql;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>
/// Signs sizes of logs, each with one root for ever. A size is signed when somebody asks: its guard row is committed
/// first, and the guard's key has no room for a second root.
/// </summary>
public sealed class Checkpoints
{
    /// <summary>A guard row younger than this is served although the log has gone on.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(200);

    readonly StoreConnections connections;
    readonly TenantLogs logs;
    readonly IAuditSigner signer;
    readonly StateFile state;
    readonly FrozenLogs frozen;
    readonly SigningHealth health;
    readonly RestoreGuard restore;
    readonly Cosignatures cosignatures;
    readonly TimeProvider clock;
    readonly Coalescer<TenantLog, SignedCheckpoint> rounds;

    public Checkpoints(
        StoreConnections connections, TenantLogs logs, IAuditSigner signer, StateFile state, FrozenLogs frozen, SigningHealth health,
        RestoreGuard restore, Cosignatures cosignatures, TimeProvider clock)
    {
        (this.connections, this.logs, this.signer, this.state) = (connections, logs, signer, state);
        (this.frozen, this.health, this.restore, this.cosignatures, this.clock) = (frozen, health, restore, cosignatures, clock);
        rounds = new(RoundAsync);
    }

    /// <summary>The newest checkpoint of a tenant's log; requests at one time share the work.</summary>
    /// <param name="tenantId">Of a tenant that exists.</param>
    /// <param name="atLeast">The size it must cover, which the log has reached; 0 when any will do.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditSigningRefusedException">
    /// The log is frozen, it cannot be signed now, or the size cannot be reserved and only a larger one can.
    /// </exception>
    /// <exception cref="AuditLogChangedException">There is no such log any more.</exception>
    public async Task<SignedCheckpoint> NewestAsync(string tenantId, long atLeast, CancellationToken cancel)
    {
        const int Tries = 4;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var log = await logs.FindAsync(tenantId, cancel) ?? throw new AuditLogChangedException();
                log.Ask(atLeast);
                var signed = await rounds.RunAsync(log, cancel);
                return signed.Size >= atLeast ? signed : throw new AuditSigningRefusedException();
            }
            catch (AuditLogChangedException) when (attempt < Tries)
            {
                logs.InMemory(tenantId)?.IsStale = true;
            }
            catch (NpgsqlException e) when (PassingFailure.Is(e))
            {
                // A pooled connection may have died unnoticed: a new one will tell.
                connections.Writer.Clear();
                if (attempt == Tries) throw new StoreUnavailableException("the database did not answer", TimeSpan.FromSeconds(2), e);
            }
        }
    }

    /// <summary>The newest checkpoint of a log, see the other method.</summary>
    /// <exception cref="AuditSigningRefusedException">The log is frozen, or cannot be signed now.</exception>
    /// <exception cref="AuditLogChangedException">The tenant's log has another origin by now.</exception>
    internal async Task<SignedCheckpoint> NewestAsync(TenantLog log, long atLeast, CancellationToken cancel)
    {
        var signed = await NewestAsync(log.TenantId, atLeast, cancel);
        return signed.Origin == log.Origin ? signed : throw new AuditLogChangedException();
    }

    /// <summary>
    /// Signs a size whose guard row is committed. It asks the database for nothing, unless the log is to be compared first
    /// with what is known of it outside; the note is in the state file when this returns.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="size">The size.</param>
    /// <param name="root">The root in the guard row.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditSigningRefusedException">
    /// The log is frozen, has another origin by now, or cannot be signed now.
    /// </exception>
    public async ValueTask<SignedCheckpoint> SignReservedAsync(TenantLog log, long size, LogHash root, CancellationToken cancel)
    {
        var current = await CurrentAsync(log, cancel);
        if (current.Compared?.Connected != logs.Connected)
        {
            await NewestAsync(log.TenantId, 0, cancel);
            current = await CurrentAsync(log, cancel);
        }

        return await SignAsync(current, size, root, cancel);
    }

    async ValueTask<TenantLog> CurrentAsync(TenantLog log, CancellationToken cancel) =>
        await logs.FindAsync(log.TenantId, cancel) is { } current && current.Origin == log.Origin
            ? current
            : throw new AuditSigningRefusedException();

    async ValueTask<SignedCheckpoint> SignAsync(TenantLog log, long size, LogHash root, CancellationToken cancel)
    {
        frozen.ThrowIfFrozen(log.TenantId);
        var known = state.Newest(log.Origin);
        if (known?.Size == size && known.Root != root)
        {
            await frozen.FreezeAsync(log, size, root, known.Root, $"Size {size} was signed with another root.");
            throw new AuditSigningRefusedException();
        }

        try
        {
            var isNew = known?.Size != size;
            var signed = isNew ? await SignedCheckpoint.SignAsync(log, signer, size, root, cancel) : known!;
            await state.KeepAsync(signed).WaitAsync(cancel);
            health.Signed(log.TenantId, isNew);
            return signed;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InstallationKeyException or CryptographicException
            or AuditLogFormatException)
        {
            health.Failed(log.TenantId, e);
            throw new AuditSigningRefusedException(e);
        }
    }

    /// <summary>The newest checkpoint of a log that this service has signed, or may have; null when there is none.</summary>
    internal SignedCheckpoint? Noted(TenantLog log) => state.Newest(log.Origin);

    /// <summary>Signs the guard row that a query has read.</summary>
    /// <param name="log">The log.</param>
    /// <param name="noted">What was <see cref="Noted"/> before the query.</param>
    /// <param name="view">What the query saw.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditSigningRefusedException">The log is frozen, or cannot be signed now.</exception>
    /// <exception cref="AuditLogChangedException">The log has other keys by now, or the guard row is older than its epoch.</exception>
    internal async Task<SignedCheckpoint> SignStoredAsync(
        TenantLog log, SignedCheckpoint? noted, LogView view, CancellationToken cancel)
    {
        ThrowIfChanged(log, view);

        // A database that this process has not compared with what was signed before, or that has gone back since.
        if (view.Incarnation != log.Compared?.Incarnation || noted?.Size > view.Position) await NewestAsync(log, 0, cancel);
        if (view.IsFrozen) throw new AuditSigningRefusedException();

        if (view.Newest is not { } stored || !log.SignsAt(stored.Size))
        {
            // Nothing is reserved since the epoch began, which now gets a size of its own.
            await NewestAsync(log, 0, cancel);
            throw new AuditLogChangedException();
        }

        await RequireSoundAsync(log, view, cancel);
        return cosignatures.Add(log.TenantId, await SignReservedAsync(log, stored.Size, stored.Root, cancel), stored.Cosignatures);
    }

    /// <summary>The largest size that this process has reserved for signing, or found so; 0 for a frozen log.</summary>
    internal long Reserved(TenantLog log) => frozen.IsFrozen(log.TenantId) ? 0 : log.LargestReserved;

    /// <summary>Finds out whether the guard row that a query has read is what the leaves come to, before it is used.</summary>
    /// <param name="log">The log.</param>
    /// <param name="view">What the query saw, a guard row among it.</param>
    /// <param name="cancel">Ends the wait for a connection.</param>
    /// <exception cref="AuditSigningRefusedException">It is not; the log is frozen.</exception>
    /// <exception cref="AuditLogChangedException">The log has other keys by now.</exception>
    internal async Task RequireSoundAsync(TenantLog log, LogView view, CancellationToken cancel)
    {
        ThrowIfChanged(log, view);
        if (log.IsSound(view.Newest!)) return;

        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await VerifyAsync(connection, log, view.Newest!, view.Position);
    }

    async Task<SignedCheckpoint> RoundAsync(TenantLog log)
    {
        var guard = await ReservedAsync(log);
        var signed = await SignAsync(await CurrentAsync(log, CancellationToken.None), guard.Size, guard.Root, CancellationToken.None);
        return cosignatures.Add(log.TenantId, signed, guard.Cosignatures);
    }

    /// <summary>The guard row of the size to sign, made if need be; its connection is given back before another is asked for.</summary>
    async Task<SignedSize> ReservedAsync(TenantLog log)
    {
        // INVARIANT: looked at before the database is: what is noted now was committed before the snapshot is taken.
        var (notes, look) = (await restore.NotesAsync(log), frozen.Look());
        await using var connection = await connections.Writer.OpenConnectionAsync();
        var view = await ReadAsync(connection, log.TenantId);
        frozen.Set(log.TenantId, view.FrozenReason, look);
        ThrowIfChanged(log, view.Log);
        frozen.ThrowIfFrozen(log.TenantId);
        await restore.CompareAsync(connection, log, notes, view.Position, view.Log.Newest is not null, view.Log.Incarnation);

        var guard = view.Log.Newest;
        if (guard is not null && log.SignsAt(guard.Size)) await VerifyAsync(connection, log, guard, view.Position);
        var age = clock.GetUtcNow() - view.ReservedAt;
        var isFresh = age >= TimeSpan.Zero && age < Fresh;
        if (guard is null || !log.SignsAt(guard.Size)
            || !(log.IsTaken(view.Position) || (guard.Size >= log.Asked && (guard.Size == view.Position || isFresh))))
        {
            guard = await ReserveAsync(connection, log, view);
            age = TimeSpan.Zero;
        }

        AuditMetrics.Unsigned.Record(view.Position - guard.Size);
        AuditMetrics.CheckpointAge.Record(Math.Max(0, age.TotalSeconds));
        return guard;
    }

    /// <summary>Finds out whether a guard row that another process made is what the leaves come to: the row alone proves nothing.</summary>
    async Task VerifyAsync(NpgsqlConnection connection, TenantLog log, SignedSize guard, long position)
    {
        if (log.IsSound(guard)) return;
        if (guard.Size > position)
            await RefuseAsync(log, guard.Size, null, guard.Root, $"The log ends at {position}, and size {guard.Size} is reserved for signing.");

        var tree = await StoredTreeAsync(connection, log, guard.Size, guard.Root);
        if (tree.Root != guard.Root || !tree.ToArray().AsSpan().SequenceEqual(guard.Peaks))
            await RefuseAsync(log, guard.Size, tree.Root, guard.Root, $"Size {guard.Size} is reserved with another root than its leaves have.");

        log.Reserved(tree);
    }

    async Task<Peaks> StoredTreeAsync(NpgsqlConnection connection, TenantLog log, long size, LogHash claimed)
    {
        try
        {
            return await LogTree.PeaksAsync(connection, log.TenantId, size, CancellationToken.None);
        }
        catch (AuditAlteredException)
        {
            await RefuseAsync(log, size, null, claimed, $"Leaves or tiles below size {size} are missing.");
            throw;
        }
    }

    static void ThrowIfChanged(TenantLog log, LogView view)
    {
        if (view.Epoch != log.Epoch || view.KeyChanges != log.KeyChanges) throw new AuditLogChangedException();
    }

    static async Task<View> ReadAsync(NpgsqlConnection connection, string tenantId)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add(AuditReader.View("h.position, h.audit_peaks, l.frozen_reason, g.reserved_at", witnessed: false), Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync();
        await rows.NextResultAsync();
        if (!await rows.ReadAsync()) throw new AuditLogChangedException(); // another database than the log was read from

        const int More = AuditReader.ViewColumns;
        return new View(
            AuditReader.ReadView(rows, rows.GetInt64(More)), rows.GetFieldValue<byte[]>(More + 1),
            rows.IsDBNull(More + 2) ? null : rows.GetString(More + 2),
            rows.IsDBNull(More + 3) ? default : rows.GetFieldValue<DateTimeOffset>(More + 3));
    }

    /// <summary>Folds what has come since the newest guard row, and commits a guard row for the head's size.</summary>
    async Task<SignedSize> ReserveAsync(NpgsqlConnection connection, TenantLog log, View view)
    {
        // The guard row of an epoch that ended has the size for good: the log is signed again with its next event.
        if (log.IsTaken(view.Position)) throw new AuditSigningRefusedException();

        await using var transaction = await connection.BeginTransactionAsync();
        await using (var batch = new NpgsqlBatch(connection, transaction)) await batch.EnterTenant(log.TenantId).ExecuteNonQueryAsync();

        // A row of an epoch that ended may be why it did.
        var tree = view.Log.Newest switch
        {
            null when log.Epoch == 1 => new Peaks(),
            { } before when log.SignsAt(before.Size) => Peaks.Read(before.Size, before.Peaks),
            _ => await StoredTreeAsync(connection, log, view.Position, RootOf(view)),
        };

        try
        {
            await AuditTables.FoldAsync(connection, log.TenantId, tree, view.Position, CancellationToken.None);
        }
        catch (AuditRowsMissingException e)
        {
            await RefuseAsync(log, view.Position, null, tree.Root, $"The leaf at position {e.Position} is missing.");
        }

        if (!tree.ToArray().AsSpan().SequenceEqual(view.Peaks))
        {
            await RefuseAsync(log, view.Position, tree.Root, RootOf(view), "The leaves do not lead to the head of the log.");
        }

        var (inserted, root) = await GuardAsync(connection, log, tree);
        await transaction.CommitAsync();
        if (!inserted) AuditMetrics.GuardConflicts.Add(1);
        if (root != tree.Root) await RefuseAsync(log, tree.Size, tree.Root, root, $"Size {tree.Size} was reserved with another root.");

        log.Verify(tree);
        log.Reserved(tree);
        return new SignedSize(tree.Size, tree.Root, view.Peaks, "");
    }

    async Task<(bool Inserted, LogHash Root)> GuardAsync(NpgsqlConnection connection, TenantLog log, Peaks tree)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("""
            insert into stet.audit_signed (tenant_id, size, root, peaks, reserved_at) values ($1, $2, $3, $4, $5)
            on conflict do nothing
            """,
            Scalar(log.TenantId), Scalar(tree.Size), Scalar(tree.Root.ToArray()), Scalar(tree.ToArray()),
            Scalar(log.ReservedAt(clock.GetUtcNow()).UtcDateTime));

        // A statement of its own: its snapshot shows a row that another instance committed while the first one waited.
        batch.Add("select root from stet.audit_signed where tenant_id = $1 and size = $2", Scalar(log.TenantId), Scalar(tree.Size));
        await using var rows = await batch.ExecuteReaderAsync();
        await rows.ReadAsync();
        var root = new LogHash(rows.GetFieldValue<byte[]>(0));
        return (batch.BatchCommands[0].RecordsAffected == 1, root);
    }

    async Task RefuseAsync(TenantLog log, long size, LogHash? ours, LogHash theirs, string reason)
    {
        await frozen.FreezeAsync(log, size, ours, theirs, reason);
        throw new AuditSigningRefusedException();
    }

    static LogHash RootOf(View view)
    {
        try
        {
            return Peaks.Read(view.Position, view.Peaks).Root;
        }
        catch (AuditLogFormatException)
        {
            return default; // not even peaks
        }
    }

    /// <summary>What one snapshot shows of a log.</summary>
    /// <param name="Log">The log, and its newest guard row.</param>
    /// <param name="Peaks">The head's.</param>
    /// <param name="FrozenReason">Why it signs nothing; null: it signs.</param>
    /// <param name="ReservedAt">When the guard row was made.</param>
    sealed record View(LogView Log, byte[] Peaks, string? FrozenReason, DateTimeOffset ReservedAt)
    {
        public long Position => Log.Position;
    }
}
