namespace Stet.Cedar;

sealed class ConjunctionNode(Node[] operands, TextSpan where) : TestNode(where)
{
    /// <summary>What is tested in turn when a node is: the operands of a conjunction, or the node.</summary>
    internal static Node[] Operands(Node node) => node is ConjunctionNode conjunction ? conjunction.All : [node];

    Node[] All => operands;

    internal override Truth Test(ref Evaluation evaluation)
    {
        foreach (var operand in operands)
            if (operand.Test(ref evaluation) is var truth and not Truth.True) return truth;

        return Truth.True;
    }

    /// <summary>The place of the first operand that is false; null when there is none before one that fails.</summary>
    internal TextSpan? FirstFalse(ref Evaluation evaluation)
    {
        foreach (var operand in operands)
            if (operand.Test(ref evaluation) is var truth and not Truth.True)
                return truth == Truth.False ? operand.Where : null;

        return null;
    }
}

sealed class DisjunctionNode(Node[] operands, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        foreach (var operand in operands)
            if (operand.Test(ref evaluation) is var truth and not Truth.False) return truth;

        return Truth.False;
    }
}

sealed class NotNode(Node operand, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation) => operand.Test(ref evaluation) switch
    {
        Truth.True => Truth.False,
        Truth.False => Truth.True,
        _ => Truth.Error,
    };
}

sealed class ConditionalNode(Node condition, Node then, Node otherwise, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation) => condition.Test(ref evaluation) switch
    {
        Truth.True => then.Evaluate(ref evaluation),
        Truth.False => otherwise.Evaluate(ref evaluation),
        _ => null,
    };

    internal override Truth Test(ref Evaluation evaluation) => condition.Test(ref evaluation) switch
    {
        Truth.True => then.Test(ref evaluation),
        Truth.False => otherwise.Test(ref evaluation),
        _ => Truth.Error,
    };
}

sealed class EqualNode(Node left, Node right, bool isNegated, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        if (left.Evaluate(ref evaluation) is not { } one || right.Evaluate(ref evaluation) is not { } other)
            return Truth.Error;
        return Of(one.Equals(other) != isNegated);
    }
}

/// <summary>Compares two Longs, two datetimes or two durations.</summary>
sealed class OrderNode(BinaryOperator comparison, Node left, Node right, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        if (left.Evaluate(ref evaluation) is not { } one || right.Evaluate(ref evaluation) is not { } other)
            return Truth.Error;
        if (!IsOrdered(one)) return evaluation.FailType(left.Where, ValueKind.Long, one);
        if (one.Kind != other.Kind) return evaluation.FailType(right.Where, one.Kind, other);

        var (first, second) = (Number(one), Number(other));

        return Of(comparison switch
        {
            BinaryOperator.Less => first < second,
            BinaryOperator.LessOrEqual => first <= second,
            BinaryOperator.Greater => first > second,
            _ => first >= second,
        });
    }

    static bool IsOrdered(Value value) => value is LongValue or DateTimeValue or DurationValue;

    static long Number(Value value) => value switch
    {
        LongValue { Value: var number } => number,
        DateTimeValue { Milliseconds: var milliseconds } => milliseconds,
        _ => ((DurationValue)value).Milliseconds,
    };
}

sealed class LikeNode(Node target, Pattern pattern, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation) =>
        target.TryString(ref evaluation, out var text) ? Of(pattern.Matches(text)) : Truth.Error;
}
