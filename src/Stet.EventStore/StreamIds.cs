using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Stet.EventStore;

/// <summary>Deterministic stream ids that tell an outsider nothing about what they name.</summary>
public static class StreamIds
{
    /// <summary>
    /// The version-8 UUID (RFC 9562) of a natural key: the first 16 bytes of HMAC-SHA256 under the tenant's key over
    /// the length-prefixed parts.
    /// </summary>
    /// <param name="key">The tenant's stream key, 32 bytes.</param>
    /// <param name="parts">The context, then the natural key, any text.</param>
    public static Guid Of(ReadOnlySpan<byte> key, params ReadOnlySpan<string> parts)
    {
        var size = 0;
        foreach (var part in parts) size += sizeof(int) + Encoding.UTF8.GetMaxByteCount(part.Length);

        Span<byte> message = size <= 2048 ? stackalloc byte[size] : new byte[size];
        var length = 0;
        foreach (var part in parts)
        {
            var written = Encoding.UTF8.GetBytes(part, message[(length + sizeof(int))..]);
            BinaryPrimitives.WriteInt32BigEndian(message[length..], written);
            length += sizeof(int) + written;
        }

        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..length], mac);
        mac[6] = (byte)((mac[6] & 0x0F) | 0x80);
        mac[8] = (byte)((mac[8] & 0x3F) | 0x80);
        return new Guid(mac[..16], bigEndian: true);
    }
}
