namespace Stet.Cedar;

/// <summary>
/// Keeps one object for equal constants of a snapshot. What many policies name is then in the processor's cache, and the
/// same object compares at once.
/// </summary>
sealed class ConstantPool
{
    readonly Dictionary<Value, Value> values = [];
    readonly Dictionary<string, string> names = [];

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
}
