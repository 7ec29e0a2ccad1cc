using System.Security.Cryptography;

namespace Stet.Pcs;

/// <summary>The identity of a document: SHA-256 of <c>merkle_root|epoch|shard_id</c>.</summary>
public static class PcsIdentity
{
    /// <summary>The identity as 64 lower-case hexadecimal digits.</summary>
    /// <param name="merkleRoot">The root as it stands in the document.</param>
    /// <param name="epoch">Written in decimal digits.</param>
    /// <param name="shardId">Any text, <c>|</c> included: root and epoch have none, so the parts stay apart.</param>
    public static string Of(string merkleRoot, long epoch, string shardId)
    {
        ArgumentNullException.ThrowIfNull(merkleRoot);
        ArgumentNullException.ThrowIfNull(shardId);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(merkleRoot, epoch, shardId, hash);
        return Convert.ToHexStringLower(hash);
    }

    internal static bool Is(string pcsId, string merkleRoot, long epoch, string shardId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<char> digits = stackalloc char[2 * SHA256.HashSizeInBytes];
        Hash(merkleRoot, epoch, shardId, hash);
        Convert.TryToHexStringLower(hash, digits, out _);
        return digits.SequenceEqual(pcsId);
    }

    static void Hash(string merkleRoot, long epoch, string shardId, Span<byte> hash)
    {
        var text = new TextBuffer(stackalloc byte[512]);
        text.Add(merkleRoot);
        text.Add((byte)'|');
        text.Add(epoch);
        text.Add((byte)'|');
        text.Add(shardId);
        SHA256.HashData(text.Written, hash);
        text.Dispose();
    }
}
