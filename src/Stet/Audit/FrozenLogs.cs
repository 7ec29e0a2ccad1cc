using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>
/// The logs that contradict what was signed. They sign nothing more; their events go on. What another instance has frozen is
/// known a second later.
/// </summary>
public sealed partial class FrozenLogs(
    StoreConnections connections, TenantLogs logs, TimeProvider clock, ILogger<FrozenLogs> logger) : BackgroundService, IHealthCheck
{
    const int MostNamed = 3;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, string> frozen = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<(string TenantId, int Epoch), (DateTimeOffset At, string Reason)> unwritten = new();
    int begun;

    /// <summary>Stops a log from being signed, here at once and for good in the database, which is tried until it is done.</summary>
    /// <param name="log">The log.</param>
    /// <param name="size">Of which two roots are claimed.</param>
    /// <param name="ours">What the database leads to; null when it does not lead that far.</param>
    /// <param name="theirs">What was, or may have been, signed; null when nobody shows it.</param>
    /// <param name="reason">What was found, as a sentence for the operator.</param>
    public Task FreezeAsync(TenantLog log, long size, LogHash? ours, LogHash? theirs, string reason)
    {
        unwritten.TryAdd((log.TenantId, log.Epoch), (clock.GetUtcNow(), reason));
        Interlocked.Increment(ref begun);
        Note(log.TenantId, reason);
        Contradiction(logger, log.TenantId, size, ours?.ToString() ?? "none", theirs?.ToString() ?? "unknown", reason);
        return WriteAsync(log.TenantId, log.Epoch, CancellationToken.None);
    }

    /// <exception cref="AuditSigningRefusedException">The log is frozen.</exception>
    public void ThrowIfFrozen(string tenantId)
    {
        if (IsFrozen(tenantId)) throw new AuditSigningRefusedException();
    }

    /// <summary>Whether a log is known to be frozen.</summary>
    internal bool IsFrozen(string tenantId) => frozen.ContainsKey(tenantId);

    /// <summary>Marks the moment before a look at the database: it may not see what is frozen from here on, or already being frozen.</summary>
    internal int Look()
    {
        var seen = Volatile.Read(ref begun);
        return unwritten.IsEmpty ? seen : -1;
    }

    /// <summary>Takes over what the database says of a log.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="reason">Why it is frozen; null when it is not.</param>
    /// <param name="look">See <see cref="Look"/>.</param>
    internal void Set(string tenantId, string? reason, int look)
    {
        if (reason is not null) Note(tenantId, reason);
        else if (SawAll(look)) Release(tenantId);
    }

    /// <summary>Takes over what the database says of all logs, and tells it what could not be written.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        var look = Look();
        await using var command = connections.Writer.CreateCommand("select tenant_id, reason from stet.audit_frozen()");
        await using var rows = await command.ExecuteReaderAsync(cancel);
        var still = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancel))
        {
            still.Add(rows.GetString(0));
            Note(rows.GetString(0), rows.GetString(1));
        }

        if (SawAll(look))
        {
            foreach (var tenantId in frozen.Keys.Where(t => !still.Contains(t))) Release(tenantId);
        }

        foreach (var (tenantId, epoch) in unwritten.Keys) await WriteAsync(tenantId, epoch, cancel);
    }

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(frozen.OrderBy(f => f.Key, StringComparer.Ordinal).Take(MostNamed).ToArray() is { Length: > 0 } named
            ? HealthCheckResult.Unhealthy(
                $"frozen audit logs: {frozen.Count}, of the tenants {string.Join(' ', named.Select(f => $"{f.Key}: {f.Value}"))}"
                + (frozen.Count > named.Length ? $" `stet audit frozen` lists the other {frozen.Count - named.Length}." : "")
                + " Restore the newest database, or run `stet audit new-epoch --tenant ID --reason TEXT`.")
            : HealthCheckResult.Healthy());

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeated.RunAsync(RefreshAsync, Pause, clock, e => NotRefreshed(logger, e.Message), stoppingToken);

    async Task WriteAsync(string tenantId, int epoch, CancellationToken cancel)
    {
        if (!unwritten.TryGetValue((tenantId, epoch), out var freeze)) return;

        // Outside of the pool, all of which rounds that come here may hold.
        await using var connection = await connections.Subscriber.OpenConnectionAsync(cancel);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            update stet.audit_log set frozen_at = $3, frozen_reason = $4
            where tenant_id = $1 and epoch = $2 and frozen_at is null
            """, Scalar(tenantId), Scalar(epoch), Scalar(freeze.At.UtcDateTime), Scalar(freeze.Reason));
        await batch.ExecuteNonQueryAsync(cancel);
        unwritten.TryRemove((tenantId, epoch), out _);
    }

    bool SawAll(int look) => look == Volatile.Read(ref begun);

    void Note(string tenantId, string reason)
    {
        if (!frozen.TryAdd(tenantId, reason)) return;

        // It may be for a guard row that is ahead, in the way of those of later events: read again, it is known.
        logs.InMemory(tenantId)?.IsStale = true;
        AuditMetrics.Frozen.Add(1);
    }

    void Release(string tenantId)
    {
        if (!frozen.TryRemove(tenantId, out _)) return;

        // Only a new epoch ends it: what is in memory is of the old one.
        if (logs.InMemory(tenantId) is { } log) log.IsStale = true;
        AuditMetrics.Frozen.Add(-1);
    }

    [LoggerMessage(30, LogLevel.Critical, "The audit log of {TenantId} is frozen at size {Size}: here {Ours}, signed {Theirs}: {Reason}")]
    static partial void Contradiction(ILogger logger, string tenantId, long size, string ours, string theirs, string reason);

    [LoggerMessage(34, LogLevel.Warning, "Which audit logs are frozen cannot be read or written: {Reason}")]
    static partial void NotRefreshed(ILogger logger, string reason);
}

/// <summary>A log is not signed: it is frozen, the signature cannot be made or kept, or an epoch that ended has reserved the size.</summary>
/// <param name="cause">What kept the signature from being made or kept; null for the others.</param>
public sealed class AuditSigningRefusedException(Exception? cause = null) : Exception("the audit log does not sign", cause);

/// <summary>What is stored of a log is not what was written.</summary>
/// <param name="position">The first position that is affected; null when it is not about a single one.</param>
public sealed class AuditAlteredException(long? position) : Exception($"the audit log was altered at position {position}")
{
    /// <summary>The first position that is affected; null when it is not about a single one.</summary>
    public long? Position { get; } = position;
}
