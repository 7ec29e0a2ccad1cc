using System.ComponentModel.DataAnnotations;

namespace Stet.Pcs.Service;

/// <summary>How submissions are taken: section <c>Pcs</c> of the configuration.</summary>
public sealed class PcsOptions
{
    public const string Section = "Pcs";

    /// <summary>The tenant that a submission without a credential and without <c>X-Tenant-Id</c> claims.</summary>
    /// <value>Default none: it is refused.</value>
    [RegularExpression("[A-Za-z0-9._-]{1,64}", ErrorMessage = "must be 1 to 64 letters, digits, dots, hyphens and underscores, such as clinic-1.")]
    public string? DefaultTenant { get; set; }

    /// <summary>For how long the first answer is given again to the same content, unless the tenant's parameters say otherwise.</summary>
    /// <value>1 hour to 366 days. Default 14 days.</value>
    [Range(typeof(TimeSpan), "01:00:00", "366.00:00:00")]
    public TimeSpan AnswerLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>Submissions a second from one source address (IPv6: one /64), before anything is verified.</summary>
    /// <value>0.01 to 1,000,000. Default 20,000.</value>
    [Range(0.01, 1_000_000)]
    public double AddressPerSecond { get; set; } = 20_000;

    /// <summary>Submissions at once from one source address after a pause.</summary>
    /// <value>1 to 10,000,000. Default 20,000.</value>
    [Range(1, 10_000_000)]
    public int AddressBurst { get; set; } = 20_000;

    /// <summary>Authentic submissions a second of one tenant.</summary>
    /// <value>0.01 to 1,000,000. Default 20,000.</value>
    [Range(0.01, 1_000_000)]
    public double TenantPerSecond { get; set; } = 20_000;

    /// <summary>Authentic submissions at once of one tenant after a pause.</summary>
    /// <value>1 to 10,000,000. Default 20,000.</value>
    [Range(1, 10_000_000)]
    public int TenantBurst { get; set; } = 20_000;
}
