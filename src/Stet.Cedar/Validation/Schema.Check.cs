using System.Collections.Immutable;

namespace Stet.Cedar;

public sealed partial class Schema
{
    /// <summary>
    /// Whether a request is one the schema has policies validated for: a declared action that applies to these types, and
    /// the context it asks for.
    /// </summary>
    /// <param name="request">No part of it may be null.</param>
    /// <returns>
    /// Up to 100 findings of code <see cref="FindingCode.Nonconforming"/>, which name attributes and types but no values;
    /// none when the request fits.
    /// </returns>
    public ImmutableArray<Finding> Check(in Request request)
    {
        var check = new ConformanceCheck(this);
        check.Check(request);
        return check.Findings;
    }

    /// <summary>
    /// Whether an entity is what the schema says: its attributes and tags, the types of what it is in, enumerated ids;
    /// an action has to be in exactly its declared groups. One that fits is looked at once: asking again costs nothing.
    /// </summary>
    /// <param name="entity">With all its ancestors.</param>
    /// <inheritdoc cref="Check(in Request)"/>
    public ImmutableArray<Finding> Check(Entity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (ReferenceEquals(entity.Fits, mark)) return [];

        var check = new ConformanceCheck(this);
        check.Check(entity);
        if (check.Findings.IsEmpty) entity.Fits = mark;
        return check.Findings;
    }
}
