using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>One batch of one tenant's events for one subscription: locked, read, handled, progress moved on.</summary>
sealed class SubscriptionTurn(
    NpgsqlConnection connection, EventCatalog catalog, ISubscription subscription, string tenantId)
{
    readonly string progress = $"stet:{subscription.Name}:{tenantId}";

    /// <summary>Takes the lock and reads what comes next; null when another instance has the lock.</summary>
    public async Task<Page?> ReadAsync(int limit, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch
            .EnterTenant(tenantId)
            .Add("select pg_try_advisory_lock(hashtextextended($1, 0))", Scalar(progress))
            .Add("select max(last_seq_id) from stet.mt_event_progression where name = $1", Scalar(progress))
            .Add($"""
                {LogReader.Select}
                where tenant_id = $1 and seq_id > coalesce(
                    (select last_seq_id from stet.mt_event_progression where name = $2), 0)
                order by seq_id limit $3
                """, Scalar(tenantId), Scalar(progress), Scalar(limit));
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        await reader.ReadAsync(cancel);
        if (!reader.GetBoolean(0)) return null;

        await reader.NextResultAsync(cancel);
        await reader.ReadAsync(cancel);
        var position = await reader.IsDBNullAsync(0, cancel) ? 0 : reader.GetInt64(0);
        await reader.NextResultAsync(cancel);
        var events = new List<StoredEvent>();
        while (await reader.ReadAsync(cancel))
        {
            try
            {
                var stored = LogReader.Read(reader, catalog);
                if (stored.Position != ++position)
                    throw new UnreadableEventException($"the log has no event at position {position}");
                events.Add(stored);
            }
            catch (Exception e) when (IsLasting(e, cancel)) // those before it are handled all the same
            {
                return new Page(events, new EventFailedException(reader.GetInt64(1), reader.GetString(6), e));
            }
        }

        return new Page(events, null);
    }

    /// <summary>Handles the events together or, when that fails, one by one up to the one that cannot be.</summary>
    public async Task HandleAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancel)
    {
        try
        {
            await CommitAsync(events, cancel);
        }
        catch (Exception e) when (events.Count > 1 && IsLasting(e, cancel))
        {
            foreach (var one in events) await HandleAsync([one], cancel);
        }
        catch (Exception e) when (IsLasting(e, cancel))
        {
            throw new EventFailedException(events[0].Position, catalog.TypeOf(events[0].Data).StoredName, e);
        }
    }

    public Task ReleaseAsync() => SessionLock.ReleaseAsync(connection, progress);

    async Task CommitAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch
            .EnterTenant(tenantId)
            .Add("select stet.advance($1, $2, $3)",
                Scalar(progress), Scalar(events[0].Position - 1), Scalar(events[^1].Position));
        await subscription.HandleAsync(events, batch, cancel);

        // What was done outside is done: from here on stopping would only do it twice.
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    static bool IsLasting(Exception e, CancellationToken cancel) =>
        e is not EventFailedException && !PassingFailure.Is(e)
        && !(e is OperationCanceledException && cancel.IsCancellationRequested);

    public sealed record Page(IReadOnlyList<StoredEvent> Events, EventFailedException? Unreadable);
}

/// <summary>One event cannot be read or handled; the inner exception says why.</summary>
sealed class EventFailedException(long position, string eventType, Exception reason) : Exception(reason.Message, reason)
{
    public long Position { get; } = position;

    public string EventType { get; } = eventType;
}
