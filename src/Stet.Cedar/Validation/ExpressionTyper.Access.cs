using System.Collections.Immutable;

namespace Stet.Cedar;

sealed partial class ExpressionTyper
{
    Typing TypeOf(AttributeAccess access, ImmutableHashSet<Capability> held)
    {
        if (TypeOf(access.Target, held).Type is not { } target) return Typing.None;

        if (target is not (EntityType or RecordType))
            return Report(
                FindingCode.TypeMismatch, access.Target.Where,
                $"`.{ValueText.Shown(access.Name)}` needs an entity or a record before it, and this is `{target}`.");

        return TypeOfAttribute(target, access.Target, access.Name, access.Where, held);
    }

    Typing TypeOfAttribute(
        CedarType type, Expression target, string name, TextSpan where, ImmutableHashSet<Capability> held)
    {
        var attributes = AttributesOf(type);

        if (attributes?.Find(name) is not { } attribute)
        {
            var hint = Suggestion.For(name, attributes?.Attributes.Select(item => item.Name) ?? []);
            return Report(
                FindingCode.UnknownAttribute, where, $"`{type}` has no attribute `{ValueText.Shown(name)}`.{hint}");
        }

        if (attribute.IsRequired || held.Contains(Capability.Attribute(target, name))) return attribute.Type;

        return Report(
            FindingCode.UnsafeAccess, where,
            $"The attribute `{ValueText.Shown(name)}` of `{type}` may be missing: test with `has` on the same expression before, "
            + "as in `x has a && x.a`.");
    }

    Typing TypeOf(Has has, ImmutableHashSet<Capability> held)
    {
        if (TypeOf(has.Target, held).Type is not { } type) return Typing.None;

        var (target, result, granted) = (has.Target, BoolType.True, Nothing);

        for (var i = 0; ; i++)
        {
            if (type is not (EntityType or RecordType))
                return Report(
                    FindingCode.TypeMismatch, target.Where, $"`has` needs an entity or a record before it, and this is `{type}`.");

            var (test, more) = TypeOfHas(type, target, has.Path[i], held.Union(granted));
            if (test == BoolType.False) return test;

            if (test == BoolType.Any) result = test;
            granted = granted.Union(more);
            if (i == has.Path.Count - 1) return new Typing(result, granted);

            var next = TypeOfAttribute(type, target, has.Path[i], has.Where, held.Union(granted)).Type;
            if (next is null) return Typing.None;
            (type, target) = (next, new AttributeAccess(target, has.Path[i], has.Where));
        }
    }

    (BoolType Type, ImmutableHashSet<Capability> Granted) TypeOfHas(
        CedarType type, Expression target, string name, ImmutableHashSet<Capability> held)
    {
        if (AttributesOf(type)?.Find(name) is not { } attribute) return (BoolType.False, Nothing);

        // An entity may be absent, and then has nothing, whatever is required of it.
        if (type is RecordType && attribute.IsRequired) return (BoolType.True, Nothing);

        var capability = Capability.Attribute(target, name);
        return held.Contains(capability) ? (BoolType.True, Nothing) : (BoolType.Any, [capability]);
    }

    Typing TypeOfHasTag(Binary binary, CedarType left, CedarType right, ImmutableHashSet<Capability> held)
    {
        if (!AreEntityAndTag(binary, left, right)) return Typing.None;
        if (TagsOf((EntityType)left) is null) return BoolType.False;

        var capability = Capability.Tag(binary.Left, binary.Right);
        return held.Contains(capability) ? BoolType.True : new Typing(BoolType.Any, [capability]);
    }

    Typing TypeOfGetTag(Binary binary, CedarType left, CedarType right, ImmutableHashSet<Capability> held)
    {
        if (!AreEntityAndTag(binary, left, right)) return Typing.None;

        if (TagsOf((EntityType)left) is not { } type)
            return Report(FindingCode.UnknownAttribute, binary.Where, $"Entities of the type `{left}` have no tags: declare them with `tags`.");

        if (held.Contains(Capability.Tag(binary.Left, binary.Right))) return type;

        return Report(
            FindingCode.UnsafeAccess, binary.Where,
            $"This tag of `{left}` may be missing: test with `hasTag` on the same expressions before, "
            + "as in `x.hasTag(t) && x.getTag(t)`.");
    }

    bool AreEntityAndTag(Binary binary, CedarType left, CedarType right)
    {
        var name = $"`{BinaryOperators.NameOf(binary.Operator)}`";
        var isEntity = Require(left, ValueKind.Entity, binary.Left, name) is not null;
        return Require(right, ValueKind.String, binary.Right, name) is not null && isEntity;
    }

    /// <summary>Null for actions, which have none.</summary>
    RecordType? AttributesOf(CedarType type) =>
        type as RecordType ?? (schema.TryGet(((EntityType)type).Name, out var definition) ? definition.Attributes : null);

    CedarType? TagsOf(EntityType type) => schema.TryGet(type.Name, out var definition) ? definition.Tags : null;
}
