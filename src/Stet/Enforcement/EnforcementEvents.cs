using System.ComponentModel.DataAnnotations;

namespace Stet.Enforcement;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>A system is expected to report from now on: for the first time, or again after it was retired.</summary>
/// <param name="SystemId">The system's name, 1 to 200 characters, no slash and no control character.</param>
/// <param name="Settings">What is expected of it.</param>
/// <param name="RegisteredAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record SystemRegistered(string SystemId, SystemSettings Settings, DateTimeOffset RegisteredAt);

/// <summary>Something else is expected of a registered system.</summary>
/// <param name="SystemId">The system's name.</param>
/// <param name="Settings">All that is expected of it from now on.</param>
/// <param name="ChangedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record SystemChanged(string SystemId, SystemSettings Settings, DateTimeOffset ChangedAt);

/// <summary>A system is not expected to report any more.</summary>
/// <param name="SystemId">The system's name.</param>
/// <param name="RetiredAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record SystemRetired(string SystemId, DateTimeOffset RetiredAt);

/// <summary>A system reported what it enforces.</summary>
/// <param name="SystemId">The system's name.</param>
/// <param name="EnforcedCorrectionVersion">It enforces the corrections recorded up to this time, as it says.</param>
/// <param name="EnforcedPosition">It enforces the corrections up to this position of the log; null when not given.</param>
/// <param name="AppliedAt">When it applied them, by its own clock; null when not given.</param>
/// <param name="Errors">What went wrong there, each once: at most 50 texts of 500 characters.</param>
/// <param name="Origin">Which program reports; null when not given.</param>
/// <param name="Sequence">Its own count of heartbeats; null when not given.</param>
/// <param name="ReportedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record HeartbeatReceived(
    string SystemId, DateTimeOffset EnforcedCorrectionVersion, long? EnforcedPosition, DateTimeOffset? AppliedAt,
    StringSet Errors, Origin? Origin, long? Sequence, DateTimeOffset ReportedAt)
{
    /// <summary>The time up to which it can enforce corrections: never past those that were recorded before it.</summary>
    // A tenant's times rise strictly from batch to batch, so one microsecond earlier is before the whole batch.
    internal DateTimeOffset EnforcedAt =>
        EnforcedCorrectionVersion < ReportedAt ? EnforcedCorrectionVersion : ReportedAt.AddMicroseconds(-1);
}

/// <summary>Something else is expected of a tenant's systems that have no settings of their own.</summary>
/// <param name="IntervalSeconds">They report this often, 1 to 604,800 seconds; null: the service's default.</param>
/// <param name="GraceMultiplier">They are late after this many intervals, 1 to 100; null: the service's default.</param>
/// <param name="SetAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record EnforcementDefaultsSet(int? IntervalSeconds, decimal? GraceMultiplier, DateTimeOffset SetAt);

/// <summary>What is expected of a system.</summary>
/// <param name="IntervalSeconds">It reports this often, 1 to 604,800 seconds; null: the tenant's default.</param>
/// <param name="GraceMultiplier">It is late after this many intervals, 1 to 100; null: the tenant's default.</param>
/// <param name="Scope">The fields it enforces: exact field keys, or prefixes that end in <c>.*</c>; empty: all.</param>
/// <param name="Allowance">How far it may lag behind; null: not at all.</param>
/// <param name="Owner">Whom to ask about it, at most 200 characters; null when nobody is named.</param>
/// <param name="MutedUntil">It does not escalate until then; null: it does.</param>
/// <param name="MutedReason">Why it is muted, 1 to 500 characters; null when it is not.</param>
public sealed record SystemSettings(
    int? IntervalSeconds, decimal? GraceMultiplier, StringSet Scope, LagAllowance? Allowance, string? Owner,
    DateTimeOffset? MutedUntil, string? MutedReason);

/// <summary>How far a system may lag behind before it escalates.</summary>
/// <param name="Corrections">This many corrections, 0 to 999; null: any number.</param>
/// <param name="Seconds">Corrections this old, 0 to 31,536,000 seconds; null: of any age.</param>
public sealed record LagAllowance(
    [property: Range(0, 999)] int? Corrections = null, [property: Range(0, 31_536_000)] int? Seconds = null);

/// <summary>Which program reports: each part at most 200 characters, null when not given.</summary>
public sealed record Origin(string? Service = null, string? Version = null, string? Environment = null);
