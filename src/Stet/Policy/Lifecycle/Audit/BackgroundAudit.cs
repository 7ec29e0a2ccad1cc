using System.Data;
using System.Diagnostics.Metrics;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// Evaluates every recorded decision again, within the interval and after an upgrade of the engine, slowly enough to be
/// no burden. Any number of instances may run: a tenant is left to one of them at a time.
/// </summary>
sealed class BackgroundAudit(
    StoreConnections connections, TenantAudit audit, PolicyAuditMetrics metrics, PolicyOptions options, TimeProvider clock,
    ILogger<BackgroundAudit> logger)
    : BackgroundService
{
    const int MostTenants = 1_000;

    static readonly TimeSpan pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Begin();
        await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Repeated.RunAsync(RoundAsync, pause, clock, e => PolicyAuditLog.Away(logger, e.Message), stoppingToken);
    }

    /// <summary>Audits all tenants that are due now.</summary>
    internal async Task RoundAsync(CancellationToken cancel)
    {
        // Its locks end with it, whatever happens.
        await using var connection = await connections.Subscriber.OpenConnectionAsync(cancel);
        foreach (var tenantId in await DueAsync(connection, cancel))
        {
            var began = clock.GetTimestamp();
            try
            {
                await audit.RunAsync(connection, tenantId, from: null, asker: null, async token =>
                {
                    await Task.Delay(clock.GetElapsedTime(began) * ((1 / options.AuditShare) - 1), clock, token);
                    began = clock.GetTimestamp();
                }, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested && connection.State == ConnectionState.Open)
            {
                // One tenant's trouble is nobody else's, whatever it is.
                PolicyAuditLog.Unreadable(logger, tenantId, e.Message);
            }
        }
    }

    async Task<List<string>> DueAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select stet.policy_audit_due($1, $2, $3)", connection)
            .With(Scalar(ValidatePolicy.Engine), Scalar((clock.GetUtcNow() - options.AuditInterval).UtcDateTime), Scalar(MostTenants));
        return await command.ReadTextsAsync(cancel);
    }
}

/// <summary>What the self-audit of decisions shows of itself.</summary>
sealed class PolicyAuditMetrics
{
    readonly Counter<long> decisions;
    readonly Counter<long> mismatches;
    readonly Counter<long> unreplayable;

    public PolicyAuditMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Stet");
        decisions = meter.CreateCounter<long>("stet.policy.audit.decisions", "{decision}", "Recorded decisions evaluated again.");
        mismatches = meter.CreateCounter<long>(
            "stet.policy.audit.mismatches", "{decision}", "Recorded decisions that came out otherwise.");
        unreplayable = meter.CreateCounter<long>(
            "stet.policy.audit.unreplayable", "{decision}", "Recorded decisions that cannot be read, or are not what their digest says.");
    }

    /// <summary>Begins series at zero, once telemetry listens: one that begins with its first count hides that one from whoever watches how it grows.</summary>
    public void Begin() => Audited(0, 0, 0);

    public void Audited(long evaluated, long differing, long unreadable)
    {
        decisions.Add(evaluated);
        mismatches.Add(differing);
        unreplayable.Add(unreadable);
    }
}

static partial class PolicyAuditLog
{
    [LoggerMessage(61, LogLevel.Error, "Decision {EvaluationId} of {TenantId} at position {Position} does not come out of what was recorded with it")]
    public static partial void Mismatch(ILogger logger, string tenantId, long position, Guid evaluationId);

    [LoggerMessage(63, LogLevel.Error, "Decisions of {TenantId} cannot be audited: {Reason}")]
    public static partial void Unreadable(ILogger logger, string tenantId, string reason);

    [LoggerMessage(62, LogLevel.Warning, "Decisions cannot be audited now and will be later: {Reason}")]
    public static partial void Away(ILogger logger, string reason);
}
