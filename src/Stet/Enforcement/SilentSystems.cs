using System.Diagnostics.Metrics;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Enforcement;

/// <summary>
/// Counts the systems of all tenants that are silent, for whoever watches the service. Who is muted or retired is not
/// counted. Every instance counts the same.
/// </summary>
sealed partial class SilentSystems : BackgroundService
{
    static readonly TimeSpan pause = TimeSpan.FromSeconds(15);

    readonly StoreConnections connections;
    readonly EnforcementOptions options;
    readonly TimeProvider clock;
    readonly ILogger<SilentSystems> logger;
    Counts? counts;

    public SilentSystems(
        StoreConnections connections, EnforcementOptions options, IMeterFactory meters, TimeProvider clock, ILogger<SilentSystems> logger)
    {
        (this.connections, this.options, this.clock, this.logger) = (connections, options, clock, logger);
        meters.Create("Stet").CreateObservableGauge(
            "stet.enforcement.silent", Measure, "{system}", "Systems of all tenants that are late (stale) or never reported (missing).");
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeated.RunAsync(CountAsync, pause, clock, e => NotCounted(logger, e.Message), stoppingToken);

    /// <summary>Late ones, as counted last; null: they never were.</summary>
    internal long? Stale => Volatile.Read(ref counts)?.Stale;

    /// <summary>Those that never reported, as counted last; null: they never were.</summary>
    internal long? Missing => Volatile.Read(ref counts)?.Missing;

    /// <summary>Counts as of now.</summary>
    internal async Task CountAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select stale, missing from stet.enforcement_silence($1, $2, $3)")
            .With(Scalar(clock.GetUtcNow().UtcDateTime), Scalar(options.IntervalSeconds), Scalar(options.GraceMultiplier));
        await using var row = await command.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        Volatile.Write(ref counts, new Counts(row.GetInt64(0), row.GetInt64(1)));
    }

    IEnumerable<Measurement<long>> Measure() => Volatile.Read(ref counts) is { } known
        ?
        [
            new(known.Stale, new KeyValuePair<string, object?>("status", "stale")),
            new(known.Missing, new KeyValuePair<string, object?>("status", "missing")),
        ]
        : [];

    sealed record Counts(long Stale, long Missing);

    [LoggerMessage(80, LogLevel.Warning, "Silent systems cannot be counted, the metric stands still: {Reason}")]
    static partial void NotCounted(ILogger logger, string reason);
}
