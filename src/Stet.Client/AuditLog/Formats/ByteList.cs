namespace Stet.Client.AuditLog.Formats;

/// <summary>Bytes that are appended and taken back, in a buffer that is used again.</summary>
sealed class ByteList
{
    byte[] bytes = new byte[1024];

    public int Count { get; private set; }

    public Span<byte> Span => bytes.AsSpan(0, Count);

    public void Add(byte value)
    {
        Reserve(1);
        bytes[Count++] = value;
    }

    public void Add(ReadOnlySpan<byte> values)
    {
        Reserve(values.Length);
        values.CopyTo(bytes.AsSpan(Count));
        Count += values.Length;
    }

    public void Truncate(int count) => Count = count;

    void Reserve(int more)
    {
        if (Count + more > bytes.Length) Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Count + more));
    }
}
