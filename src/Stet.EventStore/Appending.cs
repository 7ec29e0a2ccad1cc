namespace Stet.EventStore;

/// <summary>What is stored beside every event of a command.</summary>
/// <param name="ActorClass">The class of the caller, never a name: <c>application</c>, <c>enforcer</c>, <c>operator</c> ...</param>
/// <param name="CorrelationId">Groups what belongs to one piece of work; null when the caller named none.</param>
/// <param name="CausationId">What made the caller send this; null when the caller named none.</param>
/// <param name="TraceParent">W3C trace context of the request; null without one.</param>
/// <param name="Caller">Subject of the verified credential; null for the service itself.</param>
public sealed record EventMetadata(
    string ActorClass, string? CorrelationId = null, string? CausationId = null, string? TraceParent = null,
    string? Caller = null);

/// <summary>A command's own mark, so that sending it twice records it once.</summary>
/// <param name="Id">Made from scope and key by <see cref="StreamIds"/>.</param>
/// <param name="PayloadHash">SHA-256 of what was asked, 32 bytes; another hash under one id is a conflict.</param>
public sealed record IdempotencyMark(Guid Id, byte[] PayloadHash);

/// <summary>A decision to be taken on the newest state of one stream.</summary>
public abstract class StreamCommand(StateType state, Guid streamId)
{
    /// <summary>The stream's state type.</summary>
    public StateType State { get; } = state;

    /// <summary>The stream.</summary>
    public Guid StreamId { get; } = streamId;

    /// <summary>Null: the command is decided as often as it is sent.</summary>
    public IdempotencyMark? Idempotency { get; init; }

    /// <summary>
    /// Marks the request that the command is one of several of: under a mark that was left by another request nothing is
    /// recorded. Null: no mark holds them together.
    /// </summary>
    public IdempotencyMark? Request { get; init; }

    /// <summary>Marks what can be done once, under whatever key it is sent; null: it can be done again.</summary>
    public IdempotencyMark? Once { get; init; }

    /// <summary>The stream version the command was made for, 0 for a stream that must not exist; null: any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>All marks that the command has.</summary>
    internal IdempotencyMark[] Marks => field ??= [.. ((IdempotencyMark?[])[Idempotency, Once, Request]).OfType<IdempotencyMark>()];

    internal abstract IReadOnlyList<object>? Decide(object? state, DateTimeOffset now);
}

/// <inheritdoc />
/// <param name="state">The stream's state type.</param>
/// <param name="streamId">The stream.</param>
/// <param name="decide">
/// Pure: from the state (null for a new stream) and the time of recording to the events to record, an empty list for
/// nothing to record, or null for a refusal.
/// </param>
public sealed class StreamCommand<TState>(
    StateType<TState> state, Guid streamId, Func<TState?, DateTimeOffset, IReadOnlyList<object>?> decide)
    : StreamCommand(state, streamId)
    where TState : class
{
    internal override IReadOnlyList<object>? Decide(object? state, DateTimeOffset now) => decide((TState?)state, now);
}

/// <summary>How a command ended.</summary>
public enum AppendOutcome
{
    /// <summary>The events are durable.</summary>
    Recorded,

    /// <summary>The decision asked for no event.</summary>
    NothingToRecord,

    /// <summary>The decision refused.</summary>
    Refused,

    /// <summary>The same command was recorded before; the events are those of the first time.</summary>
    Repeated,

    /// <summary>The idempotency key belongs to a command with another payload.</summary>
    KeyConflict,

    /// <summary>The key of the request that the command is of belongs to another one.</summary>
    RequestConflict,

    /// <summary>What can be done once was done before, with another payload.</summary>
    DoneOtherwise,

    /// <summary>The stream is not at the expected version.</summary>
    VersionConflict,

    /// <summary>The tenant has not been created.</summary>
    UnknownTenant,

    /// <summary>Another command of the same request did not go through, so this one was not recorded either.</summary>
    NotRecorded,
}

/// <summary>The answer to one command.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Position">The tenant's log position that the answer reflects; that of the last event when recorded.</param>
/// <param name="Events">What was recorded, now or the first time; else empty.</param>
public sealed record AppendResult(AppendOutcome Outcome, long Position, IReadOnlyList<StoredEvent> Events)
{
    /// <summary>What the batch added to the append log, for a request that wanted a receipt and recorded something.</summary>
    public IAppendLogPart? Log { get; init; }

    /// <summary>For a repetition: how many events the first time recorded, the last of them at <see cref="Position"/>.</summary>
    internal int Count { get; init; }
}

/// <summary>An event whose body says which id it has.</summary>
public interface IIdentifiedEvent
{
    /// <summary>The event's id: a version-7 UUID of the time of recording, made anew for each decision.</summary>
    Guid EventId { get; }
}

/// <summary>An event as it stands in the log.</summary>
/// <param name="TenantId">Whose log.</param>
/// <param name="Position">Dense from 1 in the tenant's log, in commit order.</param>
/// <param name="Id">Version-7 UUID; that of the body, where it is an <see cref="IIdentifiedEvent"/>.</param>
/// <param name="StreamId">Its stream.</param>
/// <param name="Version">Dense from 1 in the stream.</param>
/// <param name="Timestamp">UTC with microseconds; never falls as positions rise.</param>
/// <param name="Data">The body, in its current shape.</param>
public sealed record StoredEvent(
    string TenantId, long Position, Guid Id, Guid StreamId, long Version, DateTimeOffset Timestamp, object Data);

/// <summary>The store cannot take a command now; nothing was recorded unless the message says it may have been.</summary>
/// <param name="message">What is going on, for a log.</param>
/// <param name="retryAfter">When another try makes sense.</param>
/// <param name="inner">What the database said.</param>
public class StoreUnavailableException(string message, TimeSpan retryAfter, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>When another try makes sense.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A newer version has changed the schema under this instance; nothing of the command was recorded.</summary>
/// <param name="inner">What the database said.</param>
public sealed class SchemaChangedException(Exception inner)
    : StoreUnavailableException("the schema was changed by a newer version: restart this instance with it", TimeSpan.FromSeconds(5), inner);

/// <summary>More commands wait than the store keeps; nothing of this one was recorded.</summary>
public sealed class StoreBusyException()
    : StoreUnavailableException("too many commands are waiting", TimeSpan.FromSeconds(1));
