using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Stet.Pcs;

/// <summary>UTF-8 text that grows out of room on the stack into a rented array, for the time of one call.</summary>
ref struct TextBuffer(Span<byte> room)
{
    Span<byte> bytes = room;
    byte[]? rented;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => bytes[..Length];

    public void Add(byte character)
    {
        if (Length == bytes.Length) Grow(1);
        bytes[Length++] = character;
    }

    public void Add(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(Free(text.Length));
        Length += text.Length;
    }

    /// <summary>In decimal digits.</summary>
    public void Add(long number)
    {
        number.TryFormat(Free(20), out var written, provider: CultureInfo.InvariantCulture);
        Length += written;
    }

    /// <summary>Characters that need no escape.</summary>
    public void Add(scoped ReadOnlySpan<char> text) =>
        Length += Encoding.UTF8.GetBytes(text, Free(Encoding.UTF8.GetMaxByteCount(text.Length)));

    public void AddZeros(int count)
    {
        Free(count)[..count].Fill((byte)'0');
        Length += count;
    }

    public void Dispose()
    {
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        this = default;
    }

    public byte[] ToArrayAndDispose()
    {
        var copy = Written.ToArray();
        Dispose();
        return copy;
    }

    /// <summary>SHA-256 in lower-case hexadecimal digits.</summary>
    public string HashAndDispose()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Written, hash);
        Dispose();
        return Convert.ToHexStringLower(hash);
    }

    Span<byte> Free(int length)
    {
        if (bytes.Length - Length < length) Grow(length);
        return bytes[Length..];
    }

    void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + length), 2 * bytes.Length));
        Written.CopyTo(larger);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        bytes = rented = larger;
    }
}
