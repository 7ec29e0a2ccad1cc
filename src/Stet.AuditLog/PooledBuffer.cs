using System.Buffers;

namespace Stet.AuditLog;

/// <summary>A list in a rented array, for the time of one call. Spans of it end with the next append.</summary>
struct PooledBuffer<T> : IDisposable where T : unmanaged
{
    T[] items;

    /// <param name="capacity">How many items are expected; more fit as well.</param>
    public PooledBuffer(int capacity) => items = ArrayPool<T>.Shared.Rent(capacity);

    public int Count { get; private set; }

    public readonly T[] Items => items;

    public readonly Span<T> Written => items.AsSpan(0, Count);

    public void Add(T item)
    {
        if (Count == items.Length) Grow(1);
        items[Count++] = item;
    }

    public void Append(scoped ReadOnlySpan<T> more)
    {
        more.CopyTo(Free(more.Length));
        Advance(more.Length);
    }

    /// <summary>At least <paramref name="length"/> free items after the written ones.</summary>
    public Span<T> Free(int length)
    {
        if (items.Length - Count < length) Grow(length);
        return items.AsSpan(Count);
    }

    public void Advance(int length) => Count += length;

    public void Truncate(int count) => Count = count;

    public readonly void Dispose() => ArrayPool<T>.Shared.Return(items);

    void Grow(int length)
    {
        var doubled = (int)Math.Min(2L * Count, Array.MaxLength);
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(checked(Count + length), doubled));
        Written.CopyTo(larger);
        ArrayPool<T>.Shared.Return(items);
        items = larger;
    }
}
