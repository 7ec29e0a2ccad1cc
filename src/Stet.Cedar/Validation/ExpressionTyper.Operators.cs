using System.Collections.Immutable;

namespace Stet.Cedar;

sealed partial class ExpressionTyper
{
    Typing TypeOf(Sum sum, ImmutableHashSet<Capability> held)
    {
        var isLong = IsLong(sum.First, held, "`+` or `-`");
        foreach (var (isSubtracted, operand) in sum.Terms) isLong &= IsLong(operand, held, isSubtracted ? "`-`" : "`+`");
        return isLong ? AtomType.Long : Typing.None;
    }

    Typing TypeOf(Product product, ImmutableHashSet<Capability> held)
    {
        var isLong = true;
        foreach (var factor in product.Factors) isLong &= IsLong(factor, held, "`*`");
        return isLong ? AtomType.Long : Typing.None;
    }

    bool IsLong(Expression operand, ImmutableHashSet<Capability> held, string what) =>
        Require(TypeOf(operand, held).Type, ValueKind.Long, operand, what) is not null;

    Typing TypeOf(Unary unary, ImmutableHashSet<Capability> held)
    {
        switch (unary.Operator)
        {
            case UnaryOperator.Not:
                return TypeOfBool(unary.Operand, held, "`!`").Type is { } truth ? Negated(truth) : Typing.None;
            case UnaryOperator.Negate:
                return IsLong(unary.Operand, held, "`-`") ? AtomType.Long : Typing.None;
            default:
                var set = Require(TypeOf(unary.Operand, held).Type, ValueKind.Set, unary.Operand, "`isEmpty`");
                return set is null ? Typing.None : BoolType.Any;
        }
    }

    Typing TypeOf(Binary binary, ImmutableHashSet<Capability> held)
    {
        var (left, right) = (TypeOf(binary.Left, held).Type, TypeOf(binary.Right, held).Type);
        if (left is null || right is null) return Typing.None;

        switch (binary.Operator)
        {
            case BinaryOperator.Equal:
                return TypeOfEqual(binary, left, right);
            case BinaryOperator.NotEqual:
                return TypeOfEqual(binary, left, right) is { } equal ? Negated(equal) : Typing.None;
            case BinaryOperator.In:
                return TypeOfIn(binary.Left, left, binary.Right, right);
            case BinaryOperator.Contains or BinaryOperator.ContainsAll or BinaryOperator.ContainsAny:
                return TypeOfContains(binary, left, right);
            case BinaryOperator.HasTag:
                return TypeOfHasTag(binary, left, right, held);
            case BinaryOperator.GetTag:
                return TypeOfGetTag(binary, left, right, held);
            default:
                return TypeOfComparison(binary, left, right);
        }
    }

    Typing TypeOfComparison(Binary binary, CedarType left, CedarType right)
    {
        if (left.Kind == right.Kind && left.Kind is (ValueKind.Long or ValueKind.DateTime or ValueKind.Duration))
            return BoolType.Any;

        var name = BinaryOperators.NameOf(binary.Operator);
        var hint = left.Kind == ValueKind.Decimal && right.Kind == ValueKind.Decimal
            ? " Decimals have methods for this, such as `lessThan`."
            : "";
        return Report(
            FindingCode.TypeMismatch, binary.Where,
            $"`{name}` compares two `Long`, two `datetime` or two `duration`, and here are `{left}` and `{right}`.{hint}");
    }

    BoolType? TypeOfEqual(Binary binary, CedarType left, CedarType right)
    {
        if (LiteralOf(binary.Left) is { } one && LiteralOf(binary.Right) is { } other) return BoolType.Of(one.Equals(other));
        if (CedarType.Join(left, right) is not null) return BoolType.Any;
        if (left is EntityType && right is EntityType) return BoolType.False;

        report(
            FindingCode.TypeMismatch, binary.Where,
            $"`{BinaryOperators.NameOf(binary.Operator)}` needs two values of one type, and here are `{left}` and `{right}`.");
        return null;
    }

    Typing TypeOfContains(Binary binary, CedarType left, CedarType right)
    {
        var name = BinaryOperators.NameOf(binary.Operator);
        if (Require(left, ValueKind.Set, binary.Left, $"`{name}`") is not SetType set) return Typing.None;

        var sought = right;
        if (binary.Operator != BinaryOperator.Contains)
        {
            if (Require(right, ValueKind.Set, binary.Right, $"`{name}`") is not SetType other) return Typing.None;
            sought = other.Element;
        }

        return CedarType.Join(set.Element, sought) is not null
            ? BoolType.Any
            : Report(
                FindingCode.TypeMismatch, binary.Right.Where,
                $"This set holds `{set.Element}`, so `{name}` cannot find `{sought}` in it.");
    }

