using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>
/// The file of an open outbox, as it grows: records are gathered, and whoever comes first writes and flushes all that have
/// come while those before were written.
/// </summary>
/// <remarks>
/// After a failed write it takes nothing more. INVARIANT: who adds a record, reads one or asks for the length holds the
/// gate, and what the disk has is told under it; nobody holds it while records are written.
/// </remarks>
/// <param name="path">For messages.</param>
/// <param name="file">The file; the journal closes it.</param>
/// <param name="length">Up to where it has records.</param>
/// <param name="gate">Guards what the records come to, beside the journal's own.</param>
/// <param name="written">Takes the records, in their order, when the disk has them.</param>
sealed class OutboxJournal(string path, SafeFileHandle file, long length, Lock gate, Action<IReadOnlyList<OutboxRecord>> written)
    : IAsyncDisposable
{
    readonly SemaphoreSlim writing = new(1);
    SafeFileHandle file = file;
    OutboxBatch filling = new();
    Exception? broken;

    /// <summary>Up to where the file has records.</summary>
    public long Length { get; private set; } = length;

    /// <summary>
    /// Gathers a record; with others added under the same hold of the gate it is written at once. A crash of the machine may
    /// leave the first of them without the rest.
    /// </summary>
    /// <returns>What to commit.</returns>
    public OutboxBatch Add(OutboxRecordType type, long seq, long time, ReadOnlySpan<byte> payload)
    {
        ThrowIfBroken();
        OutboxFormat.Write(filling.Bytes, type, seq, time, payload);
        return filling;
    }

    /// <summary>Completes when the batch is on the disk. Not to be called under the gate.</summary>
    /// <exception cref="OutboxException">The disk refuses.</exception>
    public async Task CommitAsync(OutboxBatch batch)
    {
        await writing.WaitAsync();
        try
        {
            if (!batch.IsWritten) await Task.Run(Write);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>A record that is on the disk.</summary>
    /// <exception cref="OutboxException">The disk refuses, or the record is damaged.</exception>
    public byte[] Read(OutboxPlace place)
    {
        ThrowIfBroken();
        return OutboxFile.Guard(path, () => OutboxFile.ReadRecord(path, file, place));
    }

    /// <summary>Puts another file in the place of this one, while nobody writes.</summary>
    /// <param name="prepare">Makes the other file out of this one, given its length.</param>
    /// <param name="replaced">Takes what the other file has, under the gate.</param>
    /// <param name="cancel">Leaves the file as it is.</param>
    /// <exception cref="OutboxException">The disk refuses, or a record is damaged.</exception>
    public async Task ReplaceAsync(
        Func<SafeFileHandle, long, OutboxContent> prepare, Action<OutboxContent> replaced, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            await Task.Run(() => Replace(prepare, replaced), cancel);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Closes the file. Everything that was committed is in it.</summary>
    public async ValueTask DisposeAsync()
    {
        await writing.WaitAsync();
        lock (gate) broken ??= new ObjectDisposedException(nameof(Outbox));
        file.Dispose();
        writing.Release();
    }

    /// <exception cref="ObjectDisposedException">The outbox was closed.</exception>
    /// <exception cref="OutboxException">An earlier write failed.</exception>
    public void ThrowIfBroken()
    {
        ObjectDisposedException.ThrowIf(broken is ObjectDisposedException, typeof(Outbox));
        if (broken is not null) throw OutboxException.Storage(path, broken);
    }

    void Write()
    {
        OutboxBatch batch;
        lock (gate)
        {
            ThrowIfBroken();
            (batch, filling) = (filling, new OutboxBatch());
        }

        try
        {
            OutboxFile.Append(file, batch.Bytes.WrittenSpan, Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // After a failed flush nobody knows what the disk has: only reading it again tells.
            lock (gate) broken = e;
            throw OutboxException.Storage(path, e);
        }

        lock (gate)
        {
            var records = batch.Records(Length);
            Length += batch.Bytes.WrittenCount;
            batch.IsWritten = true;
            written(records);
        }
    }

    void Replace(Func<SafeFileHandle, long, OutboxContent> prepare, Action<OutboxContent> replaced)
    {
        lock (gate) ThrowIfBroken();
        var content = OutboxFile.Guard(path, () => prepare(file, Length));
        lock (gate)
        {
            try
            {
                OutboxFile.TakeName(path);
                file.Dispose();
                file = OutboxFile.Open(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Which of the two files has the name is not certain.
                broken = e;
                throw OutboxException.Storage(path, e);
            }

            Length = content.Length;
            replaced(content);
        }
    }
}

/// <summary>Records that are written and flushed together.</summary>
sealed class OutboxBatch
{
    public ArrayBufferWriter<byte> Bytes { get; } = new();

    public bool IsWritten { get; set; }

    /// <summary>The records, as they stand in the file from an offset on.</summary>
    public IReadOnlyList<OutboxRecord> Records(long offset)
    {
        var records = new List<OutboxRecord>();
        for (var rest = Bytes.WrittenMemory; !rest.IsEmpty;)
        {
            var size = OutboxFormat.RecordSize(rest.Span)!.Value;
            OutboxFormat.TryRead(rest[..size], offset, out var record);
            records.Add(record);
            offset += size;
            rest = rest[size..];
        }

        return records;
    }
}
