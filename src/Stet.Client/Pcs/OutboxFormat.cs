using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Stet.Client.Pcs;

/// <summary>What a record of an outbox says.</summary>
enum OutboxRecordType : byte
{
    /// <summary>The payload has to be sent.</summary>
    Enqueue = 1,

    /// <summary>It was delivered.</summary>
    Ack = 2,

    /// <summary>It was refused for good.</summary>
    Dead = 3,

    /// <summary>It has to be sent after all.</summary>
    Retry = 4,

    /// <summary>How far a source has been read.</summary>
    Checkpoint = 5,
}

/// <param name="Type">What it says.</param>
/// <param name="Seq">Of which document; 0 for a checkpoint.</param>
/// <param name="Time">When it was written, microseconds since 1970.</param>
/// <param name="Offset">Where it begins in its file.</param>
/// <param name="Payload">Depends on the type. May be valid until the next record is read only.</param>
readonly record struct OutboxRecord(
    OutboxRecordType Type, long Seq, long Time, long Offset, ReadOnlyMemory<byte> Payload);

/// <summary>The bytes of an outbox: a header, then records, all little-endian, each under a CRC32C.</summary>
static class OutboxFormat
{
    public const int HeaderSize = 32;

    /// <summary>Length and checksum, in front of each body.</summary>
    public const int PrefixSize = 8;

    /// <summary>Type, number and time.</summary>
    public const int LeastBody = 17;

    public const int GreatestBody = 2 << 20;

    public const int LeastRecord = PrefixSize + LeastBody;

    public const int GreatestPayload = GreatestBody - LeastBody;

    /// <summary>What <c>ft.outbox_seq</c> can say.</summary>
    public const long GreatestSeq = (1L << 53) - 1;

    const int HeaderChecksum = HeaderSize - 4;

    static ReadOnlySpan<byte> Magic => "STETOBX1"u8;

    public static byte[] Header(long baseSeq, long created)
    {
        var header = new byte[HeaderSize];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), baseSeq);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), created);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(HeaderChecksum), Checksum(header.AsSpan(0, HeaderChecksum), []));
        return header;
    }

    /// <returns>False for anything but a header of this format.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out long baseSeq)
    {
        baseSeq = 0;
        if (header.Length < HeaderSize || !header.StartsWith(Magic)) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[HeaderChecksum..]) != Checksum(header[..HeaderChecksum], [])) return false;

        baseSeq = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        return baseSeq is >= 0 and <= GreatestSeq;
    }

    public static void Write(
        IBufferWriter<byte> output, OutboxRecordType type, long seq, long time, ReadOnlySpan<byte> payload)
    {
        var size = LeastRecord + payload.Length;
        var record = output.GetSpan(size)[..size];
        BinaryPrimitives.WriteInt32LittleEndian(record, LeastBody + payload.Length);
        record[PrefixSize] = (byte)type;
        BinaryPrimitives.WriteInt64LittleEndian(record[9..], seq);
        BinaryPrimitives.WriteInt64LittleEndian(record[17..], time);
        payload.CopyTo(record[LeastRecord..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record[..4], record[PrefixSize..]));
        output.Advance(size);
    }

    /// <summary>The size of the record that a prefix announces; null for a length that none has.</summary>
    public static int? RecordSize(ReadOnlySpan<byte> prefix) =>
        BinaryPrimitives.ReadUInt32LittleEndian(prefix) is >= LeastBody and <= GreatestBody and var length
            ? PrefixSize + (int)length
            : null;

    /// <param name="record">As long as its prefix says.</param>
    public static bool IsWhole(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[4..]) == Checksum(record[..4], record[PrefixSize..]);

    /// <param name="bytes">A whole record.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="record">What it says.</param>
    /// <returns>False for one that no version up to this one writes.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, long offset, out OutboxRecord record)
    {
        var span = bytes.Span;
        record = new OutboxRecord(
            (OutboxRecordType)span[PrefixSize], BinaryPrimitives.ReadInt64LittleEndian(span[9..]),
            BinaryPrimitives.ReadInt64LittleEndian(span[17..]), offset, bytes[LeastRecord..]);

        return record.Type switch
        {
            OutboxRecordType.Enqueue or OutboxRecordType.Ack or OutboxRecordType.Dead => record.Seq is >= 1 and <= GreatestSeq,
            OutboxRecordType.Retry => record.Seq is >= 1 and <= GreatestSeq && record.Payload.IsEmpty,
            OutboxRecordType.Checkpoint => record.Seq == 0,
            _ => false,
        };
    }

    /// <summary>CRC32C (RFC 3720, B.4) of two stretches as if they were one.</summary>
    public static uint Checksum(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        ~Continue(Continue(uint.MaxValue, first), second);

    static uint Continue(uint checksum, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (var value in data) checksum = BitOperations.Crc32C(checksum, value);
        return checksum;
    }
}
