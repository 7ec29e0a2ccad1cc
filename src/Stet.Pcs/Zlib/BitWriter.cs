using System.Buffers.Binary;

namespace Stet.Pcs;

/// <summary>Writes what deflate is made of (RFC 1951, 3.1.1): bits, from the lowest of a byte to its highest.</summary>
/// <param name="output">Receives the bytes.</param>
sealed class BitWriter(Action<ReadOnlySpan<byte>> output)
{
    const int Room = 16 * 1024;

    readonly byte[] buffer = new byte[Room + sizeof(ulong)];
    int length;
    ulong bits;
    int bitCount;

    /// <param name="value">No larger than its length allows.</param>
    /// <param name="valueLength">0 to 32 bits.</param>
    public void Write(uint value, int valueLength)
    {
        bits |= (ulong)value << bitCount;
        bitCount += valueLength;
        if (bitCount < 32) return;

        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(length), (uint)bits);
        length += sizeof(uint);
        bits >>= 32;
        bitCount -= 32;
        if (length >= Room) Flush();
    }

    /// <summary>Fills up the byte that is begun, with zeros.</summary>
    public void Align()
    {
        for (; bitCount > 0; bitCount -= 8)
        {
            buffer[length++] = (byte)bits;
            bits >>= 8;
        }

        bitCount = 0;
    }

    /// <summary>Writes bytes as they are, after <see cref="Align"/>.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Flush();
        output(bytes);
    }

    /// <summary>Hands on all whole bytes.</summary>
    public void Flush()
    {
        output(buffer.AsSpan(0, length));
        length = 0;
    }
}
