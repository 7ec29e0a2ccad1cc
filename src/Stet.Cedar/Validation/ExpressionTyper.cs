using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>What requests of one environment are made of.</summary>
sealed record TypingEnvironment(EntityType Principal, EntityUid Action, EntityType Resource, RecordType Context);

/// <summary>
/// Types expressions in one environment and reports what has no type. Operands that can never be evaluated are not typed.
/// Recursion follows nesting; chains are loops.
/// </summary>
/// <param name="schema">Declares every entity type and action that the expressions name.</param>
/// <param name="environment">What requests are made of.</param>
/// <param name="work">What has been done of what may be.</param>
/// <param name="report">Takes the code, the place and the message of what is wrong.</param>
sealed partial class ExpressionTyper(
    Schema schema, TypingEnvironment environment, ValidationWork work, Action<FindingCode, TextSpan, string> report)
{
    static readonly ImmutableHashSet<Capability> Nothing = [];

    readonly EntityType actionType = new(environment.Action.Type);

    /// <summary>The type of the conjunction of all conditions: a Bool, or null after a report.</summary>
    public BoolType? TypeOf(EquatableArray<Condition> conditions)
    {
        var (result, held) = (BoolType.True, Nothing);

        foreach (var condition in conditions)
        {
            var (type, granted) = TypeOfBool(condition.Body, held, condition.IsUnless ? "`unless`" : "`when`");
            if (type is null) return null;

            if (condition.IsUnless) (type, granted) = (Negated(type), Nothing);
            if (type == BoolType.False) return type;
            if (type == BoolType.Any) result = type;
            held = held.Union(granted);
        }

        return result;
    }

    Typing TypeOf(Expression expression, ImmutableHashSet<Capability> held)
    {
        work.Type(1);
        return TypeOfKind(expression, held);
    }

    Typing TypeOfKind(Expression expression, ImmutableHashSet<Capability> held) => expression switch
    {
        Literal literal => TypeOf(literal.Value),
        VariableReference variable => TypeOf(variable.Variable),
        Conditional conditional => TypeOf(conditional, held),
        Conjunction conjunction => TypeOf(conjunction, held),
        Disjunction disjunction => TypeOf(disjunction, held),
        Sum sum => TypeOf(sum, held),
        Product product => TypeOf(product, held),
        Unary unary => TypeOf(unary, held),
        Binary binary => TypeOf(binary, held),
        AttributeAccess access => TypeOf(access, held),
        Has has => TypeOf(has, held),
        Like like => TypeOf(like, held),
        Is test => TypeOf(test, held),
        SetExpression set => TypeOf(set, held),
        RecordExpression record => TypeOf(record, held),
        ExtensionCall call => TypeOf(call, held),
        _ => throw new InvalidOperationException("There are no other expressions."),
    };

    static CedarType TypeOf(Value literal) => literal switch
    {
        BoolValue { Value: var truth } => BoolType.Of(truth),
        LongValue => AtomType.Long,
        StringValue => AtomType.String,
        EntityUid uid => new EntityType(uid.Type),
        _ => throw new InvalidOperationException("There are no other literals."),
    };

    CedarType TypeOf(Variable variable) => variable switch
    {
        Variable.Principal => environment.Principal,
        Variable.Action => actionType,
        Variable.Resource => environment.Resource,
        _ => environment.Context,
    };

    Typing TypeOf(Conditional conditional, ImmutableHashSet<Capability> held)
    {
        var (condition, granted) = TypeOfBool(conditional.Condition, held, "The condition of `if`");
        if (condition is null) return Typing.None;

        if (condition == BoolType.False) return TypeOf(conditional.Else, held);

        var then = TypeOf(conditional.Then, held.Union(granted));
        var whenTrue = granted.Union(then.Granted);
        if (condition == BoolType.True) return then with { Granted = whenTrue };

        var otherwise = TypeOf(conditional.Else, held);
        if (then.Type is null || otherwise.Type is null) return Typing.None;

        if (CedarType.Join(then.Type, otherwise.Type) is { } type) return new Typing(type, whenTrue.Intersect(otherwise.Granted));

        return Report(
            FindingCode.TypeMismatch, conditional.Where,
            $"Both branches of `if` need one type, and here they are `{then.Type}` and `{otherwise.Type}`.");
    }

    Typing TypeOf(Conjunction conjunction, ImmutableHashSet<Capability> held)
    {
        var (result, granted, known) = (BoolType.True, Nothing, held);

        foreach (var operand in conjunction.Operands)
        {
            var (type, more) = TypeOfBool(operand, known, "`&&`");
            if (type is null) return Typing.None;
            if (type == BoolType.False) return type;

            if (type == BoolType.Any) result = type;
            granted = granted.Union(more);
            known = known.Union(more);
        }

        return new Typing(result, granted);
    }

    Typing TypeOf(Disjunction disjunction, ImmutableHashSet<Capability> held)
    {
        var (result, granted) = (BoolType.False, Nothing);

        foreach (var operand in disjunction.Operands)
        {
            var (type, more) = TypeOfBool(operand, held, "`||`");
            if (type is null) return Typing.None;
            if (type == BoolType.True) return type;
            if (type == BoolType.False) continue;

            granted = result == BoolType.False ? more : granted.Intersect(more);
            result = type;
        }

        return new Typing(result, granted);
    }

    (BoolType? Type, ImmutableHashSet<Capability> Granted) TypeOfBool(
        Expression expression, ImmutableHashSet<Capability> held, string what)
    {
        var (type, granted) = TypeOf(expression, held);
        return (Require(type, ValueKind.Bool, expression, what) as BoolType, granted);
    }

    static BoolType Negated(BoolType type) =>
        type == BoolType.True ? BoolType.False : type == BoolType.False ? BoolType.True : BoolType.Any;

    Typing TypeOf(Like like, ImmutableHashSet<Capability> held) =>
        Require(TypeOf(like.Target, held).Type, ValueKind.String, like.Target, "`like`") is null ? Typing.None : BoolType.Any;

    Typing TypeOf(SetExpression set, ImmutableHashSet<Capability> held)
    {
        if (set.Elements.Count == 0)
            return Report(
                FindingCode.EmptySet, set.Where,
                "The type of an empty set cannot be told: `isEmpty()` tests whether a set has no elements.");

        CedarType? joined = null;
        var isComplete = true;

        foreach (var element in set.Elements)
        {
            if (TypeOf(element, held).Type is not { } type)
            {
                isComplete = false;
                continue;
            }

            if (joined is not null && CedarType.Join(joined, type) is null)
                return Report(
                    FindingCode.TypeMismatch, element.Where,
                    $"The elements of a set need one type, and here stands `{type}` after `{joined}`.");

            joined = joined is null ? type : CedarType.Join(joined, type);
        }

        return isComplete ? new SetType(joined!) : Typing.None;
    }

    Typing TypeOf(RecordExpression record, ImmutableHashSet<Capability> held)
    {
        var attributes = ImmutableArray.CreateBuilder<RecordAttribute>(record.Entries.Count);

        foreach (var (key, value) in record.Entries)
            if (TypeOf(value, held).Type is { } type) attributes.Add(new RecordAttribute(key, type, IsRequired: true));

        if (attributes.Count < record.Entries.Count) return Typing.None;

        attributes.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return new RecordType(attributes.MoveToImmutable());
    }

    /// <summary>The type when its values are of a kind; null after a report, or when there is no type.</summary>
    CedarType? Require(CedarType? type, ValueKind kind, Expression expression, string what)
    {
        if (type is null || type.Kind == kind) return type;

        report(FindingCode.TypeMismatch, expression.Where, $"{what} needs {Described(kind)} here, and this is `{type}`.");
        return null;
    }

    Typing Report(FindingCode code, TextSpan where, string message)
    {
        report(code, where, message);
        return Typing.None;
    }

    static string Described(ValueKind kind) => kind switch
    {
        ValueKind.Bool => "a `Bool`",
        ValueKind.Long => "a `Long`",
        ValueKind.String => "a `String`",
        ValueKind.Entity => "an entity",
        ValueKind.Set => "a set",
        ValueKind.Record => "a record",
        _ => $"a value of type `{AtomOf(kind)}`",
    };
}
