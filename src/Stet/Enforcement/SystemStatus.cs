using Stet.EventStore;
using Stet.Outages;

namespace Stet.Enforcement;

/// <summary>Whether a system reports as often as it should.</summary>
public enum ReportingStatus
{
    /// <summary>Its last heartbeat is at most interval × grace old, outages of the service left out.</summary>
    Ok,

    /// <summary>It is older.</summary>
    Stale,

    /// <summary>It never reported.</summary>
    Missing,
}

/// <summary>Whether a system enforces what it should, as its last heartbeat says; the first that holds, from the top.</summary>
public enum Compliance
{
    /// <summary>It never reported.</summary>
    Unknown,

    /// <summary>It reported errors.</summary>
    Rejecting,

    /// <summary>Its position or sequence was lower than one reported before.</summary>
    Regressed,

    /// <summary>FACT corrections in its scope have been recorded since what it enforces.</summary>
    Lagging,

    /// <summary>It enforces everything in its scope.</summary>
    Current,
}

/// <summary>The corrections that a system does not enforce yet, as its last heartbeat says.</summary>
/// <param name="Corrections">FACT corrections in its scope, recorded after what it enforces, superseded and revoked ones included.</param>
/// <param name="Seconds">The age of the oldest of them; 0 when there is none.</param>
/// <param name="More">
/// There may be others: the oldest 1,000 corrections after what it enforces are looked at, in scope or not, and if none of
/// those is, the oldest 1,000 in scope. A system that reports the position it has read to is never that far behind.
/// </param>
public sealed record Lag(long Corrections, long Seconds, bool More)
{
    /// <summary>How many corrections are looked at; <c>stet.enforcement_lag</c> has the same number.</summary>
    public const int Examined = 1_000;

    /// <summary>Whether the system is behind at all.</summary>
    internal bool IsBehind => Corrections > 0;

    // The oldest is known for certain, how many there are is not when there may be more.
    internal bool IsBeyond(LagAllowance? allowance) =>
        IsBehind && (allowance is null || Seconds > allowance.Seconds || (allowance.Corrections is { } most && (More || Corrections > most)));
}

/// <summary>How one system does.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Status">OK, STALE or MISSING.</param>
/// <param name="Compliance">CURRENT, LAGGING, REGRESSED, REJECTING or UNKNOWN.</param>
/// <param name="EnforcedCorrectionVersion">As it reported last; null when it never did.</param>
/// <param name="EnforcedPosition">As it reported last; null when it did not say.</param>
/// <param name="ReportedAt">When it reported last, by the server's clock; null when it never did.</param>
/// <param name="SilentSeconds">How long ago that is, outages of the service left out; how far ahead, where the clock was set back by more than a second.</param>
/// <param name="IntervalSeconds">How often it reports.</param>
/// <param name="GraceMultiplier">After how many intervals it is stale.</param>
/// <param name="Lag">What it does not enforce yet; null when it never reported.</param>
/// <param name="Allowance">How far it may lag behind; null: not at all.</param>
/// <param name="Errors">As it reported last.</param>
/// <param name="Registered">Whether it is registered, and not only heard of.</param>
/// <param name="Owner">Whom to ask about it.</param>
/// <param name="Muted">Whether it does not escalate now.</param>
/// <param name="MutedUntil">Until when it does not.</param>
/// <param name="MutedReason">Why it does not.</param>
public sealed record SystemStatus(
    string SystemId, ReportingStatus Status, Compliance Compliance, DateTimeOffset? EnforcedCorrectionVersion,
    long? EnforcedPosition, DateTimeOffset? ReportedAt, long? SilentSeconds, int IntervalSeconds, decimal GraceMultiplier,
    Lag? Lag, LagAllowance? Allowance, StringSet Errors, bool Registered, string? Owner, bool Muted,
    DateTimeOffset? MutedUntil, string? MutedReason)
{
    /// <summary>What the read model says of a system at a moment.</summary>
    /// <param name="row">The system and what it does not enforce.</param>
    /// <param name="outages">Times in which the service itself was away.</param>
    /// <param name="defaults">What is expected of a system without settings.</param>
    /// <param name="now">UTC, microseconds.</param>
    public static SystemStatus Of(
        SystemRow row, IReadOnlyList<Outage> outages, Expectation defaults, DateTimeOffset now)
    {
        var (system, behind) = row;
        var settings = system.Settings;
        var interval = settings?.IntervalSeconds ?? defaults.IntervalSeconds;
        var grace = settings?.GraceMultiplier ?? defaults.GraceMultiplier;
        var last = system.Heartbeat;
        var silence = SilenceOf(last?.ReportedAt, outages, now);
        var lag = last is null ? null : LagOf(behind, now);

        return new SystemStatus(
            system.SystemId, StatusOf(silence, interval, grace), ComplianceOf(last, lag), last?.EnforcedCorrectionVersion,
            last?.EnforcedPosition, last?.ReportedAt, (long?)silence?.TotalSeconds, interval, grace, lag, settings?.Allowance,
            last?.Errors ?? StringSet.Empty, settings is not null, settings?.Owner, settings?.MutedUntil > now,
            settings?.MutedUntil, settings?.MutedReason);
    }

    /// <summary>
    /// How long ago a system reported. A report that is more than a second ahead is older than a clock that was set back: how
    /// much, nobody knows, and it counts as old as it is ahead.
    /// </summary>
    static TimeSpan? SilenceOf(DateTimeOffset? reportedAt, IReadOnlyList<Outage> outages, DateTimeOffset now) => reportedAt switch
    {
        null => null,
        { } at when at - now > Store.ClockTolerance => at - now,
        { } at => Outage.TimeOutside(outages, at, now),
    };

    static ReportingStatus StatusOf(TimeSpan? silence, int interval, decimal grace)
    {
        if (silence is null) return ReportingStatus.Missing;

        var allowed = TimeSpan.FromTicks((long)(interval * grace * TimeSpan.TicksPerSecond));
        return silence <= allowed ? ReportingStatus.Ok : ReportingStatus.Stale;
    }

    static Compliance ComplianceOf(LastHeartbeat? last, Lag? lag) => (last, lag) switch
    {
        (null, _) => Compliance.Unknown,
        ({ Errors.Count: > 0 }, _) => Compliance.Rejecting,
        ({ Regressed: true }, _) => Compliance.Regressed,
        (_, { IsBehind: true }) => Compliance.Lagging,
        _ => Compliance.Current,
    };

    static Lag LagOf(FactsBehind behind, DateTimeOffset now) => new(
        behind.Corrections, behind.Oldest is { } oldest && oldest < now ? (long)(now - oldest).TotalSeconds : 0, behind.More);
}

