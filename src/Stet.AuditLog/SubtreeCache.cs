namespace Stet.AuditLog;

/// <summary>
/// Roots of perfect subtrees of 256 leaves or more that proofs have shown to be right. Such a subtree never changes, so
/// with them a proof takes nothing but the tile of its leaf. Safe for any number of threads.
/// </summary>
/// <param name="capacity">How many roots are kept, some 100 bytes each; a log of a million leaves has 7,800.</param>
public sealed class SubtreeCache(int capacity)
{
    /// <summary>Height of the smallest subtree that is worth keeping: a hash of the second tile level.</summary>
    const int LeastHeight = Tile.Height;

    readonly Dictionary<(int Height, long Number), LogHash> roots = [];
    readonly Lock gate = new();

    internal bool TryGet(int height, long number, out LogHash root)
    {
        root = default;
        if (height < LeastHeight) return false;
        lock (gate) return roots.TryGetValue((height, number), out root);
    }

    internal void Add(int height, long number, LogHash root)
    {
        if (height < LeastHeight) return;
        lock (gate)
        {
            if (roots.Count >= capacity) roots.Clear(); // what is asked for is back soon
            roots[(height, number)] = root;
        }
    }
}
