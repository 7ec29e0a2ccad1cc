using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>What witnesses are told of the tenants' logs, and what becomes of a log that contradicts them.</summary>
public sealed class WitnessedLog(Checkpoints checkpoints, AuditReader reader, TenantLogs logs, FrozenLogs frozen)
{
    /// <summary>The newest checkpoint of a tenant's log.</summary>
    /// <exception cref="AuditSigningRefusedException">The log is frozen.</exception>
    public Task<SignedCheckpoint> CheckpointAsync(string tenantId, CancellationToken cancel) =>
        checkpoints.NewestAsync(tenantId, 0, cancel);

    /// <summary>The proof that a checkpoint's tree began as a smaller one, which has at least one leaf.</summary>
    /// <exception cref="AuditAlteredException">The stored hashes do not lead there.</exception>
    public async Task<ConsistencyProof> ConsistencyAsync(string tenantId, long from, long to, CancellationToken cancel)
    {
        var view = await reader.ViewAsync(tenantId, [from - 1, from, to], witnessed: false, cancel);
        var before = view.Tiles.PeaksOf(from);
        var after = view.Tiles.PeaksOf(to);
        return new ConsistencyProof(before.Root, view.Tiles.Make(ProofPlan.Consistency(from, to, after)));
    }

    /// <summary>What a note says that a witness shows, if it is a checkpoint of the tenant's log; null for any other.</summary>
    public async ValueTask<Checkpoint?> OpenAsync(
        string tenantId, ConfiguredWitness witness, ReadOnlyMemory<byte> note, CancellationToken cancel) =>
        WitnessNotes.Open(await FindAsync(tenantId, cancel), witness, note.Span)?.Checkpoint;

    /// <summary>Stops the log from being signed: a witness has seen what it contradicts.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="size">Of which two roots are claimed.</param>
    /// <param name="ours">What the database leads to; null when it does not lead that far.</param>
    /// <param name="theirs">What the witness has seen; null when it does not tell.</param>
    /// <param name="reason">What was found, as a sentence for the operator.</param>
    public async Task FreezeAsync(string tenantId, long size, LogHash? ours, LogHash? theirs, string reason) =>
        await frozen.FreezeAsync(await FindAsync(tenantId, CancellationToken.None), size, ours, theirs, reason);

    async ValueTask<TenantLog> FindAsync(string tenantId, CancellationToken cancel) =>
        await logs.FindAsync(tenantId, cancel) ?? throw new InvalidOperationException($"{tenantId} has no audit log");
}

/// <summary>Why a tree goes on from a smaller one.</summary>
/// <param name="FromRoot">The root of the smaller tree.</param>
/// <param name="Hashes">The proof (RFC 6962, 2.1.2).</param>
public sealed record ConsistencyProof(LogHash FromRoot, IReadOnlyList<LogHash> Hashes);
