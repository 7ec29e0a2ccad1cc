using System.Globalization;
using System.Runtime.InteropServices;

namespace Stet.AuditLog;

/// <summary>
/// One of the resources a log is served as (C2SP tlog-tiles): up to 256 neighbouring hashes of one level of the tree,
/// or the entries under one such tile of level 0.
/// </summary>
/// <param name="Level">
/// 0 to 63: hash s of tile N is the root of the leaves from (256 N + s) · 256^Level, 256^Level of them.
/// <see cref="EntriesLevel"/> for a bundle of entries.
/// </param>
/// <param name="Index">Which tile of the level, from 0.</param>
/// <param name="Width">
/// How many hashes or entries: 256, or 1 to 255 in a partial tile, which is a prefix of every wider one.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Tile(int Level, long Index, int Width)
{
    /// <summary>Levels of the tree that one level of tiles spans.</summary>
    public const int Height = 8;

    /// <summary>Hashes of a full tile: two to the power of <see cref="Height"/>.</summary>
    public const int FullWidth = 1 << Height;

    /// <summary>The level that stands for bundles of entries.</summary>
    public const int EntriesLevel = -1;

    const int HighestLevel = 63;

    /// <summary>Whether it holds entries instead of hashes.</summary>
    public bool IsEntries => Level == EntriesLevel;

    /// <summary>Whether it holds all it will ever hold.</summary>
    public bool IsFull => Width == FullWidth;

    /// <summary>
    /// Where it is served, below the log's prefix: <c>tile/0/x001/x234/067</c>, <c>tile/entries/000.p/5</c>.
    /// </summary>
    public string Path
    {
        get
        {
            var level = IsEntries ? "entries" : Level.ToString(CultureInfo.InvariantCulture);
            var index = (Index % 1000).ToString("D3", CultureInfo.InvariantCulture);
            for (var rest = Index / 1000; rest > 0; rest /= 1000)
                index = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:D3}/{index}");

            return IsFull ? $"tile/{level}/{index}" : $"tile/{level}/{index}.p/{Width}";
        }
    }

    /// <summary>Reads a path as <see cref="Path"/> writes it, in that one spelling only.</summary>
    /// <param name="path">Without the log's prefix and a slash in front.</param>
    /// <param name="tile">The tile, which need not exist in any log.</param>
    /// <returns>Whether the path names a tile.</returns>
    public static bool TryParse(ReadOnlySpan<char> path, out Tile tile)
    {
        tile = default;
        if (!TryTake(ref path, "tile/")) return false;

        var slash = path.IndexOf('/');
        if (slash < 0) return false;

        int level;
        if (path[..slash].SequenceEqual("entries")) level = EntriesLevel;
        else if (!TryNumber(path[..slash], HighestLevel, out level)) return false;
        path = path[(slash + 1)..];

        if (!TryTakeIndex(ref path, out var index)) return false;

        var width = FullWidth;
        if (TryTake(ref path, ".p/"))
        {
            if (!TryNumber(path, FullWidth - 1, out width) || width == 0) return false;
        }
        else if (!path.IsEmpty)
        {
            return false;
        }

        tile = new Tile(level, index, width);
        return true;
    }

    /// <summary>How many hashes a tree has on a level of tiles, or how many entries.</summary>
    /// <param name="level">The level.</param>
    /// <param name="size">How many leaves the tree has.</param>
    public static long CountAt(int level, long size)
    {
        var shift = Height * Math.Max(level, 0);
        return shift < 64 ? size >> shift : 0;
    }

    /// <summary>The tile that holds a hash or entry, as wide as the size of the tree implies.</summary>
    /// <param name="level">The level.</param>
    /// <param name="position">Which hash of the level, below <see cref="CountAt"/>.</param>
    /// <param name="size">How many leaves the tree has.</param>
    public static Tile Holding(int level, long position, long size)
    {
        var index = position >> Height;
        return new Tile(level, index, (int)Math.Min(FullWidth, CountAt(level, size) - (index << Height)));
    }

    /// <summary>
    /// The tiles of a tree, each as wide as the size implies: level by level from the leaves' up, then the bundles.
    /// </summary>
    /// <param name="size">How many leaves the tree has.</param>
    public static IEnumerable<Tile> Of(long size)
    {
        var levels = Enumerable.Range(0, HighestLevel + 1).TakeWhile(level => CountAt(level, size) > 0);
        foreach (var level in levels.Append(EntriesLevel))
        {
            var count = CountAt(level, size);
            for (var position = 0L; position < count; position += FullWidth)
                yield return Holding(level, position, size);
        }
    }

    /// <summary>Whether a tree of that size has all of its hashes or entries.</summary>
    /// <param name="size">How many leaves the tree has.</param>
    public bool IsWithin(long size)
    {
        var spare = CountAt(Level, size) - Width;
        return spare >= 0 && Index <= spare >> Height;
    }

    /// <summary>Groups of three digits, all but the last one with an x in front and a slash behind.</summary>
    static bool TryTakeIndex(ref ReadOnlySpan<char> path, out long index)
    {
        index = 0;
        for (var first = true; ; first = false)
        {
            var isLast = !TryTake(ref path, "x");
            if (path.Length < 3 || path[..3].ContainsAnyExceptInRange('0', '9')) return false;

            var group = int.Parse(path[..3], NumberStyles.None, CultureInfo.InvariantCulture);
            var isSuperfluous = first && !isLast && group == 0;
            if (isSuperfluous || index > (long.MaxValue - group) / 1000) return false;

            index = (index * 1000) + group;
            path = path[3..];

            if (isLast) return true;
            if (!TryTake(ref path, "/")) return false;
        }
    }

    static bool TryNumber(ReadOnlySpan<char> digits, int most, out int number)
    {
        number = 0;
        return digits.Length is > 0 and <= 3 && !digits.ContainsAnyExceptInRange('0', '9') &&
            (digits[0] != '0' || digits.Length == 1) &&
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;
    }

    static bool TryTake(ref ReadOnlySpan<char> path, ReadOnlySpan<char> prefix)
    {
        if (!path.StartsWith(prefix, StringComparison.Ordinal)) return false;

        path = path[prefix.Length..];
        return true;
    }
}
