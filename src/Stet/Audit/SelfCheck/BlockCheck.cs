using Stet.AuditLog;

namespace Stet.Audit.SelfCheck;

/// <summary>
/// Says of up to 256 neighbouring positions, the width of a tile, what their leaf hashes were when they were written, and what
/// no longer agrees with that.
/// </summary>
/// <remarks>
/// A leaf's hash stands in three places: computed from the event, in the leaf's row, and in the tile once that is full. A tile
/// whose hashes lead to its root is believed, then two of the three; where neither helps, the guards and the head decide.
/// </remarks>
sealed class BlockCheck
{
    // All ways to decide this many doubtful positions are tried; with more of them, all at once.
    const int MostDoubtful = 8;

    readonly LogHash?[] truth = new LogHash?[Tile.FullWidth];
    readonly List<int> doubtful = [];

    /// <summary>The leaf hashes of the block; null where nobody knows.</summary>
    public ReadOnlySpan<LogHash?> Truth => truth;

    /// <summary>The root over a full block; null when a hash is unknown.</summary>
    public LogHash? Root { get; private set; }

    /// <summary>How many positions of the block are erased.</summary>
    public int Erased { get; private set; }

    /// <summary>Checks a block.</summary>
    /// <param name="page">The page that holds it.</param>
    /// <param name="first">Its first slot.</param>
    /// <param name="width">Its slots.</param>
    /// <param name="tree">Has passed all leaves before the block.</param>
    /// <param name="head">To decide doubts with; null when there is none to believe.</param>
    /// <param name="erasedKeys">Keys whose destruction is recorded.</param>
    /// <param name="findings">Gets what is found.</param>
    public void Check(
        SweepPage page, int first, int width, TreeCheck tree, Head? head, IReadOnlySet<string> erasedKeys, Findings findings)
    {
        var end = page.Start + first + width;
        var tile = width == Tile.FullWidth ? page.TileAt(0, (end >> Tile.Height) - 1) : null;
        Erased = 0;
        if (IsClean(page, first, width, tile))
        {
            for (var i = 0; i < width; i++) truth[i] = page.Computed[first + i];
            Root = tile?.Root;
            return;
        }

        doubtful.Clear();
        for (var i = 0; i < width; i++)
        {
            truth[i] = Choose(page, first + i, tile?.Hashes[i], tile is { IsProven: true }, out var isDoubtful);
            if (isDoubtful) doubtful.Add(i);
        }

        if (doubtful.Count > 0) Settle(page, first, width, tile, tree, head);
        for (var i = 0; i < width; i++) Report(page, first + i, truth[i], tile?.Hashes[i], doubtful.Contains(i), erasedKeys, findings);

        Root = null;
        if (width < Tile.FullWidth) return;

        Root = RootOf(truth);
        var name = new Tile(0, (end >> Tile.Height) - 1, Tile.FullWidth);
        if (tile is null) findings.Add(PositionState.Missing, LogParts.Tile, end, tile: name);
        else if (Root != tile.Root) findings.Add(PositionState.Altered, LogParts.Tile, end, tile: name);
    }

    static bool IsClean(SweepPage page, int first, int width, StoredTile? tile)
    {
        var computed = page.Computed.AsSpan(first, width);
        return !page.Slots.AsSpan(first, width).ContainsAnyExcept(Slot.Clean)
            && computed.SequenceEqual(page.Leaf.AsSpan(first, width))
            && (width < Tile.FullWidth || (tile is { IsProven: true } && computed.SequenceEqual(tile.Hashes)));
    }

    /// <summary>What the event leads to; with the stored commitment when the salt is gone.</summary>
    static LogHash? ComputedAt(SweepPage page, int slot)
    {
        var found = page.Slots[slot];
        if (found.HasFlag(Slot.HasComputed)) return page.Computed[slot];
        return found.HasFlag(Slot.SaltGone) ? WithStoredCommitAt(page, slot) : null;
    }

    static LogHash? WithStoredCommitAt(SweepPage page, int slot) =>
        page.Slots[slot].HasFlag(Slot.HasWithStoredCommit) ? page.WithStoredCommit[slot] : null;

    static LogHash? Choose(SweepPage page, int slot, LogHash? tiled, bool isTileProven, out bool isDoubtful)
    {
        isDoubtful = false;
        if (isTileProven) return tiled;

        LogHash? stored = page.Slots[slot].HasFlag(Slot.HasLeaf) ? page.Leaf[slot] : null;
        var computed = ComputedAt(page, slot);
        if (stored is null || computed is null) return stored ?? computed ?? tiled;
        if (stored == computed || stored == tiled) return stored;
        if (computed == tiled) return computed;

        // With changed data, envelope and commitment still lead to the stored hash.
        isDoubtful = WithStoredCommitAt(page, slot) != stored;
        return stored;
    }

