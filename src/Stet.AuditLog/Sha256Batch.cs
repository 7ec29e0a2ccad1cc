using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Stet.AuditLog;

/// <summary>SHA-256 of many messages, side by side where that is faster than one after the other.</summary>
/// <param name="hashes">
/// Gets the hashes in the order of the messages: eight at a time when the eighth is added, the rest at the end.
/// </param>
/// <param name="inLanes">Whether side by side, see <see cref="Sha256Lanes"/>.</param>
ref struct Sha256Batch(Span<LogHash> hashes, bool inLanes)
{
    const int TypicalSize = 4096;

    readonly int most = inLanes ? Sha256Lanes.Count : 1;
    PooledBuffer<byte> text = new(TypicalSize);
    Span<byte> room = MemoryMarshal.AsBytes(hashes);
    Vector256<int> starts;
    Vector256<int> blocks;
    int waiting;
    int length;

    public Sha256Batch(Span<LogHash> hashes) : this(hashes, Sha256Lanes.PayOff)
    {
    }

    /// <summary>Adds a message: a byte, and what follows it.</summary>
    public void Add(byte prefix, ReadOnlySpan<byte> message)
    {
        var start = text.Count;
        text.Add(prefix);
        text.Append(message);
        length = 1 + message.Length;
        if (inLanes)
        {
            starts = starts.WithElement(waiting, start);
            blocks = blocks.WithElement(waiting, Sha256Lanes.Pad(ref text, length));
        }

        if (++waiting == most) Hash();
    }

    /// <summary>Ends the batch; nothing can be added any more.</summary>
    public void Complete()
    {
        if (waiting > 0) Hash();
        text.Dispose();
    }

    void Hash()
    {
        var size = waiting * LogHash.Size;
        if (waiting == 1) Sha256.Hash(text.Written[..length], room[..size]);
        else Sha256Lanes.Hash(text.Written, starts, blocks, room[..size]);

        room = room[size..];
        text.Truncate(0);
        (waiting, starts, blocks) = (0, default, default);
    }
}
