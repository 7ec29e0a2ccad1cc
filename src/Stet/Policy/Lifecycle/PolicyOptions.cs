using System.ComponentModel.DataAnnotations;

namespace Stet.Policy.Lifecycle;

/// <summary>How policies come into force: section <c>Policy</c> of the configuration.</summary>
public sealed class PolicyOptions
{
    public const string Section = "Policy";

    /// <summary>How long an approval of a policy stays good, counted from its event.</summary>
    /// <value>1 hour to 30 days. Default 7 days.</value>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00")]
    public TimeSpan ApprovalLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often what was decided since the last time is evaluated again.</summary>
    /// <value>1 minute to 1 day. Default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan AuditInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The share of time that is spent on it, which is about the share of one core, database included.</summary>
    /// <value>0.001 to 1. Default 0.1.</value>
    [Range(0.001, 1)]
    public double AuditShare { get; set; } = 0.1;
}