    /// <summary>Decides doubtful positions, stored or computed, so that the tile's root, guards and the head come out.</summary>
    void Settle(SweepPage page, int first, int width, StoredTile? tile, TreeCheck tree, Head? head)
    {
        var (best, bestChoice) = (0, 0);
        var choices = doubtful.Count <= MostDoubtful ? 1 << doubtful.Count : 2;
        for (var choice = 0; choice < choices; choice++)
        {
            Take(choice);
            var matches = tree.Matches(truth.AsSpan(0, width), page.Guards, head);
            if (tile is not null && RootOf(truth) == tile.Root) matches++;
            if (matches > best) (best, bestChoice) = (matches, choice);
        }

        Take(bestChoice);
        if (best > 0) doubtful.Clear();

        void Take(int choice)
        {
            for (var k = 0; k < doubtful.Count; k++)
            {
                var isComputed = ((choice >> (doubtful.Count <= MostDoubtful ? k : 0)) & 1) == 1;
                var slot = first + doubtful[k];
                truth[doubtful[k]] = isComputed ? ComputedAt(page, slot) : page.Leaf[slot];
            }
        }
    }

    void Report(
        SweepPage page, int slot, LogHash? truthHere, LogHash? tiled, bool isDoubtful, IReadOnlySet<string> erasedKeys, Findings findings)
    {
        var position = page.Start + slot + 1;
        var found = page.Slots[slot];
        var missing = LogParts.None;
        if (!found.HasFlag(Slot.HasEvent)) missing |= LogParts.Event;
        if (!found.HasFlag(Slot.HasLeaf)) missing |= LogParts.Leaf;
        var altered = truthHere is { } hash ? Altered(page, slot, hash, tiled) : LogParts.None;
        if (isDoubtful) altered |= LogParts.Envelope | LogParts.Leaf;

        if (found.HasFlag(Slot.SaltGone))
        {
            var isErased = missing == LogParts.None && altered == LogParts.None
                && page.GoneKeys.TryGetValue(slot, out var keyId) && erasedKeys.Contains(keyId);
            if (isErased) Erased++;
            else missing |= LogParts.Salt;
        }

        findings.Add(PositionState.Missing, missing, position);
        findings.Add(PositionState.Altered, altered, position);
    }

    static LogParts Altered(SweepPage page, int slot, LogHash hash, LogHash? tiled)
    {
        var found = page.Slots[slot];
        var altered = LogParts.None;
        if (found.HasFlag(Slot.HasEvent) && ComputedAt(page, slot) != hash) altered |= OfEvent(page, slot, hash);
        else if (found.HasFlag(Slot.HasEvent | Slot.HasLeaf) && (found & (Slot.CommitAgrees | Slot.SaltGone)) == Slot.Empty) altered |= LogParts.Commit;
        if (found.HasFlag(Slot.HasLeaf) && page.Leaf[slot] != hash) altered |= LogParts.Leaf;
        if (tiled is not null && tiled != hash) altered |= LogParts.Tile;
        return altered;
    }

    /// <summary>Which parts of an event and its commitment keep it from leading to the hash.</summary>
    static LogParts OfEvent(SweepPage page, int slot, LogHash hash)
    {
        var found = page.Slots[slot];
        if (WithStoredCommitAt(page, slot) == hash) return LogParts.Data;
        if (found.HasFlag(Slot.SaltGone))
            return found.HasFlag(Slot.HasLeaf) ? LogParts.Envelope | LogParts.Commit : LogParts.None;
        if (!found.HasFlag(Slot.CommitAgrees)) return LogParts.Data | LogParts.Envelope;

        // The event agrees with its leaf's row, and both were changed, or the event alone.
        return ComputedAt(page, slot) == page.Leaf[slot] ? LogParts.Data | LogParts.Envelope | LogParts.Commit : LogParts.Envelope;
    }

    /// <summary>The root over a full block; null when a hash of it is unknown.</summary>
    static LogHash? RootOf(ReadOnlySpan<LogHash?> block)
    {
        var tree = new Peaks();
        foreach (var leaf in block)
        {
            if (leaf is not { } hash) return null;
            tree.Append(hash);
        }

        return tree.Root;
    }
}
