using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>That an attribute or a tag of what an expression answers has been tested for.</summary>
readonly struct Capability : IEquatable<Capability>
{
    readonly Expression target;
    readonly string? attribute;
    readonly Expression? tag;

    // Sets ask often, and the answer takes a walk through the expressions.
    readonly int hash;

    Capability(Expression target, string? attribute, Expression? tag)
    {
        (this.target, this.attribute, this.tag) = (target, attribute, tag);
        hash = HashCode.Combine(target, attribute, tag);
    }

    public static Capability Attribute(Expression target, string name) => new(target, name, tag: null);

    public static Capability Tag(Expression target, Expression name) => new(target, attribute: null, name);

    public bool Equals(Capability other) =>
        hash == other.hash && attribute == other.attribute && target.Equals(other.target) && Equals(tag, other.tag);

    public override bool Equals(object? obj) => obj is Capability other && Equals(other);

    public override int GetHashCode() => hash;
}

/// <summary>What an expression answers, and what is known once it was true.</summary>
/// <param name="Type">Null when the expression has no type, which has been reported.</param>
/// <param name="Granted">Holds where the expression was true.</param>
readonly record struct Typing(CedarType? Type, ImmutableHashSet<Capability> Granted)
{
    public static readonly Typing None = new(Type: null, []);

    public static implicit operator Typing(CedarType? type) => new(type, []);
}
