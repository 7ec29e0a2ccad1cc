namespace Stet.Cedar;

sealed class SetNode(Node[] elements, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        var values = new Value[elements.Length];

        for (var i = 0; i < values.Length; i++)
        {
            if (elements[i].Evaluate(ref evaluation) is not { } value) return null;
            values[i] = value;
        }

        return new SetValue(values);
    }
}

sealed class RecordNode(string[] keys, Node[] nodes, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        var entries = new KeyValuePair<string, Value>[keys.Length];

        for (var i = 0; i < entries.Length; i++)
        {
            if (nodes[i].Evaluate(ref evaluation) is not { } value) return null;
            entries[i] = new(keys[i], value);
        }

        return new RecordValue(entries);
    }
}

sealed class ContainsNode(Node target, Node element, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        if (!target.TrySet(ref evaluation, out var set) || element.Evaluate(ref evaluation) is not { } value)
            return Truth.Error;
        return Of(set.Contains(value));
    }
}

sealed class ContainsAllNode(Node target, Node others, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation) =>
        target.TrySet(ref evaluation, out var set) && others.TrySet(ref evaluation, out var other)
            ? Of(set.ContainsAll(other))
            : Truth.Error;
}

sealed class ContainsAnyNode(Node target, Node others, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation) =>
        target.TrySet(ref evaluation, out var set) && others.TrySet(ref evaluation, out var other)
            ? Of(set.ContainsAny(other))
            : Truth.Error;
}

sealed class IsEmptyNode(Node target, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation) =>
        target.TrySet(ref evaluation, out var set) ? Of(set.Count == 0) : Truth.Error;
}
