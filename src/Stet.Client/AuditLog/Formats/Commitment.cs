using System.Security.Cryptography;

namespace Stet.Client.AuditLog.Formats;

/// <summary>What an entry says about its payload: SHA-256 over a label, a salt and the canonical payload.</summary>
static class Commitment
{
    public const int SaltSize = 32;

    static ReadOnlySpan<byte> Label => "stet-commit/v1\0"u8;

    public static void Compute(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> canonicalData, Span<byte> commit)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(Label);
        sha256.AppendData(salt);
        sha256.AppendData(canonicalData);
        sha256.GetHashAndReset(commit);
    }
}
