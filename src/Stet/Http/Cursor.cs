using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Stet.Http;

/// <summary>Where a list goes on, as an opaque text.</summary>
public static class Cursor
{
    public static string Of(long position)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, position);
        return Base64Url.EncodeToString(bytes);
    }

    public static string Of(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    /// <summary>Where a list goes on after a page; null when it does not.</summary>
    /// <param name="rows">The page, and one row more when there is one; that one is taken away.</param>
    /// <param name="limit">The most rows of the page.</param>
    /// <param name="of">The cursor after a row.</param>
    public static string? Next<T>(List<T> rows, int limit, Func<T, string> of)
    {
        if (rows.Count <= limit) return null;

        rows.RemoveAt(limit);
        return of(rows[^1]);
    }

    /// <exception cref="BadRequestException">The text is not a cursor.</exception>
    public static long? Read(string? text)
    {
        if (text is null) return null;
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        return TryDecode(text, bytes) ? BinaryPrimitives.ReadInt64BigEndian(bytes) : throw NotACursor();
    }

    /// <exception cref="BadRequestException">The text is not a cursor.</exception>
    public static Guid? ReadId(string? text)
    {
        if (text is null) return null;
        Span<byte> bytes = stackalloc byte[16];
        return TryDecode(text, bytes) ? new Guid(bytes, bigEndian: true) : throw NotACursor();
    }

    static bool TryDecode(string text, Span<byte> bytes) =>
        Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done && length == bytes.Length;

    static BadRequestException NotACursor() =>
        RequestQuery.Bad("cursor", "is not one that a page of this list ended with");
}
