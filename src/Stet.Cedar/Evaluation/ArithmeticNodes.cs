namespace Stet.Cedar;

sealed class SumNode(Node first, (bool IsSubtracted, Node Operand)[] terms, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        if (!first.TryLong(ref evaluation, out var sum)) return null;

        foreach (var (isSubtracted, operand) in terms)
        {
            if (!operand.TryLong(ref evaluation, out var term)) return null;

            var result = isSubtracted ? (Int128)sum - term : (Int128)sum + term;
            if (result != (long)result) return evaluation.FailOverflow(operand.Where);
            sum = (long)result;
        }

        return new LongValue(sum);
    }
}

sealed class ProductNode(Node[] factors, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        var product = 1L;

        foreach (var factor in factors)
        {
            if (!factor.TryLong(ref evaluation, out var number)) return null;

            var result = (Int128)product * number;
            if (result != (long)result) return evaluation.FailOverflow(factor.Where);
            product = (long)result;
        }

        return new LongValue(product);
    }
}

sealed class NegateNode(Node operand, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        if (!operand.TryLong(ref evaluation, out var number)) return null;
        return number == long.MinValue ? evaluation.FailOverflow(Where) : new LongValue(-number);
    }
}