/// <summary>The answer to <c>GET /v1/enforcement/status</c>.</summary>
/// <param name="EvaluatedAt">The moment that it speaks of, by the server's clock.</param>
/// <param name="HeartbeatIntervalSeconds">The tenant's default interval, or else the service's.</param>
/// <param name="HeartbeatGraceMultiplier">The tenant's default grace, or else the service's.</param>
/// <param name="Systems">By their names; retired ones are left out.</param>
/// <param name="Outages">Times in which the service itself was away, left out of these systems' silence.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record StatusAnswer(
    DateTimeOffset EvaluatedAt, int HeartbeatIntervalSeconds, decimal HeartbeatGraceMultiplier,
    IReadOnlyList<SystemStatus> Systems, IReadOnlyList<Outage> Outages, long Position)
{
    /// <summary>What the read model says of a tenant's systems at a moment.</summary>
    /// <param name="snapshot">What the database showed.</param>
    /// <param name="systemId">The one system that was asked for, which is missing if nobody heard of it; null: all.</param>
    /// <param name="service">What the service expects of a system without settings, unless the tenant says otherwise.</param>
    /// <param name="now">UTC, microseconds.</param>
    public static StatusAnswer Of(
        EnforcementSnapshot snapshot, string? systemId, EnforcementOptions service, DateTimeOffset now)
    {
        var defaults = Expectation.Of(snapshot.Defaults, service);
        var rows = systemId is not null && snapshot.Systems.Count == 0
            ? [new SystemRow(new EnforcingSystem(systemId, null, null, null, null, null, null), FactsBehind.None)]
            : snapshot.Systems;
        SystemStatus[] systems =
        [
            .. rows.Where(r => r.System.RetiredAt is null).OrderBy(r => r.System.SystemId, StringComparer.Ordinal)
                .Select(r => SystemStatus.Of(r, snapshot.Outages, defaults, now)),
        ];
        var since = systems.Min(s => s.ReportedAt);

        return new StatusAnswer(
            now, defaults.IntervalSeconds, defaults.GraceMultiplier, systems,
            [.. snapshot.Outages.Where(o => o.EndedAt > since && o.StartedAt < now).OrderBy(o => o.StartedAt)],
            snapshot.Position);
    }
}
