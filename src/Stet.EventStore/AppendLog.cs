using Npgsql;

namespace Stet.EventStore;

/// <summary>
/// A log that is kept beside the events, in the transaction that appends them. It sees every event of a tenant in log
/// order, and folds the whole log into one value that the head row carries: its edge. What it made of events on top of an
/// edge is dropped when the head turns out to have moved.
/// </summary>
public interface IAppendLog
{
    /// <summary>The writer has connected to what may be another database than before.</summary>
    void Connected()
    {
    }

    /// <summary>Fetches what the log needs of these tenants (their keys, say), before their heads are locked.</summary>
    ValueTask PrepareAsync(IReadOnlyCollection<string> tenantIds, CancellationToken cancel);

    /// <summary>A tenant's part of a batch, on top of what its head row says.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="position">Of the newest event; 0 when there is none.</param>
    /// <param name="edge">What <see cref="IAppendLogPart.Seal"/> last gave; empty at first.</param>
    /// <param name="before">The part that stands there and is being committed; null: the head row says so.</param>
    IAppendLogPart Begin(string tenantId, long position, byte[] edge, IAppendLogPart? before);

    /// <summary>Adds the statements that write the parts, each of which holds an event and has been sealed.</summary>
    void Write(IReadOnlyList<IAppendLogPart> parts, NpgsqlBatch batch);
}

/// <summary>What one batch adds to the log of one tenant.</summary>
public interface IAppendLogPart
{
    /// <summary>How many events it holds.</summary>
    int Count { get; }

    /// <summary>Whether what comes next can only be decided when this is durable.</summary>
    bool HoldsUpNext { get; }

    /// <summary>Takes the next event.</summary>
    /// <exception cref="UnloggableEventException">The log cannot carry it: the command that decided it fails.</exception>
    void Add(AppendedEvent appended);

    /// <summary>Drops all but the first events: a command among them came to nothing.</summary>
    void Cut(int count);

    /// <summary>The new edge for the head row, once all events are in.</summary>
    /// <param name="receipts">Somebody waits for a proof of these events.</param>
    byte[] Seal(bool receipts);

    /// <summary>The transaction is durable.</summary>
    void Committed();
}

/// <summary>An event on its way into the database.</summary>
/// <param name="Event">The event.</param>
/// <param name="Type">Its stored name and shape.</param>
/// <param name="Json">Its body as it is stored.</param>
/// <param name="Metadata">What is stored beside it.</param>
public sealed record AppendedEvent(StoredEvent Event, EventType Type, byte[] Json, EventMetadata Metadata);

/// <summary>An event cannot be put into the append log.</summary>
/// <param name="pointer">JSON pointer (RFC 6901) to the offending member of the event's body.</param>
/// <param name="reason">What is wrong with it, as a sentence for the sender.</param>
public sealed class UnloggableEventException(string pointer, string reason) : Exception($"{pointer}: {reason}")
{
    /// <summary>JSON pointer to the offending member.</summary>
    public string Pointer { get; } = pointer;

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; } = reason;
}
