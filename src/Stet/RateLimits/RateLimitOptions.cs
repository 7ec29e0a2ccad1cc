using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Stet.RateLimits;

/// <summary>How much one tenant may ask of one instance: section <c>RateLimits</c> of the configuration.</summary>
public sealed class RateLimitOptions
{
    public const string Section = "RateLimits";

    /// <summary>Routes whose permission is to read.</summary>
    [ValidateObjectMembers]
    public Rate Read { get; set; } = new() { PerSecond = 20_000, Burst = 20_000 };

    /// <summary>Routes whose permission is to write.</summary>
    [ValidateObjectMembers]
    public Rate Write { get; set; } = new() { PerSecond = 20_000, Burst = 20_000 };

    /// <summary>Routes for administrators.</summary>
    [ValidateObjectMembers]
    public Rate Admin { get; set; } = new() { PerSecond = 50, Burst = 50 };
}

/// <summary>A token bucket: <see cref="Burst"/> requests at once, refilled at <see cref="PerSecond"/>.</summary>
public sealed class Rate : IValidatableObject
{
    /// <summary>Requests a second that can go on for ever.</summary>
    /// <value>1 to 1,000,000; each must be set.</value>
    [Range(1, 1_000_000)]
    public int PerSecond { get; set; }

    /// <summary>Requests at once after a pause.</summary>
    /// <value>1 to 10,000,000, and at least a tenth of <see cref="PerSecond"/>.</value>
    [Range(1, 10_000_000)]
    public int Burst { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // The framework refills ten times a second: a smaller bucket would silently lower the rate.
        if (Burst < PerSecond / 10)
            yield return new ValidationResult(
                $"Burst {Burst} is less than a tenth of PerSecond {PerSecond}, which then could not be reached.",
                [nameof(Burst)]);
    }
}
