namespace Stet.Cedar;

/// <summary>
/// Names a policy, a template or a link within a policy set. <c>default</c> names nothing.
/// </summary>
/// <param name="Value">
/// 1 to 128 characters, <c>[a-z0-9][a-z0-9._-]*</c>; policy sets refuse any other with
/// <see cref="FindingCode.PolicyId"/>.
/// </param>
public readonly record struct PolicyId(string Value) : IComparable<PolicyId>
{
    /// <summary>Whether <see cref="Value"/> follows the rule.</summary>
    public bool IsValid
    {
        get
        {
            if (Value is null or { Length: 0 or > 128 } || !IsAlphanumeric(Value[0])) return false;

            foreach (var character in Value)
                if (!IsAlphanumeric(character) && character is not ('.' or '_' or '-')) return false;

            return true;
        }
    }

    /// <summary>Ordinal order, in which policy sets, determining policies and errors come.</summary>
    public int CompareTo(PolicyId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>Ordinal order.</summary>
    public static bool operator <(PolicyId left, PolicyId right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator <=(PolicyId left, PolicyId right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator >(PolicyId left, PolicyId right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator >=(PolicyId left, PolicyId right) => left.CompareTo(right) >= 0;

    static bool IsAlphanumeric(char character) => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character);
}

/// <summary>
/// A policy, or a template when a slot stands in its scope. Policies are equal when id and structure are, wherever
/// their parts stand in the text.
/// </summary>
/// <param name="Id">Its name in the policy set.</param>
/// <param name="Effect">What it does when it is satisfied.</param>
/// <param name="Annotations">In the order of the text; no name occurs twice.</param>
/// <param name="Principal">A constraint, never <see cref="ScopeInList"/>.</param>
/// <param name="Action">Without slots; <see cref="ScopeAny"/>, <see cref="ScopeEqual"/>, <see cref="ScopeIn"/> or
/// <see cref="ScopeInList"/>.</param>
/// <param name="Resource">A constraint, never <see cref="ScopeInList"/>.</param>
/// <param name="Conditions">In the order in which they are tested.</param>
/// <param name="Source">The text it stands in.</param>
public sealed record Policy(
    PolicyId Id, Effect Effect, EquatableArray<Annotation> Annotations, ScopeConstraint Principal,
    ScopeConstraint Action, ScopeConstraint Resource, EquatableArray<Condition> Conditions, PolicySource Source)
{
    /// <summary>Whether a slot stands in the scope: it takes part only through links.</summary>
    public bool IsTemplate => Principal.HasSlot || Resource.HasSlot;

    /// <summary>The annotation of a name; null when there is none.</summary>
    public Annotation? FindAnnotation(string name)
    {
        foreach (var annotation in Annotations)
            if (annotation.Name == name) return annotation;

        return null;
    }

    /// <summary>Whether a condition reads an attribute of a name, or asks for it, of whatever it is.</summary>
    public bool ReadsAttribute(string name) => AttributeReads.In(this, name);

    /// <summary>What stands at a place of its text; in a scope, with the entity that a link puts where the slot is.</summary>
    /// <param name="where">The place, such as that of a scope or of what an explanation points to.</param>
    public string TextAt(TextSpan where)
    {
        var text = Source.Text.Substring(where.Start, where.Length);

        return where == Principal.Where ? Principal.WithoutSlot(text, "?principal")
            : where == Resource.Where ? Resource.WithoutSlot(text, "?resource")
            : text;
    }

    /// <summary>The template with its slots filled, under the link's own id.</summary>
    /// <param name="link">Fills exactly the slots there are, as a <see cref="PolicySet"/> has made sure.</param>
    public Policy Fill(TemplateLink link) => this with
    {
        Id = link.Id,
        Principal = Principal.Fill(link.Principal),
        Resource = Resource.Fill(link.Resource),
    };
}

/// <summary>Where a policy was read from. All sources are equal, so that policies compare by what they say.</summary>
/// <param name="Text">
/// The whole text, which may hold other policies; for a policy from JSON, the text the formatter makes of it. Every
/// <see cref="TextSpan"/> in the policy is a piece of it.
/// </param>
/// <param name="Where">The policy's own piece: from its first annotation or its effect to its semicolon.</param>
public sealed record PolicySource(string Text, TextSpan Where)
{
    /// <summary>The policy's own piece of the text.</summary>
    public string PolicyText => Text.Substring(Where.Start, Where.Length);

    /// <summary>Always, beside null.</summary>
    public bool Equals(PolicySource? other) => other is not null;

    /// <inheritdoc/>
    public override int GetHashCode() => 0;
}

/// <summary>What a satisfied policy does.</summary>
public enum Effect
{
    /// <summary>Allows, unless something forbids.</summary>
    Permit,

    /// <summary>Denies, whatever permits.</summary>
    Forbid,
}

/// <summary><c>@name("value")</c>, or <c>@name</c> with the value null.</summary>
public sealed record Annotation(string Name, string? Value, TextSpan Where)
{
    /// <summary>Whether name and value are the same.</summary>
    public bool Equals(Annotation? other) => other is not null && Name == other.Name && Value == other.Value;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Value);
}

/// <summary><c>when { body }</c>, or <c>unless { body }</c>, which means <c>when { !body }</c>.</summary>
public sealed record Condition(bool IsUnless, Expression Body, TextSpan Where)
{
    /// <summary>Whether kind and body are the same.</summary>
    public bool Equals(Condition? other) => other is not null && IsUnless == other.IsUnless && Body.Equals(other.Body);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsUnless, Body);
}
