using Stet.AuditLog;

namespace Stet.Audit.SelfCheck;

/// <summary>Gathers the roots of tiles and compares them with the full tiles above.</summary>
sealed class TileCheck
{
    /// <summary>What is gathered of the tile that is being filled: of level 1 first. Null: nobody knows the hash.</summary>
    readonly List<List<LogHash?>> levels = [];

    /// <summary>Passes the root of a full tile of level 0.</summary>
    /// <param name="root">Null when nobody knows it.</param>
    /// <param name="size">The log's size with the tile's last leaf.</param>
    /// <param name="page">Where <paramref name="size"/> lies.</param>
    /// <param name="findings">Gets what is found.</param>
    public void Add(LogHash? root, long size, SweepPage page, Findings findings)
    {
        for (var level = 1; ; level++)
        {
            if (levels.Count < level) levels.Add([]);
            var hashes = levels[level - 1];
            hashes.Add(root);
            if (hashes.Count < Tile.FullWidth) return;

            root = Compare(hashes, level, size, page, findings);
            hashes.Clear();
        }
    }

    public void Write(BinaryWriter state)
    {
        state.Write(levels.Count);
        Span<byte> bytes = stackalloc byte[LogHash.Size];
        foreach (var hashes in levels)
        {
            state.Write(hashes.Count);
            foreach (var hash in hashes)
            {
                state.Write(hash is not null);
                if (hash is null) continue;
                hash.Value.CopyTo(bytes);
                state.Write(bytes);
            }
        }
    }

    public static TileCheck Read(BinaryReader state)
    {
        var tiles = new TileCheck();
        var count = state.ReadInt32();
        for (var level = 0; level < count; level++)
        {
            var hashes = new List<LogHash?>();
            for (var left = state.ReadInt32(); left > 0; left--)
                hashes.Add(state.ReadBoolean() ? new LogHash(state.ReadBytes(LogHash.Size)) : null);
            tiles.levels.Add(hashes);
        }

        return tiles;
    }

    /// <summary>The root over what the tile should hold; null when that is unknown.</summary>
    static LogHash? Compare(List<LogHash?> hashes, int level, long size, SweepPage page, Findings findings)
    {
        var height = Tile.Height * level;
        var index = (size >> (height + Tile.Height)) - 1;
        var name = new Tile(level, index, Tile.FullWidth);
        var stored = page.TileAt(level, index);
        if (stored is null) findings.Add(PositionState.Missing, LogParts.Tile, size, tile: name);

        var whole = new LogHash[Tile.FullWidth];
        for (var slot = 0; slot < whole.Length; slot++)
        {
            if ((hashes[slot] ?? stored?.Hashes[slot]) is not { } hash) return null;

            // Hashes that lead to their root are believed: then it is below that something was rewritten.
            whole[slot] = stored is { IsProven: true } ? stored.Hashes[slot] : hash;
            if (stored is not null && stored.Hashes[slot] != hash)
                findings.Add(PositionState.Altered, LogParts.Tile, ((index << Tile.Height) + slot + 1) << height, tile: name);
        }

        var root = StoredTile.RootOf(whole);
        if (stored is not null && stored.Root != root) findings.Add(PositionState.Altered, LogParts.Tile, size, tile: name);
        return root;
    }
}
