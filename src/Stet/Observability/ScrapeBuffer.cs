using System.Buffers;
using System.Globalization;
using System.Text;

namespace Stet.Observability;

/// <summary>UTF-8 text that grows in pooled memory; disposing gives the memory back.</summary>
public sealed class ScrapeBuffer : IDisposable
{
    byte[] bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => bytes.AsMemory(0, Length);

    public void Write(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Free(utf8.Length));
        Length += utf8.Length;
    }

    public void Write(ReadOnlySpan<char> text) =>
        Length += Encoding.UTF8.GetBytes(text, Free(Encoding.UTF8.GetMaxByteCount(text.Length)));

    public void Write(long value)
    {
        value.TryFormat(Free(20), out var written, default, CultureInfo.InvariantCulture);
        Length += written;
    }

    /// <summary>The shortest digits that read back as the same number, and Prometheus's words for the others.</summary>
    public void Write(double value)
    {
        if (double.IsNaN(value)) Write("NaN"u8);
        else if (double.IsPositiveInfinity(value)) Write("+Inf"u8);
        else if (double.IsNegativeInfinity(value)) Write("-Inf"u8);
        else
        {
            value.TryFormat(Free(32), out var written, default, CultureInfo.InvariantCulture);
            Length += written;
        }
    }

    /// <summary>Writes a part once more, given by its start and length.</summary>
    public void Repeat(int start, int length)
    {
        var free = Free(length);
        bytes.AsSpan(start, length).CopyTo(free);
        Length += length;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        Length = 0;
    }

    Span<byte> Free(int atLeast)
    {
        if (bytes.Length - Length < atLeast)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length * 2, Length + atLeast));
            Written.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = larger;
        }

        return bytes.AsSpan(Length);
    }
}
