using System.Buffers;
using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>
/// Makes the leaves of events that are older than the audit log, before the service takes its first request. A log that cannot
/// be completed is frozen, and keeps no other from it.
/// </summary>
public sealed partial class AuditBackfill(StoreConnections connections, TenantLogs logs, FrozenLogs frozen, ILogger<AuditBackfill> logger)
{
    const int Page = 8_192;

    /// <summary>Completes the log of every tenant; what was done before an interruption stays done.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var tenantId in await IncompleteAsync(cancel))
        {
            try
            {
                await CompleteAsync(tenantId, cancel);
            }
            catch (InstallationKeyException e)
            {
                NotCompleted(logger, tenantId, e.Message);
            }
        }
    }

    async Task CompleteAsync(string tenantId, CancellationToken cancel)
    {
        var log = await logs.FindAsync(tenantId, cancel)
            ?? throw new InvalidOperationException($"{tenantId} has a head and is no tenant");
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        var tree = new Peaks();
        try
        {
            while (await NextPageAsync(connection, log, tree, cancel)) Progress(logger, tenantId, tree.Size);
        }
        catch (AuditBackfillException e)
        {
            await frozen.FreezeAsync(log, tree.Size, null, null, e.Message);
        }
        catch (AuditRowsMissingException e)
        {
            await frozen.FreezeAsync(log, tree.Size, null, null, $"The leaf at position {e.Position} is missing.");
        }
    }

    async Task<List<string>> IncompleteAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_incomplete()");
        return await command.ReadTextsAsync(cancel);
    }

    /// <summary>One page in one transaction, under the head's lock; false when the log is complete.</summary>
    static async Task<bool> NextPageAsync(NpgsqlConnection connection, TenantLog log, Peaks tree, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var (position, leaves) = await HeadAsync(connection, log.TenantId, cancel);
        await AuditTables.FoldAsync(connection, log.TenantId, tree, leaves, cancel);

        var page = await ReadPageAsync(connection, log, leaves, cancel);
        var filled = new List<FilledTile>();
        tree.Append([.. page.Select(l => l.Hash)], filled);
        var isComplete = tree.Size == position;

        await using var batch = new NpgsqlBatch(connection);
        if (page.Count > 0)
        {
            AuditTables.AddLeaves([(log.TenantId, page)], batch);
            AuditTables.AddTiles([.. filled.Select(t => (log.TenantId, t))], batch);
        }

        if (isComplete)
        {
            batch.Add(
                "update stet.tenant_head set audit_peaks = $2 where tenant_id = $1", Scalar(log.TenantId), Scalar(tree.ToArray()));
        }
        else if (page.Count == 0)
        {
            throw new AuditBackfillException($"The event at position {tree.Size + 1} is missing.");
        }

        await batch.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(cancel);
        return !isComplete;
    }

    static async Task<(long Position, long Leaves)> HeadAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add(
            """
            select position, length(audit_peaks) not in (0, 32 * length(replace(position::bit(64)::text, '0', '')))
            from stet.tenant_head where tenant_id = $1 for update
            """, Scalar(tenantId));

        // A statement of its own: the one that waited for the lock does not see the leaves that another instance made meanwhile.
        batch.Add("select position from stet.audit_leaves where tenant_id = $1 order by position desc limit 1", Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        await rows.ReadAsync(cancel);
        var position = rows.GetInt64(0);
        if (rows.GetBoolean(1)) throw new AuditBackfillException($"The head of the log is at position {position} and has not as many peaks as that.");
        await rows.NextResultAsync(cancel);
        return (position, await rows.ReadAsync(cancel) ? rows.GetInt64(0) : 0);
    }

    static async Task<List<AuditLeaf>> ReadPageAsync(NpgsqlConnection connection, TenantLog log, long after, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"{AuditedEventRow.Select} where e.tenant_id = $1 and e.seq_id > $2 order by e.seq_id limit $3", connection)
            .With(Scalar(log.TenantId), Scalar(after), Scalar(Page));
        await using var rows = await command.ExecuteReaderAsync(cancel);
        var page = new List<AuditLeaf>();
        var canonical = new ArrayBufferWriter<byte>();
        while (await rows.ReadAsync(cancel))
        {
            var audited = AuditedEventRow.Read(rows);
            canonical.ResetWrittenCount();
            if (!CanonicalJson.TryWrite(rows.GetFieldValue<byte[]>(AuditedEventRow.Data), canonical, out var error, AuditAppender.MaxDepth))
                throw new AuditBackfillException($"The event at position {audited.Position} has no canonical form: {error.Pointer} {error.Reason}");
            page.Add(AuditLeaf.Of(log, audited, canonical.WrittenSpan, null));
        }

        return page;
    }

    [LoggerMessage(44, LogLevel.Information, "Audit log of {TenantId}: {Size} leaves made")]
    static partial void Progress(ILogger logger, string tenantId, long size);

    [LoggerMessage(46, LogLevel.Critical, "The audit log of {TenantId} cannot be completed: {Reason}")]
    static partial void NotCompleted(ILogger logger, string tenantId, string reason);
}

/// <summary>An event row as the audit log sees it.</summary>
static class AuditedEventRow
{
    /// <summary>The column of the data.</summary>
    public const int Data = 7;

    /// <summary>The columns, from <c>mt_events e</c>.</summary>
    public const string Select = """
        select e.seq_id, e.id, e.stream_id, e.version, e.timestamp, e.type, e.headers ->> 'actor_class', e.data
        from stet.mt_events e
        """;

    public static AuditedEvent Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetGuid(2), row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4),
        row.GetString(5), row.IsDBNull(6) ? "system" : row.GetString(6));
}

/// <summary>A log cannot be completed. The message says why, as a sentence for the operator.</summary>
sealed class AuditBackfillException(string message) : Exception(message);
