using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>What an outbox holds, read beside the agent that uses it: nothing is locked or changed.</summary>
public sealed class OutboxListing : IDisposable
{
    readonly string path;
    readonly SafeFileHandle file;
    readonly OutboxIndex index;

    OutboxListing(string path, SafeFileHandle file, OutboxContent content)
    {
        (this.path, this.file, index) = (path, file, content.Index);
        Counts = new OutboxCounts(index.Pending.Count, index.Dead.Count, index.AckedCount, content.Length);
    }

    /// <summary>How many documents are in which state.</summary>
    public OutboxCounts Counts { get; }

    /// <summary>The last checkpoint of each source.</summary>
    public IEnumerable<OutboxCheckpoint> Checkpoints =>
        index.Checkpoints.Values.Select(c => c.Checkpoint).Where(c => c.Source.Length > 0);

    /// <inheritdoc cref="OutboxIndex.Unmarked"/>
    internal long? Unmarked => index.Unmarked;

    /// <summary>Reads an outbox as it is now.</summary>
    /// <exception cref="OutboxException">There is none, it is damaged, or it cannot be read.</exception>
    public static OutboxListing Read(string path, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return OutboxFile.Guard(path, () =>
        {
            var opened = OutboxFile.OpenToRead(path);
            try
            {
                return new OutboxListing(
                    path, opened, OutboxContent.Read(path, opened, RandomAccess.GetLength(opened), ackedSince: long.MinValue, cancel));
            }
            catch
            {
                opened.Dispose();
                throw;
            }
        });
    }

    /// <summary>The documents in a state, or all of them, each state in order of their numbers.</summary>
    public IEnumerable<OutboxEntry> Entries(OutboxState? state = null)
    {
        if (state is null or OutboxState.Pending)
            foreach (var (seq, place) in index.Pending) yield return Document(seq, OutboxState.Pending, place);
        if (state is null or OutboxState.Dead)
            foreach (var (seq, decided) in index.Dead) yield return Decided(seq, OutboxState.Dead, decided);
        if (state is null or OutboxState.Acked)
            foreach (var (seq, decided) in index.Acked) yield return Decided(seq, OutboxState.Acked, decided);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    OutboxEntry Document(long seq, OutboxState state, OutboxPlace place)
    {
        using var document = OutboxJson.TryParse(Payload(place));
        var enqueuedAt = OutboxTime.Read(place.Time);
        return document?.RootElement is { } json
            ? new OutboxEntry(
                seq, state, enqueuedAt, OutboxJson.Text(json, "pcs_id"u8), OutboxJson.Text(json, "shard_id"u8),
                OutboxJson.Integer(json, "epoch"u8))
            : new OutboxEntry(seq, state, enqueuedAt, null, null, null);
    }

    OutboxEntry Decided(long seq, OutboxState state, OutboxDecision decided)
    {
        var entry = Document(seq, state, decided.Document) with { DecidedAt = OutboxTime.Read(decided.Decision.Time) };
        using var decision = OutboxJson.TryParse(Payload(decided.Decision));
        if (decision?.RootElement is not { } json) return entry;

        return entry with
        {
            Status = (int?)OutboxJson.Integer(json, "status"u8),
            Outcome = OutboxJson.Text(json, "outcome"u8),
            Position = OutboxJson.Integer(json, "position"u8),
            Code = OutboxJson.Text(json, "code"u8),
            Detail = OutboxJson.Text(json, "detail"u8),
            Attempts = (int?)OutboxJson.Integer(json, "attempts"u8),
        };
    }

    ReadOnlyMemory<byte> Payload(OutboxPlace place) =>
        OutboxFile.Guard(path, () => OutboxFile.ReadRecord(path, file, place)).AsMemory(OutboxFormat.LeastRecord);
}
