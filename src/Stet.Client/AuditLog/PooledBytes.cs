using System.Buffers;

namespace Stet.Client.AuditLog;

/// <summary>A resource in a pooled buffer.</summary>
sealed class PooledBytes(int capacity) : IDisposable
{
    byte[] buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public Span<byte> Span => buffer.AsSpan(0, Length);

    public Memory<byte> Free => buffer.AsMemory(Length);

    public void Advance(int count) => Length += count;

    public void Truncate(int length) => Length = length;

    public void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    public void Dispose()
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        (buffer, Length) = ([], 0);
    }
}
