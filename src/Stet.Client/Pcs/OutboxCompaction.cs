using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>Writes an outbox anew, without what is settled.</summary>
static class OutboxCompaction
{
    const int BufferSize = 1 << 20;

    /// <summary>Prepares the file that is to take the outbox's name, flushed.</summary>
    /// <param name="path">The outbox.</param>
    /// <param name="file">The outbox, open.</param>
    /// <param name="length">Up to where it has records.</param>
    /// <param name="nextSeq">The next document's number.</param>
    /// <param name="now">Microseconds since 1970.</param>
    /// <param name="ackedSince">From when on what was delivered stays.</param>
    /// <param name="cancel">Leaves the outbox as it is.</param>
    public static OutboxContent Prepare(
        string path, SafeFileHandle file, long length, long nextSeq, long now, long ackedSince, CancellationToken cancel)
    {
        var old = OutboxContent.Read(path, file, length, ackedSince, cancel).Index;
        try
        {
            using var compacted = OutboxFile.Create(path);
            var output = new Output(compacted);
            output.Write(OutboxFormat.Header(nextSeq, now));
            foreach (var place in Kept(old))
            {
                cancel.ThrowIfCancellationRequested();
                output.Write(OutboxFile.ReadRecord(path, file, place));
            }

            output.Flush();
            RandomAccess.FlushToDisk(compacted);
            return OutboxContent.Read(path, compacted, output.Length, OutboxIndex.NoneAcked, cancel);
        }
        catch
        {
            File.Delete(OutboxFile.Unfinished(path));
            throw;
        }
    }

    static IEnumerable<OutboxPlace> Kept(OutboxIndex old)
    {
        foreach (var place in old.Pending.Values) yield return place;
        foreach (var decided in old.Dead.Values.Concat(old.Acked.Values))
        {
            yield return decided.Document;
            yield return decided.Decision;
        }

        foreach (var (_, place) in old.Checkpoints.Values) yield return place;
    }

    sealed class Output(SafeFileHandle file)
    {
        readonly byte[] buffer = new byte[BufferSize];
        int buffered;

        public long Length { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > buffer.Length - buffered) Flush();
            if (bytes.Length > buffer.Length)
            {
                OutboxFile.Write(file, bytes, Length);
            }
            else
            {
                bytes.CopyTo(buffer.AsSpan(buffered));
                buffered += bytes.Length;
            }

            Length += bytes.Length;
        }

        public void Flush()
        {
            OutboxFile.Write(file, buffer.AsSpan(0, buffered), Length - buffered);
            buffered = 0;
        }
    }
}
