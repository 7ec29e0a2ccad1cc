using System.Runtime.CompilerServices;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Reads all tiles and bundles of a tree and recomputes it from the entries.</summary>
/// <param name="source">Of the bundles and the tiles of level 0.</param>
/// <param name="tree">Everything above them.</param>
/// <param name="commitments">Receives what the entries commit to; null when nobody asks.</param>
/// <param name="progress">Told how many entries were verified so far.</param>
sealed class ContentVerification(AuditLogSource source, AuthenticatedTree tree, Commitments? commitments, IProgress<long>? progress)
{
    readonly Lock failing = new();
    (long Index, AuditException Exception)? first;
    long verified;

    /// <summary>Entries verified.</summary>
    public long Verified => verified;

    /// <param name="known">Entries at the front of the tree that were verified before.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="AuditException">For the first entry, in the order of the log, at which something is wrong.</exception>
    public async Task RunAsync(long known, CancellationToken cancel)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = source.Parallelism, CancellationToken = cancel };
        try
        {
            await Parallel.ForEachAsync(FullTilesAsync(known / TilePath.FullWidth, cancel), parallel, VerifyFullAsync);
        }
        catch (AuditException e)
        {
            // Of a tile above, met while those before it were still being read.
            throw first?.Exception ?? e;
        }

        if (first is { } found) throw found.Exception;
        if (!tree.LastLeaves.IsEmpty) await VerifyLastAsync(cancel);
    }

    /// <summary>Tiles are handed out in order, so that whatever comes before the first bad one gets its turn.</summary>
    async IAsyncEnumerable<(long Index, ReadOnlyMemory<byte> Root)> FullTilesAsync(
        long from, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var tile in tree.FullTilesAsync(from, cancel))
        {
            lock (failing)
            {
                if (first is not null) yield break;
            }

            yield return tile;
        }
    }

    async ValueTask VerifyFullAsync((long Index, ReadOnlyMemory<byte> Root) tile, CancellationToken cancel)
    {
        try
        {
            var path = TilePath.Hashes(0, tile.Index);
            using var hashes = await source.ReadTileAsync(path, cancel);
            AuthenticatedTree.RequireRoot(path, hashes.Span, tile.Root.Span);

            var (bundle, _) = await source.ReadBundleAsync(TilePath.Entries(tile.Index), cancel);
            using (bundle) VerifyBundle(TilePath.Entries(tile.Index), bundle.Span, hashes.Span, mayHaveMore: false);
        }
        catch (AuditException e)
        {
            lock (failing)
            {
                if (first is null || tile.Index < first.Value.Index) first = (tile.Index, e);
            }
        }
    }

    async Task VerifyLastAsync(CancellationToken cancel)
    {
        var hashes = tree.LastLeaves;
        var path = TilePath.Entries(tree.Size / TilePath.FullWidth, hashes.Length / Merkle.HashSize);
        var (bundle, found) = await source.ReadBundleAsync(path, cancel);
        using (bundle) VerifyBundle(path, bundle.Span, hashes.Span, mayHaveMore: found.IsFull);
    }

    /// <param name="path">Of the bundle.</param>
    /// <param name="bytes">Of the bundle; overwritten.</param>
    /// <param name="hashes">The authenticated leaf hashes that its entries must have.</param>
    /// <param name="mayHaveMore">Whether it stands in for a narrower one.</param>
    void VerifyBundle(TilePath path, Span<byte> bytes, ReadOnlySpan<byte> hashes, bool mayHaveMore)
    {
        if (!EntryBundle.IsWellFramed(bytes, path.Width, mayHaveMore))
            throw AuditException.Malformed($"`{path}` is not {path.Width} entries, each after its length.");

        var entries = new EntryBundle(bytes);
        var commits = commitments?.Block(path.Index);
        Span<byte> hash = stackalloc byte[Merkle.HashSize];
        for (var i = 0; i < path.Width; i++)
        {
            var position = (path.Index * TilePath.FullWidth) + i + 1;
            entries.MoveNext();
            entries.HashLeaf(hash);
            if (!hash.SequenceEqual(Merkle.At(hashes, i)))
                throw AuditException.Refuted($"The entry at position {position}, in `{path}`, is not the one that the tree holds.");

            if (!AuditEntry.TryParse(entries.Entry, out var entry, out var problem))
                throw AuditException.Refuted($"The entry at position {position}, in `{path}`, {problem}.");

            if (commits is null) continue;

            Commitments.Put(commits, i, entry);
            if (entry.IsErasure) commitments!.AddErasure(position);
        }

        var sum = Interlocked.Add(ref verified, path.Width);
        progress?.Report(sum);
    }
}
