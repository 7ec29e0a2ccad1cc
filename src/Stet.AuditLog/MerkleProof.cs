using System.Numerics;

namespace Stet.AuditLog;

/// <summary>
/// Checks proofs that somebody else made (RFC 6962, 2.1; the algorithms are those of RFC 9162, 2.1.3.2 and 2.1.4.2).
/// </summary>
public static class MerkleProof
{
    /// <summary>The most hashes that a proof has in a tree of up to 2^63 - 1 leaves.</summary>
    public const int MaxHashes = 63;

    /// <summary>Whether a leaf is at an index of the tree that has this root.</summary>
    /// <param name="index">Of the leaf, from 0.</param>
    /// <param name="size">How many leaves the tree has. A proof vouches for the root, not for this number.</param>
    /// <param name="leaf">The hash of the leaf.</param>
    /// <param name="proof">The hashes beside the path, from the leaf's sibling up.</param>
    /// <param name="root">The root of the tree.</param>
    /// <returns>False as well for an index or size that is none, and for a hash too few or too many.</returns>
    public static bool VerifyInclusion(
        long index, long size, LogHash leaf, ReadOnlySpan<LogHash> proof, LogHash root)
    {
        if (index < 0 || index >= size) return false;

        var (node, last, hash) = (index, size - 1, leaf);
        foreach (var sibling in proof)
        {
            if (last == 0) return false;

            if (IsRightOrLast(node, last))
            {
                hash = LogHash.Node(sibling, hash);
                SkipMissingSiblings(ref node, ref last);
            }
            else
            {
                hash = LogHash.Node(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && hash == root;
    }

    /// <summary>Whether the smaller tree is what the larger one began as.</summary>
    /// <param name="oldSize">
    /// How many leaves the smaller tree has, 1 or more: that every tree goes on from an empty one needs no proof.
    /// </param>
    /// <param name="newSize">How many leaves the larger tree has; if as many, the roots must be the same.</param>
    /// <param name="oldRoot">The root of the smaller tree.</param>
    /// <param name="newRoot">The root of the larger tree.</param>
    /// <param name="proof">The hashes of the proof; none for the same size.</param>
    /// <returns>False as well for sizes that are none, and for a hash too few or too many.</returns>
    public static bool VerifyConsistency(
        long oldSize, long newSize, LogHash oldRoot, LogHash newRoot, ReadOnlySpan<LogHash> proof)
    {
        if (oldSize < 1 || oldSize > newSize) return false;
        if (oldSize == newSize) return proof.IsEmpty && oldRoot == newRoot;
        if (proof.IsEmpty) return false;

        // A perfect old tree is itself the first hash, and therefore left out of the proof.
        var isPerfect = BitOperations.IsPow2(oldSize);
        var first = isPerfect ? oldRoot : proof[0];
        var rest = isPerfect ? proof : proof[1..];

        var (node, last) = (oldSize - 1, newSize - 1);
        while ((node & 1) == 1)
        {
            node >>= 1;
            last >>= 1;
        }

        var (oldHash, newHash) = (first, first);
        foreach (var sibling in rest)
        {
            if (last == 0) return false;

            if (IsRightOrLast(node, last))
            {
                oldHash = LogHash.Node(sibling, oldHash);
                newHash = LogHash.Node(sibling, newHash);
                SkipMissingSiblings(ref node, ref last);
            }
            else
            {
                newHash = LogHash.Node(newHash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && oldHash == oldRoot && newHash == newRoot;
    }

    static bool IsRightOrLast(long node, long last) => (node & 1) == 1 || node == last;

    /// <summary>A last node without a sibling stands for its parents, up to where it is a right child.</summary>
    static void SkipMissingSiblings(ref long node, ref long last)
    {
        while ((node & 1) == 0 && node != 0)
        {
            node >>= 1;
            last >>= 1;
        }
    }
}