    Typing TypeOfIn(Expression left, CedarType leftType, Expression right, CedarType rightType)
    {
        if (Require(leftType, ValueKind.Entity, left, "`in`") is not EntityType member) return Typing.None;

        if ((rightType is SetType set ? set.Element : rightType) is not EntityType group)
            return Report(
                FindingCode.TypeMismatch, right.Where, $"`in` needs an entity or a set of entities behind it, and this is `{rightType}`.");

        return IsDecided(left, right) ?? (CanBeIn(member.Name, group.Name) ? BoolType.Any : BoolType.False);
    }

    /// <summary>The answer when an action is tested against entities that are all written out; null otherwise.</summary>
    BoolType? IsDecided(Expression left, Expression right)
    {
        if (LiteralOf(left) is not EntityUid action || !schema.TryGet(action, out _)) return null;
        if (LiteralOf(right) is EntityUid group) return BoolType.Of(schema.IsIn(action, group));
        if (right is not SetExpression set) return null;

        var isIn = false;
        foreach (var element in set.Elements)
        {
            if (LiteralOf(element) is not EntityUid one) return null;
            isIn |= schema.IsIn(action, one);
        }

        return BoolType.Of(isIn);
    }

    /// <summary>Actions of one namespace can be in groups of another, and which are is not a matter of types.</summary>
    bool CanBeIn(string member, string group) =>
        schema.ActionTypes.Contains(member) ? schema.ActionTypes.Contains(group) : work.CanBeIn(member, group);

    Typing TypeOf(Is test, ImmutableHashSet<Capability> held)
    {
        var type = TypeOf(test.Target, held).Type;
        if (Require(type, ValueKind.Entity, test.Target, "`is`") is not EntityType entity) return Typing.None;
        if (entity.Name != test.EntityType) return BoolType.False;
        if (test.In is null) return BoolType.True;

        return TypeOf(test.In, held).Type is { } group ? TypeOfIn(test.Target, entity, test.In, group) : Typing.None;
    }

    /// <summary>What is written out as a Bool, Long, String or entity; the action of a request is known as well.</summary>
    Value? LiteralOf(Expression expression) => expression switch
    {
        Literal literal => literal.Value,
        VariableReference { Variable: Variable.Action } => environment.Action,
        _ => null,
    };

    Typing TypeOf(ExtensionCall call, ImmutableHashSet<Capability> held)
    {
        var (function, count) = (call.Function, call.Arguments.Count);

        if (count != function.Parameters.Length)
        {
            var offset = function.IsMethod ? 1 : 0;
            return Report(
                FindingCode.Arity, call.Where,
                $"`{function.Name}` takes {function.Parameters.Length - offset} argument(s), and here are {count - offset}.");
        }

        if (function.IsConstructor) return TypeOfConstructor(function, call.Arguments[0], call.Where);

        var isRight = true;
        for (var i = 0; i < count; i++)
        {
            var type = TypeOf(call.Arguments[i], held).Type;
            isRight &= Require(type, function.Parameters[i], call.Arguments[i], $"`{function.Name}`") is not null;
        }

        return isRight ? TypeOfResult(function.Result) : Typing.None;
    }

    Typing TypeOfConstructor(ExtensionFunction function, Expression argument, TextSpan where)
    {
        if (argument is not Literal { Value: StringValue { Value: var text } })
            return Report(
                FindingCode.LiteralNeeded, argument.Where,
                $"`{function.Name}` takes a text in double quotes here, and no other expression: it is checked before any request comes.");

        return Extensions.TryConstruct(function.Operation, text, out _)
            ? AtomOf(function.Result)
            : Report(FindingCode.ExtensionValue, argument.Where, $"`{ValueText.Shown(text)}` is nothing that `{function.Name}` accepts.");
    }

    static CedarType TypeOfResult(ValueKind kind) => kind == ValueKind.Bool ? BoolType.Any : AtomOf(kind);

    static AtomType AtomOf(ValueKind kind) => kind switch
    {
        ValueKind.Long => AtomType.Long,
        ValueKind.String => AtomType.String,
        ValueKind.Decimal => AtomType.Decimal,
        ValueKind.IpAddress => AtomType.IpAddress,
        ValueKind.DateTime => AtomType.DateTime,
        ValueKind.Duration => AtomType.Duration,
        _ => throw new InvalidOperationException("Values of this kind have parts."),
    };
}
