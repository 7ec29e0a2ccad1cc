using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// A type of strict validation. The types of one schema are interned, so equal ones among them are one object; the
/// types of expressions are not.
/// </summary>
abstract class CedarType : IValueShape
{
    /// <summary>The kind of the values of this type.</summary>
    public abstract ValueKind Kind { get; }

    /// <summary>Levels of nesting: 1 for a type without parts.</summary>
    public virtual int Depth => 1;

    ValueKind? IValueShape.Kind => Kind;

    string? IValueShape.EntityType => (this as EntityType)?.Name;

    IValueShape? IValueShape.Element => (this as SetType)?.Element;

    IValueShape? IValueShape.Attribute(string name) => (this as RecordType)?.Find(name)?.Type;

    /// <summary>As a schema would write it, shortened where it is long.</summary>
    public sealed override string ToString() => TypeText.Of(this);

    /// <summary>The least type that both are below; null when there is none, and so they may not be mixed.</summary>
    public static CedarType? Join(CedarType left, CedarType right)
    {
        // INVARIANT: holds for all equal types of one schema, which may share parts so often that walking through
        // them would never end.
        if (ReferenceEquals(left, right)) return left;

        return (left, right) switch
        {
            (BoolType, BoolType) => BoolType.Any,
            (EntityType one, EntityType other) => one.Name == other.Name ? one : null,
            (SetType one, SetType other) =>
                Join(one.Element, other.Element) is { } element ? new SetType(element) : null,
            (RecordType one, RecordType other) => RecordType.Join(one, other),
            _ => null,
        };
    }
}

/// <summary>Bool and the two types below it, of expressions known to be true or false.</summary>
sealed class BoolType : CedarType
{
    public static readonly BoolType Any = new();
    public static readonly BoolType True = new();
    public static readonly BoolType False = new();

    BoolType()
    {
    }

    public override ValueKind Kind => ValueKind.Bool;

    public static BoolType Of(bool value) => value ? True : False;
}

/// <summary>A type without parts that is no Bool and no entity type. There is one instance of each.</summary>
sealed class AtomType : CedarType
{
    public static readonly AtomType Long = new("Long", ValueKind.Long);
    public static readonly AtomType String = new("String", ValueKind.String);
    public static readonly AtomType Decimal = new("decimal", ValueKind.Decimal);
    public static readonly AtomType IpAddress = new("ipaddr", ValueKind.IpAddress);
    public static readonly AtomType DateTime = new("datetime", ValueKind.DateTime);
    public static readonly AtomType Duration = new("duration", ValueKind.Duration);

    AtomType(string name, ValueKind kind) => (Name, Kind) = (name, kind);

    /// <summary>As schemas call it.</summary>
    public string Name { get; }

    public override ValueKind Kind { get; }
}

/// <summary>An entity type, or the type of actions.</summary>
sealed class EntityType(string name) : CedarType
{
    /// <summary>Full type path.</summary>
    public string Name => name;

    public override ValueKind Kind => ValueKind.Entity;
}

sealed class SetType(CedarType element) : CedarType
{
    public CedarType Element => element;

    public override ValueKind Kind => ValueKind.Set;

    public override int Depth { get; } = element.Depth + 1;
}

/// <summary>A closed record: no other attributes than these.</summary>
/// <param name="attributes">In ordinal order of the names, none twice.</param>
sealed class RecordType(ImmutableArray<RecordAttribute> attributes) : CedarType
{
    public static readonly RecordType Empty = new([]);

    public ImmutableArray<RecordAttribute> Attributes => attributes;

    public override ValueKind Kind => ValueKind.Record;

    public override int Depth { get; } = 1 + Deepest(attributes);

    public RecordAttribute? Find(string name)
    {
        var (low, high) = (0, attributes.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(attributes[middle].Name, name);
            if (order == 0) return attributes[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }

    public static RecordType? Join(RecordType left, RecordType right)
    {
        if (left.Attributes.Length != right.Attributes.Length) return null;

        var joined = ImmutableArray.CreateBuilder<RecordAttribute>(left.Attributes.Length);
        for (var i = 0; i < left.Attributes.Length; i++)
        {
            var (one, other) = (left.Attributes[i], right.Attributes[i]);
            if (one.Name != other.Name || one.IsRequired != other.IsRequired) return null;
            if (Join(one.Type, other.Type) is not { } type) return null;

            joined.Add(one with { Type = type });
        }

        return new RecordType(joined.MoveToImmutable());
    }

    static int Deepest(ImmutableArray<RecordAttribute> attributes)
    {
        var deepest = 0;
        foreach (var attribute in attributes) deepest = Math.Max(deepest, attribute.Type.Depth);
        return deepest;
    }
}

readonly record struct RecordAttribute(string Name, CedarType Type, bool IsRequired);
