using System.Text.Json;

namespace Stet.EventStore;

sealed record NewAnswer(string TenantId, Guid Id, byte[] PayloadHash, long Position, int Count);

sealed class TenantSlot(string id)
{
    public string Id { get; } = id;

    public bool Exists { get; private set; }

    /// <summary>Of the newest event before the batch.</summary>
    public long LoadedPosition { get; private set; }

    /// <summary>The append log's edge before the batch.</summary>
    public byte[] LoadedEdge { get; private set; } = [];

    public long Position { get; set; }

    public bool Changed => Position > LoadedPosition;

    public DateTimeOffset Now { get; private set; }

    public IAppendLogPart? Log { get; private set; }

    /// <summary>Of streams, as they are before the batch or before the one that is being committed; null: none is known.</summary>
    public IReadOnlyDictionary<Guid, long>? Versions { get; set; }

    /// <summary>The append log's edge after the batch, once it is sealed.</summary>
    public byte[] Edge { get; private set; } = [];

    public void Load(long position, DateTimeOffset lastAt, byte[] edge, DateTimeOffset now, IAppendLog? log) =>
        Begin(position, lastAt, edge, now, log?.Begin(Id, position, edge, before: null));

    /// <summary>Goes on from what a batch makes of the tenant that is being committed.</summary>
    public void Follow(TenantSlot before, DateTimeOffset now, IAppendLog? log) => Begin(
        before.Position, before.Now, before.Edge, now,
        log?.Begin(Id, before.Position, before.Edge, before.Changed ? before.Log : null));

    public void Seal(bool receipts) => Edge = Log?.Seal(receipts) ?? [];

    void Begin(long position, DateTimeOffset lastAt, byte[] edge, DateTimeOffset now, IAppendLogPart? part)
    {
        (Exists, LoadedPosition, Position, LoadedEdge, Edge, Log) = (true, position, position, edge, edge, part);

        // INVARIANT: a tenant's timestamps rise from batch to batch, so "newer than" means the same by time and by position.
        var atLeast = lastAt == DateTimeOffset.MinValue ? lastAt : lastAt.AddMicroseconds(1);
        Now = now > atLeast ? now : atLeast;
    }
}

sealed class StreamSlot(string tenantId, Guid streamId, StateType type, long version = 0)
{
    Exception? unreadable;

    public string TenantId { get; } = tenantId;

    public Guid StreamId { get; } = streamId;

    public StateType Type { get; } = type;

    public long LoadedVersion { get; private set; } = version;

    public long Version { get; set; } = version;

    public object? State { get; set; }

    public bool Changed => Version != LoadedVersion;

    /// <summary>The same stream, as the batch that is being committed leaves it.</summary>
    public StreamSlot Next() => new(TenantId, StreamId, Type, Version) { unreadable = unreadable, State = State };

    public void Load(long version, Func<object?, object?> state)
    {
        (LoadedVersion, Version) = (version, version);
        try
        {
            State = state(State);
        }
        catch (Exception e) when (e is UnreadableEventException or JsonException)
        {
            unreadable = e;
        }
    }

    public void ThrowIfUnreadable()
    {
        if (unreadable is not null) throw new UnreadableEventException($"stream {StreamId} cannot be read: {unreadable.Message}", unreadable);
    }
}
