using Npgsql;

namespace Stet.EventStore;

/// <summary>What can be made again from the log: a projection's tables, or the snapshots of a state.</summary>
public sealed class RebuildTarget
{
    readonly IInlineProjection? projection;
    readonly StateType? state;

    RebuildTarget(string name, IReadOnlyList<string> tables, IInlineProjection? projection, StateType? state) =>
        (Name, Tables, this.projection, this.state) = (name, tables, projection, state);

    /// <summary>The projection's name, or the name of the snapshots' table.</summary>
    public string Name { get; }

    /// <summary>The tables that are written, unqualified.</summary>
    public IReadOnlyList<string> Tables { get; }

    /// <summary>Whether these are the snapshots of a state.</summary>
    public bool IsSnapshot => state is not null;

    /// <summary>The type of the streams that count; null when all do.</summary>
    internal string? StreamType => state?.StreamType;

    /// <summary>The tables of a projection.</summary>
    public static RebuildTarget Of(IInlineProjection projection) =>
        new(projection.Name, projection.Tables, projection, null);

    /// <summary>The snapshots of a state.</summary>
    /// <exception cref="ArgumentException">The state is folded each time and has none.</exception>
    public static RebuildTarget Of(StateType state) => state.SnapshotTable is { } table
        ? new(table, [table], null, state)
        : throw new ArgumentException($"state {state.StreamType} has no snapshots", nameof(state));

    /// <summary>Adds to the batch what the store's writer would have written for the events.</summary>
    internal async Task AddAsync(
        NpgsqlConnection connection, IReadOnlyList<StoredEvent> events, NpgsqlBatch batch, CancellationToken cancel)
    {
        if (projection is not null) projection.Project(events, batch);
        else UnitWrite.AddSnapshots(state!, await FoldAsync(connection, state!, events, cancel), batch);
    }

    static async Task<StreamSlot[]> FoldAsync(
        NpgsqlConnection connection, StateType state, IReadOnlyList<StoredEvent> events, CancellationToken cancel)
    {
        var slots = events.DistinctBy(e => e.StreamId)
            .ToDictionary(e => e.StreamId, e => new StreamSlot(e.TenantId, e.StreamId, state));
        StreamSlot[] ordered = [.. slots.Values];
        await using var load = new NpgsqlBatch(connection);
        UnitLoad.AddStates(state, ordered, load);
        await using var reader = await load.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var json = reader.GetFieldValue<byte[]>(2);
            ordered[reader.GetInt32(0) - 1].Load(reader.GetInt64(1), _ => state.ReadSnapshot(json));
        }

        foreach (var stored in events)
        {
            var slot = slots[stored.StreamId];
            slot.ThrowIfUnreadable();
            slot.State = state.Fold(slot.State, stored.Data);
            slot.Version = stored.Version;
        }

        return ordered;
    }
}
