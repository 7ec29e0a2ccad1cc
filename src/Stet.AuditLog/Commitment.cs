using System.Buffers;
using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>
/// What an entry says about the event's data: a salted hash. Who has data and salt can check it; without the salt
/// nobody can test a guess, and where the key of the salt is destroyed, nobody ever will.
/// </summary>
public static class Commitment
{
    /// <summary>Bytes of the key that salts are made with.</summary>
    public const int KeySize = 32;

    /// <summary>Bytes of a salt.</summary>
    public const int SaltSize = 32;

    const int BlockSize = 64;
    const int IdSize = 16;

    static ReadOnlySpan<byte> Prefix => "stet-commit/v1\0"u8;

    /// <summary>The salt of an event: HMAC-SHA256 of its id as 16 big-endian bytes.</summary>
    /// <param name="key">The log secret, or the key of the person the event is about: 32 bytes.</param>
    /// <param name="eventId">The event's id.</param>
    /// <param name="salt">Receives 32 bytes.</param>
    /// <exception cref="ArgumentException">The key has not 32 bytes, or the salt has no room.</exception>
    public static void WriteSalt(ReadOnlySpan<byte> key, Guid eventId, Span<byte> salt)
    {
        if (key.Length != KeySize) throw new ArgumentException($"The key has {KeySize} bytes.", nameof(key));

        if (salt.Length < SaltSize) throw new ArgumentException($"A salt takes {SaltSize} bytes.", nameof(salt));

        // HMAC (RFC 2104) of a key that is shorter than a block: H(K ^ opad, H(K ^ ipad, text)). The one-shot function of
        // the class library takes several times as long.
        Span<byte> inner = stackalloc byte[BlockSize + IdSize];
        Span<byte> outer = stackalloc byte[BlockSize + SaltSize];
        Pad(key, 0x36, inner);
        Pad(key, 0x5c, outer);
        eventId.TryWriteBytes(inner[BlockSize..], bigEndian: true, out _);
        Sha256.Hash(inner, outer[BlockSize..]);
        Sha256.Hash(outer, salt);
        CryptographicOperations.ZeroMemory(inner);
        CryptographicOperations.ZeroMemory(outer);
    }

    /// <summary>SHA-256 of <c>stet-commit/v1</c>, 0x00, the salt and the data.</summary>
    /// <param name="salt">32 bytes.</param>
    /// <param name="canonicalData">The stored data of the event as <see cref="CanonicalJson"/> writes it.</param>
    /// <exception cref="ArgumentException">The salt has not 32 bytes.</exception>
    public static LogHash Of(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> canonicalData)
    {
        if (salt.Length != SaltSize) throw new ArgumentException($"A salt has {SaltSize} bytes.", nameof(salt));

        var length = Prefix.Length + SaltSize + canonicalData.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        Prefix.CopyTo(buffer);
        salt.CopyTo(buffer.AsSpan(Prefix.Length));
        canonicalData.CopyTo(buffer.AsSpan(Prefix.Length + SaltSize));
        var commitment = LogHash.Of(buffer.AsSpan(0, length));

        ArrayPool<byte>.Shared.Return(buffer);
        return commitment;
    }

    static void Pad(ReadOnlySpan<byte> key, byte pad, Span<byte> block)
    {
        block[..BlockSize].Fill(pad);
        for (var i = 0; i < key.Length; i++) block[i] ^= key[i];
    }
}
