using System.ComponentModel.DataAnnotations;

namespace Stet.Enforcement;

/// <summary>What is expected of systems that have no settings of their own: section <c>Enforcement</c> of the configuration.</summary>
public sealed class EnforcementOptions
{
    public const string Section = "Enforcement";

    /// <summary>How often a system reports.</summary>
    /// <value>1 to 604,800 seconds. Default 60.</value>
    [Range(1, 604_800)]
    public int IntervalSeconds { get; set; } = 60;

    /// <summary>After how many intervals without a heartbeat a system is stale.</summary>
    /// <value>1 to 100. Default 2.</value>
    [Range(1.0, 100.0)]
    public decimal GraceMultiplier { get; set; } = 2;

    /// <summary>How far the clock of a system may be ahead of the server's.</summary>
    /// <value>Up to one hour. Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);
}
