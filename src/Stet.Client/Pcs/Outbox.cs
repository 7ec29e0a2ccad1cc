using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>
/// Documents to be sent, in an append-only file that survives the death of the process and of the machine. What an append
/// has returned for is on the disk; appends that come at once share one flush. One process at a time has it open.
/// </summary>
/// <remarks>
/// After a failed write it takes nothing more and every call says why: open it again once the disk is mended. Documents
/// stay in the file; a pending one costs about 100 bytes of memory. Safe for use by many threads at once.
/// </remarks>
public sealed class Outbox : IAsyncDisposable
{
    /// <summary>For how long compaction keeps what was delivered.</summary>
    public static readonly TimeSpan AckedLifetime = TimeSpan.FromDays(14);

    // Below this a file is not worth rewriting.
    const long LeastToCompact = 16 << 20;

    readonly Lock gate = new();
    readonly SemaphoreSlim writing = new(1);
    readonly TimeProvider clock;
    readonly FileStream held;
    SafeFileHandle file;
    OutboxIndex index;
    OutboxBatch filling = new();
    TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long length;
    long lengthAtLeast = LeastToCompact / 2;
    long nextSeq;
    Exception? broken;

    Outbox(string path, TimeProvider clock, FileStream held, SafeFileHandle file, OutboxContent content)
    {
        (Path, this.clock, this.held, this.file) = (path, clock, held, file);
        (index, length, nextSeq) = (content.Index, content.Length, content.NextSeq);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>How many documents are in which state, as far as the disk knows.</summary>
    public OutboxCounts Counts
    {
        get
        {
            lock (gate) return new OutboxCounts(index.Pending.Count, index.Dead.Count, index.AckedCount, length);
        }
    }

    /// <summary>Completes at the next change of what the disk knows.</summary>
    internal Task Changed
    {
        get
        {
            lock (gate) return changed.Task;
        }
    }

    /// <summary>
    /// Opens an outbox, and makes it if there is none. A record that a crash has torn at the end is cut off.
    /// </summary>
    /// <param name="path">The file. Beside it lie <c>.lock</c>, held while it is open, and for a moment <c>.new</c>.</param>
    /// <param name="clock">For the times in records.</param>
    /// <exception cref="OutboxException">
    /// It is in use, damaged before its end, no outbox, or the disk refuses. The file is as it was.
    /// </exception>
    public static Outbox Open(string path, TimeProvider clock)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(clock);

        path = System.IO.Path.GetFullPath(path);
        var claim = OutboxFile.Lock(path);
        try
        {
            return OutboxFile.Guard(path, () =>
            {
                var opened = OutboxFile.OpenOrCreate(path, OutboxTime.Of(clock.GetUtcNow()));
                try
                {
                    return new Outbox(path, clock, claim, opened, Recover(path, opened));
                }
                catch
                {
                    opened.Dispose();
                    throw;
                }
            });
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Up to where a source has been sent; null if nothing of it has.</summary>
    public OutboxCheckpoint? Checkpoint(string source)
    {
        lock (gate) return index.Checkpoints.TryGetValue(source, out var found) ? found.Checkpoint : null;
    }

    /// <summary>Puts a document in; it is pending, and on the disk, when this returns.</summary>
    /// <param name="make">
    /// Makes the exact bytes to send, given the document's number for <c>ft.outbox_seq</c>. Holds up everybody else. What
    /// it throws, this throws, and nothing has happened.
    /// </param>
    /// <param name="checkpoint">Kept together with the document: how far its source has been read; null: nothing is.</param>
    /// <param name="cancel">Is looked at before anything happens.</param>
    /// <returns>The document's number, from 1.</returns>
    /// <exception cref="OutboxException">
    /// The disk refuses. Whether the document was kept shows when the outbox is opened again.
    /// </exception>
    /// <exception cref="AgentException">The document is larger than the 2 MiB of a record.</exception>
    public async Task<long> EnqueueAsync(
        Func<long, byte[]> make, OutboxCheckpoint? checkpoint = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(make);
        cancel.ThrowIfCancellationRequested();

        OutboxBatch batch;
        long seq;
        lock (gate)
        {
            ThrowIfBroken();
            seq = nextSeq;
            if (seq > OutboxFormat.GreatestSeq) throw OutboxException.Full(Path);
            var document = make(seq);
            if (document.Length > OutboxFormat.GreatestPayload)
                throw new AgentException($"A document of {document.Length} bytes does not fit: a record has at most 2 MiB.");

            nextSeq++;
            batch = Add(OutboxRecordType.Enqueue, seq, document);
            if (checkpoint is not null) Add(OutboxRecordType.Checkpoint, 0, checkpoint.ToJson());
        }

        await CommitAsync(batch);
        return seq;
    }

    /// <summary>Keeps how far a source has been read.</summary>
    /// <exception cref="OutboxException">The disk refuses.</exception>
    public Task KeepAsync(OutboxCheckpoint checkpoint, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        cancel.ThrowIfCancellationRequested();
        return AppendAsync(OutboxRecordType.Checkpoint, 0, checkpoint.ToJson());
    }

    /// <summary>Makes dead letters pending again.</summary>
    /// <param name="seqs">Their numbers; null: all of them.</param>
    /// <param name="cancel">Is looked at before anything happens.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="AgentException">One of them is not dead; nothing was changed.</exception>
    /// <exception cref="OutboxException">The disk refuses.</exception>
    public async Task<int> RetryAsync(IReadOnlyCollection<long>? seqs, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        OutboxBatch batch;
        long[] all;
        lock (gate)
        {
            ThrowIfBroken();
            all = seqs is null ? [.. index.Dead.Keys] : [.. seqs.Distinct()];
            foreach (var seq in all)
            {
                if (!index.Dead.ContainsKey(seq))
                    throw new AgentException($"{seq} is not the number of a dead letter: `list --state dead` shows them.");
            }

            if (all.Length == 0) return 0;
            batch = filling;
            foreach (var seq in all) Add(OutboxRecordType.Retry, seq, []);
        }

        await CommitAsync(batch);
        return all.Length;
    }

    /// <summary>
    /// Rewrites the file without what is settled: pending and dead documents, those delivered in the last 14 days and the
    /// last checkpoint of each source stay. A crash at any byte leaves the old file or the new one.
    /// </summary>
    /// <exception cref="OutboxException">The disk refuses, or a record is damaged. The file is as it was.</exception>
    public async Task CompactAsync(CancellationToken cancel = default)
    {
        await writing.WaitAsync(cancel);
        try
        {
            await Task.Run(() => Compact(cancel), cancel);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Compacts a file that is large, and twice as long as compaction left it.</summary>
    public Task CompactIfWorthwhileAsync(CancellationToken cancel = default)
    {
        lock (gate)
            if (length < 2 * lengthAtLeast) return Task.CompletedTask;

        return CompactAsync(cancel);
    }

    /// <summary>Closes the file. Everything that was appended is in it.</summary>
    public async ValueTask DisposeAsync()
    {
        await writing.WaitAsync();
        lock (gate) broken ??= new ObjectDisposedException(nameof(Outbox));
        file.Dispose();
        await held.DisposeAsync();
        writing.Release();
    }

    /// <summary>The pending document with the lowest number, some apart.</summary>
    internal (long Seq, byte[] Document)? NextPending(IReadOnlyCollection<long> except)
    {
        lock (gate)
        {
            ThrowIfBroken();
            foreach (var (seq, place) in index.Pending)
            {
                if (except.Contains(seq)) continue;
                var record = OutboxFile.Guard(Path, () => OutboxFile.ReadRecord(Path, file, place));
                return (seq, record[OutboxFormat.LeastRecord..]);
            }
        }

        return null;
    }

    internal Task AckAsync(long seq, OutboxReceipt receipt) => AppendAsync(OutboxRecordType.Ack, seq, receipt.ToJson());

    internal Task BuryAsync(long seq, OutboxVerdict verdict) => AppendAsync(OutboxRecordType.Dead, seq, verdict.ToJson());

    static OutboxContent Recover(string path, SafeFileHandle file)
    {
        var content = OutboxContent.Read(path, file, RandomAccess.GetLength(file), OutboxIndex.NoneAcked);
        RandomAccess.SetLength(file, content.Length);
        // What a killed process wrote may not be on the disk yet, and is about to be sent.
        RandomAccess.FlushToDisk(file);
        return content;
    }

    Task AppendAsync(OutboxRecordType type, long seq, byte[] payload)
    {
        OutboxBatch batch;
        lock (gate)
        {
            ThrowIfBroken();
            batch = Add(type, seq, payload);
        }

        return CommitAsync(batch);
    }

    OutboxBatch Add(OutboxRecordType type, long seq, ReadOnlySpan<byte> payload)
    {
        OutboxFormat.Write(filling.Bytes, type, seq, OutboxTime.Of(clock.GetUtcNow()), payload);
        return filling;
    }

    /// <summary>Whoever comes first writes for all who came while the batch before was written.</summary>
    async Task CommitAsync(OutboxBatch batch)
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
            OutboxFile.Append(file, batch.Bytes.WrittenSpan, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // After a failed flush nobody knows what the disk has: only reading it again tells.
            lock (gate) broken = e;
            throw OutboxException.Storage(Path, e);
        }

        lock (gate)
        {
            for (var rest = batch.Bytes.WrittenMemory; !rest.IsEmpty;)
            {
                var size = OutboxFormat.RecordSize(rest.Span)!.Value;
                OutboxFormat.TryRead(rest[..size], length, out var record);
                index.Apply(record);
                length += size;
                rest = rest[size..];
            }

            batch.IsWritten = true;
            changed.SetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    void Compact(CancellationToken cancel)
    {
        long next;
        lock (gate)
        {
            ThrowIfBroken();
            next = nextSeq;
        }

        var now = clock.GetUtcNow();
        var compacted = OutboxFile.Guard(Path, () => OutboxCompaction.Prepare(
            Path, file, length, next, OutboxTime.Of(now), OutboxTime.Of(now - AckedLifetime), cancel));
        lock (gate)
        {
            try
            {
                OutboxFile.TakeName(Path);
                file.Dispose();
                file = OutboxFile.Open(Path);
                (index, length, lengthAtLeast) = (compacted.Index, compacted.Length, Math.Max(compacted.Length, LeastToCompact / 2));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Which of the two files has the name is not certain.
                broken = e;
                throw OutboxException.Storage(Path, e);
            }
        }
    }

    void ThrowIfBroken()
    {
        ObjectDisposedException.ThrowIf(broken is ObjectDisposedException, this);
        if (broken is not null) throw OutboxException.Storage(Path, broken);
    }

    /// <summary>Records that are written and flushed together.</summary>
    sealed class OutboxBatch
    {
        public ArrayBufferWriter<byte> Bytes { get; } = new();

        public bool IsWritten { get; set; }
    }
}
