using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Stet.Client.AuditLog.Formats;

/// <summary>Names a tile or entry bundle below a log's prefix (C2SP tlog-tiles).</summary>
/// <param name="Level">0 to 63; null for an entry bundle.</param>
/// <param name="Index">From 0, counted in full tiles.</param>
/// <param name="Width">Hashes or entries in it: 1 to 255 for a partial one, 256 for a full one.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct TilePath(int? Level, long Index, int Width)
{
    public const int FullWidth = 256;

    const int MaxLevel = 63;

    public static TilePath Hashes(int level, long index, int width = FullWidth) => new(level, index, width);

    public static TilePath Entries(long index, int width = FullWidth) => new(null, index, width);

    public bool IsFull => Width == FullWidth;

    public TilePath Full => this with { Width = FullWidth };

    /// <summary>Reads exactly what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string path, [NotNullWhen(true)] out TilePath? tile)
    {
        tile = null;
        if (path.Split('/') is not ["tile", var kind, .. var groups] || groups.Length == 0) return false;

        int? level = null;
        if (kind != "entries")
        {
            if (!TryNumber(kind, out var number) || number > MaxLevel) return false;
            level = (int)number;
        }

        var width = (long)FullWidth;
        var digits = string.Concat(groups).Replace("x", "", StringComparison.Ordinal);
        if (groups.Length > 1 && groups[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!TryNumber(groups[^1], out width) || width is 0 or >= FullWidth) return false;
            digits = string.Concat(groups[..^1]).Replace("x", "", StringComparison.Ordinal)[..^2];
        }

        if (!TryNumber(digits.TrimStart('0') is { Length: > 0 } significant ? significant : "0", out var index)) return false;

        var read = new TilePath(level, index, (int)width);
        if (read.ToString() != path) return false;

        tile = read;
        return true;
    }

    public override string ToString()
    {
        var groups = $"{Index % 1000:000}";
        for (var rest = Index / 1000; rest > 0; rest /= 1000) groups = $"x{rest % 1000:000}/{groups}";
        return $"tile/{Level?.ToString() ?? "entries"}/{groups}{(IsFull ? "" : $".p/{Width}")}";
    }

    static bool TryNumber(string text, out long number) => Strict.TryDecimal(Encoding.UTF8.GetBytes(text), out number);
}
