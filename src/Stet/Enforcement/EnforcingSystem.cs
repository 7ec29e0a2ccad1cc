namespace Stet.Enforcement;

/// <summary>
/// A system that enforces corrections: what is expected of it, and what it reported last. It serves deciding and
/// reading alike, so that a heartbeat writes one row.
/// </summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Settings">What is expected of it; null when it was only heard of.</param>
/// <param name="RegisteredAt">Since when it is expected to report; null when it was only heard of.</param>
/// <param name="RetiredAt">Since when it is not expected any more; null while it is.</param>
/// <param name="Heartbeat">What it reported last; null when it never did.</param>
/// <param name="HighestPosition">The highest position it ever reported.</param>
/// <param name="HighestSequence">The highest sequence it ever reported.</param>
public sealed record EnforcingSystem(
    string SystemId, SystemSettings? Settings, DateTimeOffset? RegisteredAt, DateTimeOffset? RetiredAt,
    LastHeartbeat? Heartbeat, long? HighestPosition, long? HighestSequence)
{
    public static EnforcingSystem Create(SystemRegistered e) =>
        new(e.SystemId, e.Settings, e.RegisteredAt, null, null, null, null);

    public static EnforcingSystem Create(HeartbeatReceived e) =>
        new EnforcingSystem(e.SystemId, null, null, null, null, null, null).Apply(e);

    // After retirement a system starts afresh: what it reported in its former life says nothing about the new one.
    public EnforcingSystem Apply(SystemRegistered e) =>
        RetiredAt is null ? this with { Settings = e.Settings, RegisteredAt = e.RegisteredAt } : Create(e);

    public EnforcingSystem Apply(SystemChanged e) => this with { Settings = e.Settings };

    public EnforcingSystem Apply(SystemRetired e) => this with { RetiredAt = e.RetiredAt };

    public EnforcingSystem Apply(HeartbeatReceived e) => this with
    {
        Heartbeat = new LastHeartbeat(
            e.EnforcedCorrectionVersion, e.EnforcedAt, e.EnforcedPosition, e.AppliedAt, e.Errors, e.Origin, e.Sequence,
            e.ReportedAt, Regressed: e.EnforcedPosition < HighestPosition || e.Sequence < HighestSequence),
        HighestPosition = Highest(HighestPosition, e.EnforcedPosition),
        HighestSequence = Highest(HighestSequence, e.Sequence),
    };

    /// <summary>Whether the field is one of those that the system enforces.</summary>
    public bool IsInScope(string fieldKey) =>
        Settings is null or { Scope.Count: 0 } || Settings.Scope.Any(pattern => Covers(pattern, fieldKey));

    /// <summary>Whether its last heartbeat says that it enforces a correction.</summary>
    /// <param name="position">The correction's position in the log.</param>
    /// <param name="recordedAt">When the correction was recorded.</param>
    public bool Enforces(long position, DateTimeOffset recordedAt) =>
        Heartbeat is { } last && (last.EnforcedPosition is { } enforced ? enforced >= position : last.EnforcedAt >= recordedAt);

    static bool Covers(string pattern, string fieldKey) =>
        pattern.EndsWith(".*", StringComparison.Ordinal)
            ? fieldKey.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
            : pattern == fieldKey;

    static long? Highest(long? before, long? now) => now > before || before is null ? now : before;
}

/// <summary>The last heartbeat of a system.</summary>
/// <param name="EnforcedCorrectionVersion">As it was reported.</param>
/// <param name="EnforcedAt">The same, but never past the corrections recorded before the heartbeat.</param>
/// <param name="EnforcedPosition">As it was reported; it outranks the time.</param>
/// <param name="AppliedAt">As it was reported.</param>
/// <param name="Errors">As they were reported.</param>
/// <param name="Origin">As it was reported.</param>
/// <param name="Sequence">As it was reported.</param>
/// <param name="ReportedAt">By the server's clock.</param>
/// <param name="Regressed">Whether position or sequence was lower than one reported before.</param>
public sealed record LastHeartbeat(
    DateTimeOffset EnforcedCorrectionVersion, DateTimeOffset EnforcedAt, long? EnforcedPosition, DateTimeOffset? AppliedAt,
    StringSet Errors, Origin? Origin, long? Sequence, DateTimeOffset ReportedAt, bool Regressed);
