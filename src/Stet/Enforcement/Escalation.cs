using System.Globalization;

namespace Stet.Enforcement;

/// <summary>How urgently somebody should look.</summary>
public enum EscalationLevel
{
    /// <summary>All is well, or muted.</summary>
    None,

    /// <summary>A system is STALE, REJECTING, REGRESSED, or LAGGING beyond its allowance.</summary>
    Warn,

    /// <summary>A system is MISSING.</summary>
    Critical,
}

/// <summary>The answer to <c>GET /v1/enforcement/escalation</c>.</summary>
/// <param name="TenantId">Whose systems.</param>
/// <param name="EvaluatedAt">The moment that it speaks of, by the server's clock.</param>
/// <param name="Escalation">The highest level of the systems that are not muted.</param>
/// <param name="Summary">All systems by status, muted ones included.</param>
/// <param name="AffectedSystems">Those that escalate, or would if they were not muted; by their names.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record EscalationAnswer(
    string TenantId, DateTimeOffset EvaluatedAt, EscalationLevel Escalation, EscalationSummary Summary,
    IReadOnlyList<AffectedSystem> AffectedSystems, long Position)
{
    public static EscalationAnswer Of(string tenantId, StatusAnswer status)
    {
        AffectedSystem[] affected = [.. status.Systems.Select(AffectedSystem.Of).OfType<AffectedSystem>()];
        return new EscalationAnswer(
            tenantId, status.EvaluatedAt,
            affected.Where(a => !a.Muted).Select(a => a.Level).DefaultIfEmpty(EscalationLevel.None).Max(),
            new EscalationSummary(
                status.Systems.Count, Count(ReportingStatus.Ok), Count(ReportingStatus.Stale), Count(ReportingStatus.Missing)),
            affected, status.Position);

        int Count(ReportingStatus which) => status.Systems.Count(s => s.Status == which);
    }
}

/// <summary>How many systems there are, by status.</summary>
public sealed record EscalationSummary(int TotalSystems, int Ok, int Stale, int Missing);

/// <summary>A system that somebody should look after.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Level">CRITICAL or WARN.</param>
/// <param name="Status">OK, STALE or MISSING.</param>
/// <param name="Compliance">CURRENT, LAGGING, REGRESSED, REJECTING or UNKNOWN.</param>
/// <param name="Reason">What is wrong, in words that may change.</param>
/// <param name="Owner">Whom to ask about it.</param>
/// <param name="Muted">Whether it does not escalate now.</param>
/// <param name="MutedUntil">Until when it does not.</param>
/// <param name="MutedReason">Why it does not.</param>
public sealed record AffectedSystem(
    string SystemId, EscalationLevel Level, ReportingStatus Status, Compliance Compliance, string Reason, string? Owner,
    bool Muted, DateTimeOffset? MutedUntil, string? MutedReason)
{
    /// <summary>Null for a system with which all is well.</summary>
    public static AffectedSystem? Of(SystemStatus system)
    {
        var reasons = Reasons(system).ToArray();
        return reasons.Length == 0
            ? null
            : new AffectedSystem(
                system.SystemId, system.Status == ReportingStatus.Missing ? EscalationLevel.Critical : EscalationLevel.Warn,
                system.Status, system.Compliance, string.Join("; ", reasons), system.Owner, system.Muted, system.MutedUntil,
                system.MutedReason);
    }

    static IEnumerable<string> Reasons(SystemStatus system)
    {
        if (system.Status == ReportingStatus.Missing) yield return "it never reported";
        if (system.Status == ReportingStatus.Stale)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"it has not reported for {system.SilentSeconds} seconds; {system.IntervalSeconds} × {system.GraceMultiplier} are allowed");
        }

        if (system.Compliance == Compliance.Rejecting)
            yield return string.Create(CultureInfo.InvariantCulture, $"it reports {system.Errors.Count} errors");
        if (system.Compliance == Compliance.Regressed) yield return "it went back behind what it had reported before";
        if (system is { Compliance: Compliance.Lagging, Lag: { } lag } && lag.IsBeyond(system.Allowance))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"it does not enforce {lag.Corrections}{(lag.More ? " or more" : "")} corrections, the oldest {lag.Seconds} seconds old");
        }
    }
}
