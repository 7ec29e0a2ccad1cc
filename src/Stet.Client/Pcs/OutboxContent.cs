using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>What an outbox file holds.</summary>
/// <param name="Index">Its documents and checkpoints.</param>
/// <param name="Length">Up to where its records are whole.</param>
/// <param name="NextSeq">The next document's number.</param>
sealed record OutboxContent(OutboxIndex Index, long Length, long NextSeq)
{
    /// <exception cref="OutboxException">It is damaged before its end, or no outbox.</exception>
    public static OutboxContent Read(
        string path, SafeFileHandle file, long size, long ackedSince, CancellationToken cancel = default)
    {
        var reader = new OutboxReader(path, file, size);
        var baseSeq = reader.ReadHeader();
        var index = new OutboxIndex(path, ackedSince);
        while (reader.TryRead(out var record))
        {
            cancel.ThrowIfCancellationRequested();
            index.Apply(record);
        }

        return new OutboxContent(index, reader.Position, Math.Max(1, Math.Max(baseSeq, index.HighestSeq + 1)));
    }
}
