using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>Proof files (C2SP tlog-proof) of single events.</summary>
/// <param name="checkpoints">Sign what a proof ends in.</param>
/// <param name="reader">Reads what a proof is made of.</param>
public sealed class Proofs(Checkpoints checkpoints, AuditReader reader)
{
    /// <summary>The proof of an event against the newest checkpoint; one is made if none covers the event.</summary>
    /// <param name="log">The log.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="witnessed">Whether to prove against the newest checkpoint that a witness has cosigned.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The proof, or why there is none.</returns>
    /// <exception cref="AuditSigningRefusedException">The log is frozen, or the state file cannot be written.</exception>
    /// <exception cref="AuditAlteredException">The stored hashes do not lead to the root.</exception>
    internal async Task<(EventProof? Proof, Problem? Problem)> OfEventAsync(
        TenantLog log, Guid eventId, bool witnessed, CancellationToken cancel)
    {
        var noted = checkpoints.Noted(log);
        var view = await reader.ViewAsync(log.TenantId, eventId, [], witnessed, cancel);
        if (view.EventPosition is not { } position) return (null, AuditProblems.EventUnknown);

        if (view.Newest is null || view.Newest.Size < position)
        {
            if (witnessed) return (null, AuditProblems.NotWitnessed);

            noted = await checkpoints.NewestAsync(log, position, cancel);
            view = await reader.ViewAsync(log.TenantId, eventId, [], witnessed, cancel);
        }

        var signed = await checkpoints.SignStoredAsync(log, noted, view, cancel);
        var plan = ProofPlan.Inclusion(position - 1, signed.Size, Peaks.Read(signed.Size, view.Newest!.Peaks), log.Subtrees);
        Tile[] above = [.. plan.Tiles.Where(tile => tile.Level > 0)];
        if (above.Length > 0) await reader.AddAsync(log.TenantId, above, signed.Size, view.Tiles, cancel);

        var hashes = view.Tiles.Make(plan);
        var leaf = view.Tiles.Leaf(position - 1);
        if (!MerkleProof.VerifyInclusion(position - 1, signed.Size, leaf, hashes, signed.Root)) throw new AuditAlteredException(position);

        plan.Keep(log.Subtrees, hashes);
        return (new EventProof(position, leaf, signed, new TlogProof(position - 1, hashes, signed.Note)), null);
    }
}

/// <summary>The proof of an event.</summary>
/// <param name="Position">Of the event.</param>
/// <param name="Leaf">The hash of its entry.</param>
/// <param name="Checkpoint">What the proof ends in.</param>
/// <param name="Proof">The proof file.</param>
sealed record EventProof(long Position, LogHash Leaf, SignedCheckpoint Checkpoint, TlogProof Proof);
