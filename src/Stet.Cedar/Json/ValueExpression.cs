using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>Expressions that have a given value whatever the request is.</summary>
static class ValueExpression
{
    internal static Expression Of(Value value) => value switch
    {
        SetValue set => new SetExpression(new(ImmutableArray.CreateRange([.. set.Items], Of)), default),
        RecordValue record => OfRecord(record),
        DecimalValue number => Call("decimal", number.ToArgument()),
        IpAddressValue ip => Call("ip", ip.ToArgument()),
        DurationValue duration => Call("duration", duration.ToArgument()),
        DateTimeValue instant => OfInstant(instant),
        _ => new Literal(value, default),
    };

    static RecordExpression OfRecord(RecordValue record)
    {
        var entries = ImmutableArray.CreateBuilder<RecordEntry>(record.Count);
        for (var i = 0; i < record.Count; i++) entries.Add(new RecordEntry(record.Keys[i], Of(record.Values[i])));
        return new RecordExpression(new(entries.MoveToImmutable()), default);
    }

    static ExtensionCall OfInstant(DateTimeValue instant) => instant.ToArgument() is { } argument
        ? Call("datetime", argument)
        : new ExtensionCall(
            Function("offset"), [Call("datetime", "1970-01-01"), Call("duration", new DurationValue(instant.Milliseconds).ToArgument())],
            default);

    static ExtensionCall Call(string function, string argument) =>
        new(Function(function), [new Literal(new StringValue(argument), default)], default);

    static ExtensionFunction Function(string name) =>
        ExtensionFunction.TryGet(name, out var function)
            ? function
            : throw new ArgumentException($"There is no function `{name}`.", nameof(name));
}
