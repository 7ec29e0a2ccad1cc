using System.ComponentModel.DataAnnotations;

namespace Stet.Audit.SelfCheck;

/// <summary>How the service checks its audit logs in the background: section <c>Audit:SelfCheck</c> of the configuration.</summary>
public sealed class SelfCheckOptions
{
    public const string Section = "Audit:SelfCheck";

    /// <summary>How often every log is read again from its beginning.</summary>
    /// <value>1 minute to 365 days. Default 1 day.</value>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The share of time that is spent on it, which is about the share of one core, database included.</summary>
    /// <value>0.001 to 1. Default 0.05.</value>
    [Range(0.001, 1)]
    public double Share { get; set; } = 0.05;
}
