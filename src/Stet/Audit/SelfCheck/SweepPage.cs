using System.Runtime.InteropServices;
using Stet.AuditLog;

namespace Stet.Audit.SelfCheck;

/// <summary>What was found at a position, and what came of it.</summary>
[Flags]
enum Slot : byte
{
    Empty = 0,
    HasLeaf = 1,
    HasEvent = 1 << 1,

    /// <summary>Event data and salt lead to a commitment, and this with the envelope to <see cref="SweepPage.Computed"/>.</summary>
    HasComputed = 1 << 2,

    /// <summary>The envelope with the leaf row's commitment leads to <see cref="SweepPage.WithStoredCommit"/>.</summary>
    HasWithStoredCommit = 1 << 3,

    /// <summary>Event data and salt lead to the leaf row's commitment.</summary>
    CommitAgrees = 1 << 4,

    /// <summary>The key of the salt is not there.</summary>
    SaltGone = 1 << 5,

    Clean = HasLeaf | HasEvent | HasComputed | CommitAgrees,
}

/// <summary>A full tile as it is stored.</summary>
sealed record StoredTile(LogHash Root, LogHash[] Hashes)
{
    /// <summary>Whether the hashes lead to the root.</summary>
    public bool IsProven { get; } = RootOf(Hashes) == Root;

    /// <summary>The root over the hashes of a full tile.</summary>
    public static LogHash RootOf(ReadOnlySpan<LogHash> hashes)
    {
        var tree = new Peaks();
        tree.Append(hashes);
        return tree.Root;
    }

    /// <summary>Takes columns as they are: what has a wrong length becomes hashes that agree with nothing.</summary>
    public static StoredTile Read(byte[] root, byte[] hashes) => new(
        HashOf(root),
        hashes.Length == Tile.FullWidth * LogHash.Size
            ? MemoryMarshal.Cast<byte, LogHash>(hashes).ToArray()
            : new LogHash[Tile.FullWidth]);

    public static LogHash HashOf(byte[] stored) => stored.Length == LogHash.Size ? new LogHash(stored) : default;
}

/// <summary>A size that was reserved for signing, as it is stored.</summary>
sealed record StoredGuard(long Size, LogHash Root, byte[] Peaks);

/// <summary>A stretch of a log as it is stored, with what its events lead to. Used again for the next stretch.</summary>
/// <param name="capacity">How many positions fit; a multiple of 256, so that tiles are whole.</param>
sealed class SweepPage(int capacity)
{
    public int Capacity { get; } = capacity;

    /// <summary>The size before the page: its first position is the next one.</summary>
    public long Start { get; private set; }

    /// <summary>How many positions it has.</summary>
    public int Count { get; private set; }

    public long End => Start + Count;

    public Slot[] Slots { get; } = new Slot[capacity];

    /// <summary>Hashes in the leaf rows.</summary>
    public LogHash[] Leaf { get; } = new LogHash[capacity];

    /// <summary>Commitments in the leaf rows.</summary>
    public LogHash[] Commit { get; } = new LogHash[capacity];

    /// <summary>Leaf hashes that the event rows alone lead to.</summary>
    public LogHash[] Computed { get; } = new LogHash[capacity];

    /// <summary>Leaf hashes that envelope and stored commitment lead to; where it is not the same.</summary>
    public LogHash[] WithStoredCommit { get; } = new LogHash[capacity];

    /// <summary>By slot: the destroyed keys that event headers name.</summary>
    public Dictionary<int, string> GoneKeys { get; } = [];

    /// <summary>The full tiles, of all levels, whose last leaf is in the page.</summary>
    public Dictionary<(int Level, long Index), StoredTile> Tiles { get; } = [];

    /// <summary>The guards of sizes after <see cref="Start"/>, ascending; in the first page that of size 0, too.</summary>
    public List<StoredGuard> Guards { get; } = [];

    public void Begin(long start, long end)
    {
        (Start, Count) = (start, (int)Math.Min(Capacity, end - start));
        Slots.AsSpan().Clear();
        GoneKeys.Clear();
        Tiles.Clear();
        Guards.Clear();
    }

    public StoredTile? TileAt(int level, long index) => Tiles.GetValueOrDefault((level, index));
}
