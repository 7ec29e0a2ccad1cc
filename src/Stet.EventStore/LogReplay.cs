using System.Diagnostics;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>Carries every tenant's events into the shadow tables, chunk by chunk, up to a head that moves on.</summary>
sealed class LogReplay(
    NpgsqlConnection connection, EventCatalog catalog, RebuildTarget target, IProgress<RebuildProgress>? progress)
{
    const int Chunk = 2000;

    /// <summary>Few enough to be replayed while writers wait.</summary>
    const int Tail = 1000;

    readonly Dictionary<string, long> positions = new(StringComparer.Ordinal);
    readonly long started = Stopwatch.GetTimestamp();

    /// <summary>Events of the log that were replayed.</summary>
    public long Done { get; private set; }

    /// <summary>Replays until only a tail is left that was written in the meantime.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        while (await PassAsync(cancel) > Tail) { }
    }

    /// <summary>Replays to the heads that are there now.</summary>
    /// <returns>How many events that took.</returns>
    public async Task<long> PassAsync(CancellationToken cancel)
    {
        var before = Done;
        var heads = await HeadsAsync(cancel);
        var total = heads.Sum(h => h.Position);
        foreach (var (tenantId, head) in heads)
        {
            var position = positions.GetValueOrDefault(tenantId);
            while (position < head)
            {
                var next = Math.Min(position + Chunk, head);
                await ReplayAsync(tenantId, position, next, cancel);
                Done += next - position;
                positions[tenantId] = position = next;
                var rate = Done / Stopwatch.GetElapsedTime(started).TotalSeconds;
                progress?.Report(new RebuildProgress(target.Name, Done, total, rate));
            }
        }

        return Done - before;
    }

    async Task<IReadOnlyList<(string TenantId, long Position)>> HeadsAsync(CancellationToken cancel)
    {
        var heads = new List<(string, long)>();
        await using var command = new NpgsqlCommand(
            "select tenant_id, position from stet.tenant_head order by tenant_id", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) heads.Add((reader.GetString(0), reader.GetInt64(1)));
        return heads;
    }

    async Task ReplayAsync(string tenantId, long after, long upTo, CancellationToken cancel)
    {
        var events = await ReadAsync(tenantId, after, upTo, cancel);
        if (target.StreamType is null && events.Count != upTo - after)
            throw new RebuildException(
                $"the log of tenant {tenantId} lacks events between positions {after + 1} and {upTo}");
        if (events.Count == 0) return;

        try
        {
            await using var batch = new NpgsqlBatch(connection);
            await target.AddAsync(connection, events, batch, cancel);
            if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException && !PassingFailure.Is(e))
        {
            throw new RebuildException(
                $"{target.Name} cannot take the events of tenant {tenantId} from position {after + 1} to {upTo}: "
                + e.Message, e);
        }
    }

    async Task<IReadOnlyList<StoredEvent>> ReadAsync(string tenantId, long after, long upTo, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"""
            {LogReader.Select}
            where tenant_id = $1 and seq_id > $2 and seq_id <= $3
            """, connection).With(Scalar(tenantId), Scalar(after), Scalar(upTo));
        if (target.StreamType is { } streamType)
        {
            command.CommandText += """
                 and exists (select from stet.mt_streams s
                    where s.tenant_id = mt_events.tenant_id and s.id = mt_events.stream_id and s.type = $4)
                """;
            command.Parameters.Add(Scalar(streamType));
        }

        command.CommandText += " order by seq_id";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var events = new List<StoredEvent>();
        while (await reader.ReadAsync(cancel))
        {
            try
            {
                events.Add(LogReader.Read(reader, catalog));
            }
            catch (UnreadableEventException e)
            {
                throw new RebuildException($"tenant {tenantId}, position {reader.GetInt64(1)}: {e.Message}", e);
            }
        }

        return events;
    }
}
