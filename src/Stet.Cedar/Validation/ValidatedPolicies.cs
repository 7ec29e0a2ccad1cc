namespace Stet.Cedar;

/// <summary>
/// Policies that have passed the strict validation of a schema, every link of a template included. Only
/// <see cref="Schema.Validate"/> makes them, and only they compile for production.
/// </summary>
public sealed class ValidatedPolicies
{
    internal ValidatedPolicies(PolicySet policies, Schema schema)
    {
        Policies = policies;
        Schema = schema;
    }

    /// <summary>What was validated.</summary>
    public PolicySet Policies { get; }

    /// <summary>What it was validated against.</summary>
    public Schema Schema { get; }
}

public sealed partial class Schema
{
    /// <summary>
    /// Validates policies strictly: each is typed in every environment its scope leaves, a template once for every link
    /// with its slots filled; one without links in any.
    /// </summary>
    /// <param name="policies">What may become active together.</param>
    /// <param name="cancel">
    /// Ends it early: its time grows with the policies and with the environments in which their conditions differ, as far
    /// as <see cref="CedarLimits.TypedExpressions"/> of the limits that the schema was read under.
    /// </param>
    /// <returns>
    /// The policies, with up to 1,000 warnings of code <see cref="FindingCode.NeverSatisfied"/> or
    /// <see cref="FindingCode.DeceptiveText"/>; or up to 1,000 errors, then the warnings, both in the order of policies.
    /// </returns>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public Outcome<ValidatedPolicies> Validate(PolicySet policies, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(policies);
        return new PolicyValidator(this, new ValidationWork(this, cancel)).Validate(policies);
    }
}

public sealed partial class PolicySnapshot
{
    /// <summary>
    /// Compiles policies for production. What the schema says of actions wins over what a request's entities say of them.
    /// </summary>
    public static PolicySnapshot Compile(ValidatedPolicies policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        return new PolicySnapshot(policies.Policies.Active, policies.Schema.ActionEntities);
    }
}
