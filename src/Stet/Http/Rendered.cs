using System.Security.Cryptography;

namespace Stet.Http;

/// <summary>The body of a read's answer, with the position of the log that it reflects.</summary>
public sealed class Rendered(ReadOnlyMemory<byte> body, string contentType, long position, string cacheControl = "private, no-cache")
{
    public ReadOnlyMemory<byte> Body { get; } = body;

    public string ContentType { get; } = contentType;

    public long Position { get; } = position;

    public string CacheControl { get; } = cacheControl;

    /// <summary>A strong tag: half of the body's SHA-256, in hex.</summary>
    public string ETag { get; } = ETagOf(body.Span);

    internal static string ETagOf(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return $"\"{Convert.ToHexStringLower(hash[..16])}\"";
    }
}
