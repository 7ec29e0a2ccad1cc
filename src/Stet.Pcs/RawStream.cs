namespace Stet.Pcs;

/// <summary>What the raw stream of a shard's epoch comes to.</summary>
/// <param name="MerkleRoot">Over its chunks, 64 lower-case hexadecimal digits.</param>
/// <param name="LeafCount">How many chunks there are.</param>
/// <param name="Length">Bytes.</param>
/// <param name="R">
/// Its length at level 6 of classic zlib by its length, 0 to 1, rounded to nine decimals; 1 for an empty stream.
/// </param>
public sealed record RawStreamSummary(string MerkleRoot, long LeafCount, long Length, double R);

/// <summary>
/// The raw stream of a shard's epoch, row after row: a line <c>timestamp,x,y,z</c> each, joined by LF. It is hashed and
/// compressed as it comes; nothing of it is kept.
/// </summary>
/// <remarks>
/// r is the length of classic zlib's stream, byte for byte, which is made here, without a library of the system: it is the
/// same everywhere, and nothing has to fall back on another compressor.
/// A block is compressed by another thread while the caller brings the next one: that takes most of the time. Members are
/// for one thread at a time.
/// </remarks>
public sealed class RawStream
{
    /// <summary>Bytes per chunk unless told otherwise, for 0.1 as its command line has it.</summary>
    public const int DefaultChunkSizeOfV01 = 64;

    /// <summary>Bytes per chunk unless told otherwise, for 1.0.</summary>
    public const int DefaultChunkSizeOfV10 = 1024;

    const int BlockSize = 64 * 1024;

    readonly MerkleTree tree;
    readonly byte[] chunk;
    readonly ClassicZlib zlib;
    readonly byte[] timestampText = new byte[NineDecimals.Room];
    byte[] waiting = new byte[BlockSize];
    byte[] compressing = new byte[BlockSize];
    Task compression = Task.CompletedTask;
    int waitingLength;
    int chunkLength;
    long length;
    long compressedLength;

    /// <param name="version">Which Merkle tree.</param>
    /// <param name="chunkSize">Bytes per leaf, 1 to 1,048,576.</param>
    /// <exception cref="ArgumentOutOfRangeException">The chunk size is not in its range.</exception>
    public RawStream(PcsVersion version, int chunkSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunkSize, 1_048_576);
        tree = new MerkleTree(version);
        chunk = new byte[chunkSize];
        zlib = new ClassicZlib(bytes => compressedLength += bytes.Length);
    }

    /// <summary>Adds a row.</summary>
    /// <param name="timestamp">A finite number, printed with nine decimals.</param>
    /// <param name="x">The field's text exactly as it stands in the input, as are the others.</param>
    /// <param name="y">Second coordinate.</param>
    /// <param name="z">Third coordinate.</param>
    public void AddRow(double timestamp, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y, ReadOnlySpan<byte> z)
    {
        if (!double.IsFinite(timestamp)) throw new ArgumentException("A timestamp is finite.", nameof(timestamp));

        if (length > 0) Append("\n"u8);
        Append(timestampText.AsSpan(0, NineDecimals.Write(timestamp, timestampText)));
        Append(","u8);
        Append(x);
        Append(","u8);
        Append(y);
        Append(","u8);
        Append(z);
    }

    /// <summary>What the stream comes to. Nothing may be added after it.</summary>
    public RawStreamSummary Finish()
    {
        Settle();
        zlib.Append(waiting.AsSpan(0, waitingLength));
        Hash(waiting.AsSpan(0, waitingLength));
        waitingLength = 0;
        if (chunkLength > 0) tree.AddLeaf(chunk.AsSpan(0, chunkLength));
        chunkLength = 0;
        zlib.Finish();

        var r = length == 0 ? 1 : Rounding.Exact(Math.Min(1, (double)compressedLength / length));
        return new RawStreamSummary(tree.Root(), tree.LeafCount, length, r);
    }

    /// <summary>Adds bytes as they are.</summary>
    internal void Append(ReadOnlySpan<byte> data)
    {
        length += data.Length;
        while (data.Length > waiting.Length - waitingLength)
        {
            var taken = waiting.Length - waitingLength;
            data[..taken].CopyTo(waiting.AsSpan(waitingLength));
            waitingLength = waiting.Length;
            data = data[taken..];
            Flush();
        }

        data.CopyTo(waiting.AsSpan(waitingLength));
        waitingLength += data.Length;
    }

    void Flush()
    {
        Settle();
        (waiting, compressing) = (compressing, waiting);
        var block = compressing.AsMemory(0, waitingLength);
        waitingLength = 0;
        compression = Task.Run(() => zlib.Append(block.Span));
        Hash(block.Span);
    }

    void Settle() => compression.GetAwaiter().GetResult();

    void Hash(ReadOnlySpan<byte> data)
    {
        while (chunkLength + data.Length >= chunk.Length)
        {
            var taken = chunk.Length - chunkLength;
            data[..taken].CopyTo(chunk.AsSpan(chunkLength));
            tree.AddLeaf(chunk);
            data = data[taken..];
            chunkLength = 0;
        }

        data.CopyTo(chunk.AsSpan(chunkLength));
        chunkLength += data.Length;
    }
}
