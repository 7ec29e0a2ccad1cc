using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Stet.EventStore;

namespace Stet.Policy.AuthZen;

/// <summary>Where a listing goes on: every page shows the log at one position and time. Opaque, and under a MAC.</summary>
/// <param name="AsOf">Position of the log that the listing shows.</param>
/// <param name="Now">The time that it is evaluated at, UTC, microseconds.</param>
/// <param name="Limit">Results of a page at most.</param>
/// <param name="Query">SHA-256 of the query, its first 16 bytes.</param>
/// <param name="After">The last candidate that was looked at.</param>
/// <param name="IsPast">Whether the listing is one of the past: it goes on there, and records nothing.</param>
sealed record PageToken(long AsOf, DateTimeOffset Now, int Limit, UInt128 Query, string After, bool IsPast)
{
    const byte Present = 1;
    const byte Past = 2;
    const int HeadLength = 1 + 8 + 8 + 4 + 16;
    const int MacLength = 16;
    const int MostCharacters = 4_096;

    public string Write(Tenant tenant)
    {
        var after = Encoding.UTF8.GetBytes(After);
        var bytes = new byte[HeadLength + after.Length + MacLength];
        bytes[0] = IsPast ? Past : Present;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), AsOf);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(9), Now.UtcTicks);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(17), Limit);
        BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(21), Query);
        after.CopyTo(bytes, HeadLength);
        Mac(tenant, bytes.AsSpan(..^MacLength), bytes.AsSpan(^MacLength..));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The token of a text; null when this service did not give it out to this tenant.</summary>
    public static PageToken? Read(Tenant tenant, string text)
    {
        if (text.Length > MostCharacters || !Base64Url.IsValid(text)) return null;

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < HeadLength + MacLength) return null;

        Span<byte> mac = stackalloc byte[MacLength];
        Mac(tenant, bytes.AsSpan(..^MacLength), mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes.AsSpan(^MacLength..)) || bytes[0] is not (Present or Past)) return null;

        return new PageToken(
            BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1)),
            new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(9)), TimeSpan.Zero),
            BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(17)), BinaryPrimitives.ReadUInt128BigEndian(bytes.AsSpan(21)),
            Encoding.UTF8.GetString(bytes.AsSpan(HeadLength..^MacLength)), bytes[0] == Past);
    }

    /// <summary>Under a key of its own, derived from the tenant's.</summary>
    static void Mac(Tenant tenant, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(tenant.StreamKey, "stet policy search page token"u8, key);
        HMACSHA256.HashData(key, message, whole);
        whole[..MacLength].CopyTo(mac);
    }
}
