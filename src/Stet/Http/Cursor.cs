using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Stet.Http;

/// <summary>Where a list goes on, as an opaque text that is good for that list alone.</summary>
/// <param name="list">Names the list.</param>
public sealed class Cursor(string list)
{
    const int TagSize = 4;

    public string Of(long position)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, position);
        return Of(bytes);
    }

    public string Of(Guid id) => Of(id.ToByteArray(bigEndian: true));

    public string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public string Of(ReadOnlySpan<byte> place) => Base64Url.EncodeToString([.. Tag(), .. place]);

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

    /// <exception cref="BadRequestException">The text is not a cursor of this list.</exception>
    public long? Read(string? text) =>
        text is null ? null
        : ReadBytes(text) is { Length: sizeof(long) } place ? BinaryPrimitives.ReadInt64BigEndian(place)
        : throw NotACursor();

    /// <exception cref="BadRequestException">The text is not a cursor of this list.</exception>
    public Guid? ReadId(string? text) =>
        text is null ? null
        : ReadBytes(text) is { Length: 16 } place ? new Guid(place, bigEndian: true)
        : throw NotACursor();

    /// <exception cref="BadRequestException">The text is not a cursor of this list.</exception>
    public string? ReadText(string? text) => text is null ? null : Encoding.UTF8.GetString(ReadBytes(text));

    /// <exception cref="BadRequestException">The text is not a cursor of this list.</exception>
    public byte[] ReadBytes(string text)
    {
        var bytes = new byte[text.Length];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done
            && bytes.AsSpan(0, length).StartsWith(Tag())
                ? bytes[TagSize..length]
                : throw NotACursor();
    }

    public static BadRequestException NotACursor() =>
        RequestQuery.Bad("cursor", "is not one that a page of this list ended with");

    byte[] Tag() => SHA256.HashData(Encoding.UTF8.GetBytes(list))[..TagSize];
}
