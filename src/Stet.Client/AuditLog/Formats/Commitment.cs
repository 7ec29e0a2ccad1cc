using System.Security.Cryptography;

namespace Stet.Client.AuditLog.Formats;

/// <summary>What an entry says about its payload: SHA-256 over a label, a salt and the canonical payload.</summary>
static class Commitment
{
    public const int SaltSize = 32;

    static ReadOnlySpan<byte> Label => "stet-commit/v1\0"u8;

    /// <param name="salt">Made for this payload alone.</param>
    /// <param name="canonicalData">The payload.</param>
    /// <param name="scratch">A buffer to use again; its content is lost.</param>
    /// <param name="commit">Gets the commitment.</param>
    public static void Compute(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> canonicalData, ByteList scratch, Span<byte> commit)
    {
        scratch.Truncate(0);
        scratch.Add(Label);
        scratch.Add(salt);
        scratch.Add(canonicalData);
        SHA256.HashData(scratch.Span, commit);
    }
}
