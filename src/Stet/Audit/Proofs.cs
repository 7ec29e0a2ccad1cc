using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>Proof files (C2SP tlog-proof) of single events.</summary>
/// <param name="checkpoints">Sign what a proof ends in.</param>
/// <param name="reader">Reads what a proof is made of.</param>
/// <param name="cache">Keeps what later proofs are made of, too.</param>
sealed class Proofs(Checkpoints checkpoints, AuditReader reader, TileCache cache)
{
    /// <summary>The proof of an event against the newest checkpoint; one is made if none covers the event.</summary>
    /// <param name="log">The log.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="witnessed">Whether to prove against the newest checkpoint that a witness has cosigned.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The proof, or why there is none.</returns>
    /// <exception cref="AuditSigningRefusedException">The log is frozen, or the state file cannot be written.</exception>
    /// <exception cref="AuditAlteredException">The stored hashes do not lead to the root.</exception>
    public async Task<(EventProof? Proof, Problem? Problem)> OfEventAsync(
        TenantLog log, Guid eventId, bool witnessed, CancellationToken cancel)
    {
        var noted = checkpoints.Noted(log);
        var found = await reader.FindAsync(log.TenantId, eventId, witnessed, cancel);
        if (found.Position is not { } position) return (null, AuditProblems.EventUnknown);

        if (found.View.Newest is null || found.View.Newest.Size < position || !log.SignsAt(found.View.Newest.Size))
        {
            if (witnessed) return (null, AuditProblems.NotWitnessed);

            noted = await checkpoints.NewestAsync(log, position, cancel);
            found = await reader.FindAsync(log.TenantId, eventId, witnessed, cancel);
        }

        var signed = await checkpoints.SignStoredAsync(log, noted, found.View, cancel);
        if (witnessed && !signed.IsCosigned) return (null, AuditProblems.NotWitnessed);

        var peaks = Peaks.Read(signed.Size, found.View.Newest!.Peaks);
        var (leaf, hashes) = await InclusionAsync(log, position - 1, signed, peaks, cancel);
        return (new EventProof(position, leaf, signed, new TlogProof(position - 1, hashes, signed.Note)), null);
    }

    async ValueTask<(LogHash Leaf, LogHash[] Hashes)> InclusionAsync(
        TenantLog log, long index, SignedCheckpoint signed, Peaks peaks, CancellationToken cancel)
    {
        var leafTile = Tile.Holding(0, index, signed.Size);
        var leaves = leafTile.IsFull ? cache.Leaves(log, leafTile.Index) : null;
        var plan = ProofPlan.Inclusion(index, signed.Size, peaks, log.Subtrees, leaves);
        var tiles = new StoredTiles();
        if (leaves is null || plan.Tiles.Count > 0)
        {
            Tile[] needed = leaves is null ? [leafTile, .. plan.Tiles.Where(tile => tile != leafTile)] : [.. plan.Tiles];
            await reader.AddAsync(log.TenantId, needed, signed.Size, tiles, cancel);
            if (leaves is null && (leaves = tiles.Full(leafTile)) is not null)
                plan = ProofPlan.Inclusion(index, signed.Size, peaks, log.Subtrees, leaves);
        }

        var hashes = tiles.Make(plan);
        var leaf = leaves?.Leaf(index) ?? tiles.Leaf(index);
        if (!MerkleProof.VerifyInclusion(index, signed.Size, leaf, hashes, signed.Root)) throw new AuditAlteredException(index + 1);

        // The proof of one leaf has all others of its tile in its hashes: so the tile is right as a whole.
        plan.Keep(log.Subtrees, hashes);
        if (leaves is not null) cache.Keep(log, leaves);
        return (leaf, hashes);
    }
}

/// <summary>The proof of an event.</summary>
/// <param name="Position">Of the event.</param>
/// <param name="Leaf">The hash of its entry.</param>
/// <param name="Checkpoint">What the proof ends in.</param>
/// <param name="Proof">The proof file.</param>
sealed record EventProof(long Position, LogHash Leaf, SignedCheckpoint Checkpoint, TlogProof Proof);
