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
}
