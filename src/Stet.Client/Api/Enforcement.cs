using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>What is expected of a system that enforces corrections; what is left out has its default.</summary>
public sealed record SystemSettings
{
    /// <summary>It reports this often, 1 to 604,800 seconds; null: the tenant's default.</summary>
    public int? IntervalSeconds { get; init; }

    /// <summary>It is late after this many intervals, 1 to 100; null: the tenant's default.</summary>
    public decimal? GraceMultiplier { get; init; }

    /// <summary>The fields it enforces: field keys, or prefixes that end in <c>.*</c>; null or empty: all.</summary>
    public IReadOnlyList<string>? Scope { get; init; }

    /// <summary>How far it may lag behind before it escalates; null: not at all.</summary>
    public LagAllowance? Allowance { get; init; }

    /// <summary>Whom to ask about it, at most 200 characters.</summary>
    public string? Owner { get; init; }

    /// <summary>It does not escalate until then; null: it does.</summary>
    public DateTimeOffset? MutedUntil { get; init; }

    /// <summary>Why, 1 to 500 characters; needed with <see cref="MutedUntil"/>, refused without.</summary>
    public string? MutedReason { get; init; }
}

/// <summary>How far a system may lag behind before it escalates; it needs one of the two.</summary>
/// <param name="Corrections">This many corrections, 0 to 999; null: any number.</param>
/// <param name="Seconds">Corrections this old, 0 to 31,536,000 seconds; null: of any age.</param>
public sealed record LagAllowance(int? Corrections = null, int? Seconds = null);

/// <summary>A system that enforces corrections.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="IntervalSeconds">It reports this often; null: the tenant's default.</param>
/// <param name="GraceMultiplier">It is late after this many intervals; null: the tenant's default.</param>
/// <param name="Scope">The fields it enforces; empty: all.</param>
/// <param name="Allowance">How far it may lag behind before it escalates; null: not at all.</param>
/// <param name="Owner">Whom to ask about it.</param>
/// <param name="MutedUntil">It does not escalate until then.</param>
/// <param name="MutedReason">Why it is muted.</param>
/// <param name="RegisteredAt">Since when it is expected to report; null: it was only heard of.</param>
/// <param name="RetiredAt">Since when it is not expected any more; null while it is.</param>
/// <param name="ReportedAt">When it reported last; null when it never did.</param>
public sealed record EnforcingSystem(
    string SystemId, int? IntervalSeconds, decimal? GraceMultiplier, IReadOnlyList<string> Scope, LagAllowance? Allowance,
    string? Owner, DateTimeOffset? MutedUntil, string? MutedReason, DateTimeOffset? RegisteredAt, DateTimeOffset? RetiredAt,
    DateTimeOffset? ReportedAt);

/// <summary>A page of systems.</summary>
/// <param name="Systems">By their names.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record EnforcingSystems(IReadOnlyList<EnforcingSystem> Systems, string? NextCursor, long Position);

/// <summary>A system's word on what it enforces.</summary>
/// <param name="SystemId">Who reports: 1 to 200 characters, no slash and no control character.</param>
/// <param name="EnforcedCorrectionVersion">It enforces the corrections recorded up to this time.</param>
public sealed record Heartbeat(string SystemId, DateTimeOffset EnforcedCorrectionVersion)
{
    /// <summary>It enforces the corrections up to this position, which is not ahead of the log; it outranks the time.</summary>
    public long? EnforcedPosition { get; init; }

    /// <summary>When it applied them.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>What went wrong there: at most 50 texts of 1 to 500 characters.</summary>
    public IReadOnlyList<string>? Errors { get; init; }

    /// <summary>Which program reports.</summary>
    public ReportingProgram? Origin { get; init; }

    /// <summary>
    /// Its own count of heartbeats, 0 or more, which goes on when it restarts: a clock in milliseconds does. While it is lower than
    /// one before, the system is <see cref="Compliance.Regressed"/>.
    /// </summary>
    public long? Sequence { get; init; }
}

/// <summary>Which program reports; each part at most 200 characters.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Environment">Where it runs.</param>
public sealed record ReportingProgram(string? Service = null, string? Version = null, string? Environment = null);

/// <summary>A heartbeat is on record.</summary>
/// <param name="Status">ok.</param>
/// <param name="Position">In the tenant's log.</param>
public sealed record HeartbeatReceipt(string Status, long Position);

/// <summary>Whether a system reports as often as it should.</summary>
[JsonConverter(typeof(Capitals<ReportingStatus>))]
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
[JsonConverter(typeof(Capitals<Compliance>))]
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

/// <summary>How urgently somebody should look.</summary>
[JsonConverter(typeof(Capitals<EscalationLevel>))]
public enum EscalationLevel
{
    /// <summary>All is well, or muted.</summary>
    None,

