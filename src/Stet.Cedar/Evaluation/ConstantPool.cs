using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>
/// Keeps one object for equal constants and one node for equal expressions of a snapshot. Policies say much the same
/// things: shared, what thousands of them look at stays in the processor's cache, and the same object compares at once.
/// </summary>
sealed class ConstantPool
{
    readonly Dictionary<Value, Value> values = [];
    readonly Dictionary<string, string> names = [];
    readonly Dictionary<Expression, Node> nodes = [];

    internal T Shared<T>(T value) where T : Value
    {
        if (values.TryGetValue(value, out var known)) return (T)known;
        values.Add(value, value);
        return value;
    }

    internal string Shared(string name)
    {
        if (names.TryGetValue(name, out var known)) return known;
        names.Add(name, name);
        return name;
    }

    internal bool TryGet(Expression expression, [NotNullWhen(true)] out Node? node) =>
        nodes.TryGetValue(expression, out node);

    internal void Add(Expression expression, Node node) => nodes.Add(expression, node);
}
