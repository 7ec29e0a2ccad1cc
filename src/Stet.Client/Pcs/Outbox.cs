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
    readonly TimeProvider clock;
    readonly FileStream held;
    readonly OutboxJournal journal;
    OutboxIndex index;
    TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long lengthAtLeast = LeastToCompact / 2;
    long nextSeq;

    Outbox(string path, TimeProvider clock, FileStream held, SafeFileHandle file, OutboxContent content, long tornBytes)
    {
        (Path, this.clock, this.held, index, nextSeq, TornBytes) = (path, clock, held, content.Index, content.NextSeq, tornBytes);
        journal = new OutboxJournal(path, file, content.Length, gate, Apply);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>How many bytes of a torn record were cut off its end when it was opened.</summary>
    public long TornBytes { get; }

    /// <summary>How many documents are in which state, as far as the disk knows.</summary>
    public OutboxCounts Counts
    {
        get
        {
            lock (gate) return new OutboxCounts(index.Pending.Count, index.Dead.Count, index.AckedCount, journal.Length);
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
                    var length = RandomAccess.GetLength(opened);
                    var content = Recover(path, opened, length);
                    return new Outbox(path, clock, claim, opened, content, length - content.Length);
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
            journal.ThrowIfBroken();
            seq = nextSeq;
            if (seq > OutboxFormat.GreatestSeq) throw OutboxException.Full(Path);
            var document = make(seq);
            if (document.Length > OutboxFormat.GreatestPayload)
                throw new AgentException($"A document of {document.Length} bytes does not fit: a record has at most 2 MiB.");

            nextSeq++;
            batch = Add(OutboxRecordType.Enqueue, seq, document);
            if (checkpoint is not null) Add(OutboxRecordType.Checkpoint, 0, checkpoint.ToJson());
        }

        await journal.CommitAsync(batch);
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
        OutboxBatch? batch = null;
        long[] all;
        lock (gate)
        {
            journal.ThrowIfBroken();
            all = seqs is null ? [.. index.Dead.Keys] : [.. seqs.Distinct()];
            foreach (var seq in all)
            {
                if (!index.Dead.ContainsKey(seq))
                    throw new AgentException($"{seq} is not the number of a dead letter: `list --state dead` shows them.");
            }

            foreach (var seq in all) batch = Add(OutboxRecordType.Retry, seq, []);
        }

        if (batch is not null) await journal.CommitAsync(batch);
        return all.Length;
    }

    /// <summary>
    /// Rewrites the file without what is settled: pending and dead documents, those delivered in the last 14 days and the
    /// last checkpoint of each source stay. A crash at any byte leaves the old file or the new one.
    /// </summary>
    /// <exception cref="OutboxException">The disk refuses, or a record is damaged. The file is as it was.</exception>
    public Task CompactAsync(CancellationToken cancel = default) =>
        journal.ReplaceAsync((file, length) => Compact(file, length, cancel), Take, cancel);

    /// <summary>Compacts a file that is large, and twice as long as compaction left it.</summary>
    public Task CompactIfWorthwhileAsync(CancellationToken cancel = default)
    {
        lock (gate)
            if (journal.Length < 2 * lengthAtLeast) return Task.CompletedTask;

        return CompactAsync(cancel);
    }

    /// <summary>Closes the file. Everything that was appended is in it.</summary>
    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        await held.DisposeAsync();
    }

    /// <summary>The pending document with the lowest number, some apart.</summary>
    internal (long Seq, byte[] Document)? NextPending(IReadOnlyCollection<long> except)
    {
        lock (gate)
        {
            journal.ThrowIfBroken();
            foreach (var (seq, place) in index.Pending)
                if (!except.Contains(seq)) return (seq, journal.Read(place)[OutboxFormat.LeastRecord..]);
        }

        return null;
    }

    internal Task AckAsync(long seq, OutboxReceipt receipt) => AppendAsync(OutboxRecordType.Ack, seq, receipt.ToJson());

    internal Task BuryAsync(long seq, OutboxVerdict verdict) => AppendAsync(OutboxRecordType.Dead, seq, verdict.ToJson());

    static OutboxContent Recover(string path, SafeFileHandle file, long length)
    {
        var content = OutboxContent.Read(path, file, length, OutboxIndex.NoneAcked);
        RandomAccess.SetLength(file, content.Length);
        // What a killed process wrote may not be on the disk yet, and is about to be sent.
        RandomAccess.FlushToDisk(file);
        return content;
    }

    Task AppendAsync(OutboxRecordType type, long seq, byte[] payload)
    {
        OutboxBatch batch;
        lock (gate) batch = Add(type, seq, payload);
        return journal.CommitAsync(batch);
    }

    OutboxBatch Add(OutboxRecordType type, long seq, ReadOnlySpan<byte> payload) =>
        journal.Add(type, seq, OutboxTime.Of(clock.GetUtcNow()), payload);

    void Apply(IReadOnlyList<OutboxRecord> records)
    {
        foreach (var record in records) index.Apply(record);
        changed.SetResult();
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    OutboxContent Compact(SafeFileHandle file, long length, CancellationToken cancel)
    {
        long next;
        lock (gate) next = nextSeq;
        var now = clock.GetUtcNow();
        return OutboxCompaction.Prepare(
            Path, file, length, next, OutboxTime.Of(now), OutboxTime.Of(now - AckedLifetime), cancel);
    }

    void Take(OutboxContent compacted) =>
        (index, lengthAtLeast) = (compacted.Index, Math.Max(compacted.Length, LeastToCompact / 2));
}
