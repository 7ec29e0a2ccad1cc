using System.Security.Cryptography;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Verification of the proofs of RFC 6962 as RFC 9162 spells it out. A hash has 32 bytes.</summary>
public static class MerkleProof
{
    /// <summary>Whether a leaf is the one at an index of the tree with this root (RFC 9162, 2.1.3.2).</summary>
    /// <param name="index">Of the leaf, from 0: its position in the log minus 1.</param>
    /// <param name="size">Leaves of the tree.</param>
    /// <param name="leafHash">Of the entry.</param>
    /// <param name="root">Of the tree, from a signed checkpoint.</param>
    /// <param name="proof">Siblings, the nearest first. One too few or too many fails, as any of another length.</param>
    public static bool VerifyInclusion(
        long index, long size, ReadOnlySpan<byte> leafHash, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size || !AreHashes(leafHash, root, proof)) return false;

        var (fn, sn) = (index, size - 1);
        Span<byte> r = stackalloc byte[Merkle.HashSize];
        leafHash.CopyTo(r);
        foreach (var p in proof)
        {
            if (sn == 0) return false;

            if (IsRightOrLast(fn, sn))
            {
                Merkle.Node(p, r, r);
                SkipToParentWithSibling(ref fn, ref sn);
            }
            else
            {
                Merkle.Node(r, p, r);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && r.SequenceEqual(root);
    }

    /// <summary>Whether one tree begins with all the leaves of another (RFC 9162, 2.1.4.2).</summary>
    /// <param name="oldSize">Leaves of the smaller tree, at least 1: the empty tree needs no proof.</param>
    /// <param name="newSize">Leaves of the larger tree; of the same size take no hashes and the same root.</param>
    /// <param name="oldRoot">From a signed checkpoint.</param>
    /// <param name="newRoot">From a signed checkpoint.</param>
    /// <param name="proof">In the order of RFC 6962, 2.1.2. One too few or too many fails.</param>
    public static bool VerifyConsistency(
        long oldSize, long newSize, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot, IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (oldSize < 1 || oldSize > newSize || !AreHashes(oldRoot, newRoot, proof)) return false;
        if (oldSize == newSize) return proof.Count == 0 && oldRoot.SequenceEqual(newRoot);

        // A whole power of two is a node of the new tree: the proof leaves it out.
        var isNode = long.IsPow2(oldSize);
        if (!isNode && proof.Count == 0) return false;

        var (fn, sn) = (oldSize - 1, newSize - 1);
        while ((fn & 1) == 1) (fn, sn) = (fn >> 1, sn >> 1);

        Span<byte> fr = stackalloc byte[Merkle.HashSize];
        Span<byte> sr = stackalloc byte[Merkle.HashSize];
        var first = isNode ? oldRoot : proof[0];
        first.CopyTo(fr);
        first.CopyTo(sr);
        for (var i = isNode ? 0 : 1; i < proof.Count; i++)
        {
            if (sn == 0) return false;

            if (IsRightOrLast(fn, sn))
            {
                Merkle.Node(proof[i], fr, fr);
                Merkle.Node(proof[i], sr, sr);
                SkipToParentWithSibling(ref fn, ref sn);
            }
            else
            {
                Merkle.Node(sr, proof[i], sr);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && fr.SequenceEqual(oldRoot) && sr.SequenceEqual(newRoot);
    }

    /// <summary>The leaf hash of an entry: SHA-256 of a zero byte and the entry (RFC 6962, 2.1).</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry) => Merkle.Leaf(entry);

    static bool IsRightOrLast(long fn, long sn) => (fn & 1) == 1 || fn == sn;

    static void SkipToParentWithSibling(ref long fn, ref long sn)
    {
        while ((fn & 1) == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
    }

    static bool AreHashes(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, IReadOnlyList<byte[]> proof)
    {
        foreach (var hash in proof)
            if (hash.Length != SHA256.HashSizeInBytes) return false;

        return first.Length == SHA256.HashSizeInBytes && second.Length == SHA256.HashSizeInBytes;
    }
}
