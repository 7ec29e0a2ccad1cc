using Stet.Enforcement;

namespace Stet.Tests.Enforcement;

/// <summary>One ordinary command and event of each kind, to be varied with <c>with</c>.</summary>
static class Ordinary
{
    public static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Tuesday = Monday.AddDays(1);
    public static readonly DateTimeOffset Wednesday = Monday.AddDays(2);
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    public static readonly EnforcementOptions Defaults = new();

    public static readonly SystemSettings Settings = new(
        IntervalSeconds: 60, GraceMultiplier: 2, StringSet.Of("allergies.*", "name"), Allowance: null, Owner: "Ada",
        MutedUntil: null, MutedReason: null);

    public static readonly RegisterSystem Register = new("bot", Settings);
    public static readonly SystemRegistered Registered = new("bot", Settings, Monday);
    public static readonly SystemChanged Changed = new("bot", Settings with { Owner = "Grace" }, Tuesday);
    public static readonly EnforcementDefaultsSet DefaultsSet = new(30, 2.5m, Tuesday);
    public static readonly SystemRetired Retired = new("bot", Tuesday);

    public static readonly ReportHeartbeat Report = new(
        "bot", Monday, EnforcedPosition: 7, AppliedAt: Monday, StringSet.Empty, new Origin("bot", "1.2", "prod"), Sequence: 3);

    public static readonly HeartbeatReceived Received = new(
        "bot", Monday, EnforcedPosition: 7, AppliedAt: Monday, StringSet.Empty, new Origin("bot", "1.2", "prod"), Sequence: 3, Tuesday);
}
