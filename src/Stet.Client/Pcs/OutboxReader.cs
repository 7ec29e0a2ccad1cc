using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>Reads the records of an outbox in order, and tells a torn end from damage before it.</summary>
/// <param name="path">For messages.</param>
/// <param name="file">Open for reading.</param>
/// <param name="size">Bytes to read; later ones are left alone.</param>
sealed class OutboxReader(string path, SafeFileHandle file, long size)
{
    const int LeastBuffer = 256 * 1024;

    byte[] buffer = new byte[LeastBuffer];
    long bufferStart;
    int bufferLength;

    /// <summary>Where the next record begins; after the last one, where the whole records end.</summary>
    public long Position { get; private set; } = OutboxFormat.HeaderSize;

    /// <exception cref="OutboxException">This is no outbox.</exception>
    public long ReadHeader() =>
        OutboxFormat.TryReadHeader(Peek(0, OutboxFormat.HeaderSize).Span, out var baseSeq)
            ? baseSeq
            : throw OutboxException.NotAnOutbox(path);

    /// <returns>False at the end, which may be a torn record: <see cref="Position"/> is where it begins.</returns>
    /// <exception cref="OutboxException">A record is damaged, and it is not the last, or it is an unknown one.</exception>
    public bool TryRead(out OutboxRecord record)
    {
        record = default;
        var left = size - Position;
        if (left <= 0) return false;

        var recordSize = left >= OutboxFormat.PrefixSize
            ? OutboxFormat.RecordSize(Peek(Position, OutboxFormat.PrefixSize).Span)
            : null;
        if (recordSize <= left && Peek(Position, recordSize.Value) is var bytes && OutboxFormat.IsWhole(bytes.Span))
        {
            if (!OutboxFormat.TryRead(bytes, Position, out record)) throw OutboxException.Unknown(path, Position);

            Position += recordSize.Value;
            return true;
        }

        return IsTorn(recordSize) ? false : throw OutboxException.Corrupt(path, Position);
    }

    /// <summary>
    /// Whether a crash can have left this: a record that reaches the end with no whole record behind its beginning, or
    /// nothing but zeros, which a file system may leave where data was to come.
    /// </summary>
    bool IsTorn(int? recordSize)
    {
        if (IsZero(Position)) return true;

        var left = size - Position;
        if (recordSize is null) return left < OutboxFormat.LeastRecord;
        if (recordSize < left && !IsZero(Position + recordSize.Value)) return false;

        return !HoldsRecord((int)Math.Min(left, recordSize.Value));
    }

    /// <summary>Whether a whole record begins behind the bad one's first byte: then the bad one's length is a lie.</summary>
    bool HoldsRecord(int length)
    {
        var bytes = Peek(Position, length).Span;
        for (var start = 1; start + OutboxFormat.LeastRecord <= bytes.Length; start++)
        {
            // The type rules nearly all places out before anything is summed up.
            if (bytes[start + OutboxFormat.PrefixSize] is 0 or > (byte)OutboxRecordType.Checkpoint) continue;
            if (OutboxFormat.RecordSize(bytes[start..]) is not { } inner || inner > bytes.Length - start) continue;
            if (OutboxFormat.IsWhole(bytes.Slice(start, inner))) return true;
        }

        return false;
    }

    bool IsZero(long from)
    {
        while (from < size)
        {
            var bytes = Peek(from, (int)Math.Min(size - from, LeastBuffer));
            if (bytes.Span.ContainsAnyExcept((byte)0)) return false;
            from += bytes.Length;
        }

        return true;
    }

    /// <summary>Bytes of the file, as many as asked for but at its end.</summary>
    ReadOnlyMemory<byte> Peek(long offset, int length)
    {
        length = (int)Math.Min(length, size - offset);
        if (offset < bufferStart || offset + length > bufferStart + bufferLength) Fill(offset, length);
        return buffer.AsMemory((int)(offset - bufferStart), length);
    }

    void Fill(long offset, int length)
    {
        if (length > buffer.Length) buffer = new byte[OutboxFormat.PrefixSize + OutboxFormat.GreatestBody];
        var wanted = (int)Math.Min(buffer.Length, size - offset);
        (bufferStart, bufferLength) = (offset, 0);
        while (bufferLength < wanted)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(bufferLength, wanted - bufferLength), offset + bufferLength);
            if (read == 0) throw new EndOfStreamException("the file became shorter while it was read");
            bufferLength += read;
        }
    }
}
