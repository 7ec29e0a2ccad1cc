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

    /// <exception cref="BadRequestException">The text is not a cursor.</exception>
    public static long? Read(string? text)
    {
        if (text is null) return null;
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done && length == sizeof(long)
            ? BinaryPrimitives.ReadInt64BigEndian(bytes)
            : throw RequestQuery.Bad("cursor", "is not one that a page of this list ended with");
    }
}