    /// <summary>A system is STALE, REJECTING, REGRESSED, or LAGGING beyond its allowance.</summary>
    Warn,

    /// <summary>A system is MISSING.</summary>
    Critical,
}

/// <summary>The corrections that a system does not enforce yet.</summary>
/// <param name="Corrections">FACT corrections in its scope, recorded after what it enforces.</param>
/// <param name="Seconds">The age of the oldest of them; 0 when there is none.</param>
/// <param name="More">There may be others: it is further behind than was looked at.</param>
public sealed record Lag(long Corrections, long Seconds, bool More);

/// <summary>How one system does.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Status">Whether it reports.</param>
/// <param name="Compliance">Whether it obeys.</param>
/// <param name="EnforcedCorrectionVersion">As it reported last; null when it never did.</param>
/// <param name="EnforcedPosition">As it reported last; null when it did not say.</param>
/// <param name="ReportedAt">When it reported last; null when it never did.</param>
/// <param name="SilentSeconds">How long ago that is, outages of the service left out.</param>
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
    Lag? Lag, LagAllowance? Allowance, IReadOnlyList<string> Errors, bool Registered, string? Owner, bool Muted,
    DateTimeOffset? MutedUntil, string? MutedReason);

/// <summary>A time in which no instance of the service could take a heartbeat.</summary>
/// <param name="StartedAt">The last sign of life of any instance.</param>
/// <param name="EndedAt">The next start.</param>
public sealed record Outage(DateTimeOffset StartedAt, DateTimeOffset EndedAt);

/// <summary>Which systems report, and what they enforce.</summary>
/// <param name="EvaluatedAt">The moment that it speaks of, by the server's clock.</param>
/// <param name="HeartbeatIntervalSeconds">How often systems without settings report.</param>
/// <param name="HeartbeatGraceMultiplier">After how many intervals they are stale.</param>
/// <param name="Systems">By their names; retired ones are left out.</param>
/// <param name="Outages">Times in which the service itself was away, left out of these systems' silence.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record EnforcementStatus(
    DateTimeOffset EvaluatedAt, int HeartbeatIntervalSeconds, decimal HeartbeatGraceMultiplier,
    IReadOnlyList<SystemStatus> Systems, IReadOnlyList<Outage> Outages, long Position);

/// <summary>How urgently somebody should look after a tenant's systems.</summary>
/// <param name="TenantId">Whose systems.</param>
/// <param name="EvaluatedAt">The moment that it speaks of, by the server's clock.</param>
/// <param name="Level">The highest of the systems that are not muted.</param>
/// <param name="Summary">All systems by status, muted ones included.</param>
/// <param name="AffectedSystems">Those that escalate, or would if they were not muted; by their names.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record Escalation(
    string TenantId, DateTimeOffset EvaluatedAt, [property: JsonPropertyName("escalation")] EscalationLevel Level,
    EscalationSummary Summary, IReadOnlyList<AffectedSystem> AffectedSystems, long Position);

/// <summary>How many systems there are, by status.</summary>
/// <param name="TotalSystems">All.</param>
/// <param name="Ok">That report.</param>
/// <param name="Stale">That are late.</param>
/// <param name="Missing">That never reported.</param>
public sealed record EscalationSummary(int TotalSystems, int Ok, int Stale, int Missing);

/// <summary>A system that somebody should look after.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Level">How urgently.</param>
/// <param name="Status">Whether it reports.</param>
/// <param name="Compliance">Whether it obeys.</param>
/// <param name="Reason">What is wrong, in words that may change.</param>
/// <param name="Owner">Whom to ask about it.</param>
/// <param name="Muted">Whether it does not escalate now.</param>
/// <param name="MutedUntil">Until when it does not.</param>
/// <param name="MutedReason">Why it does not.</param>
public sealed record AffectedSystem(
    string SystemId, EscalationLevel Level, ReportingStatus Status, Compliance Compliance, string Reason, string? Owner,
    bool Muted, DateTimeOffset? MutedUntil, string? MutedReason);

/// <summary>What is to be expected of systems without settings of their own; null: the service's default.</summary>
/// <param name="IntervalSeconds">They report this often, 1 to 604,800 seconds.</param>
/// <param name="GraceMultiplier">They are late after this many intervals, 1 to 100.</param>
public sealed record NewDefaults(int? IntervalSeconds = null, decimal? GraceMultiplier = null);

/// <summary>What holds for systems without settings of their own.</summary>
/// <param name="IntervalSeconds">They report this often.</param>
/// <param name="GraceMultiplier">They are late after this many intervals.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record EnforcementDefaults(int IntervalSeconds, decimal GraceMultiplier, long Position);
