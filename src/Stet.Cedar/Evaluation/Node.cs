using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>
/// A compiled expression. Null, or <see cref="Truth.Error"/>, means that <see cref="Evaluation.Error"/> says why there is
/// no value; every node passes that on.
/// </summary>
abstract class Node(TextSpan where)
{
    internal TextSpan Where => where;

    internal abstract Value? Evaluate(ref Evaluation evaluation);

    /// <summary>Evaluates what has to be a Bool.</summary>
    internal virtual Truth Test(ref Evaluation evaluation)
    {
        var value = Evaluate(ref evaluation);
        if (value is null) return Truth.Error;
        if (ReferenceEquals(value, BoolValue.True)) return Truth.True;
        if (ReferenceEquals(value, BoolValue.False)) return Truth.False;

        return evaluation.FailType(where, ValueKind.Bool, value);
    }

    internal bool TryEntity(ref Evaluation evaluation, [NotNullWhen(true)] out EntityUid? uid)
    {
        var value = Evaluate(ref evaluation);
        uid = value as EntityUid;
        if (uid is null && value is not null) evaluation.FailType(where, ValueKind.Entity, value);
        return uid is not null;
    }

    internal bool TrySet(ref Evaluation evaluation, [NotNullWhen(true)] out SetValue? set)
    {
        var value = Evaluate(ref evaluation);
        set = value as SetValue;
        if (set is null && value is not null) evaluation.FailType(where, ValueKind.Set, value);
        return set is not null;
    }

    internal bool TryString(ref Evaluation evaluation, [NotNullWhen(true)] out string? text)
    {
        var value = Evaluate(ref evaluation);
        text = (value as StringValue)?.Value;
        if (text is null && value is not null) evaluation.FailType(where, ValueKind.String, value);
        return text is not null;
    }

    internal bool TryLong(ref Evaluation evaluation, out long number)
    {
        var value = Evaluate(ref evaluation);

        if (value is LongValue { Value: var its })
        {
            number = its;
            return true;
        }

        number = 0;
        if (value is not null) evaluation.FailType(where, ValueKind.Long, value);
        return false;
    }
}

/// <summary>A compiled expression whose value is always a Bool.</summary>
abstract class TestNode(TextSpan where) : Node(where)
{
    internal abstract override Truth Test(ref Evaluation evaluation);

    internal sealed override Value? Evaluate(ref Evaluation evaluation) => Test(ref evaluation) switch
    {
        Truth.True => BoolValue.True,
        Truth.False => BoolValue.False,
        _ => null,
    };

    protected static Truth Of(bool value) => value ? Truth.True : Truth.False;
}

/// <summary>What a condition comes to.</summary>
enum Truth
{
    Error, False, True,
}

sealed class ConstantNode(Value value, TextSpan where) : Node(where)
{
    internal Value Value => value;

    internal override Value? Evaluate(ref Evaluation evaluation) => value;
}

/// <summary>What is known to fail before it is evaluated.</summary>
sealed class FailingNode(EvaluationError error) : Node(error.Where)
{
    internal override Value? Evaluate(ref Evaluation evaluation) => evaluation.Fail(error);
}

sealed class VariableNode(Variable variable, TextSpan where) : Node(where)
{
    internal bool IsContext => variable == Variable.Context;

    internal override Value? Evaluate(ref Evaluation evaluation) => variable switch
    {
        Variable.Principal => evaluation.Request.Principal,
        Variable.Action => evaluation.Request.Action,
        Variable.Resource => evaluation.Request.Resource,
        _ => evaluation.WholeContext(),
    };
}
