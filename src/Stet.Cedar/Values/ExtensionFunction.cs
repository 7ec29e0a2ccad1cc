using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>A function or method of the extension types. There is one instance of each.</summary>
public sealed class ExtensionFunction : IEquatable<ExtensionFunction>
{
    static readonly FrozenDictionary<string, ExtensionFunction> ByName =
        All.ToFrozenDictionary(function => function.Name);

    ExtensionFunction(
        ExtensionOperation operation, string name, bool isMethod, ValueKind result, ImmutableArray<ValueKind> parameters)
    {
        Operation = operation;
        Name = name;
        IsMethod = isMethod;
        Result = result;
        Parameters = parameters;
    }

    /// <summary>Its name in policies and in JSON.</summary>
    public string Name { get; }

    /// <summary>Whether it is called on a receiver, which is its first parameter.</summary>
    public bool IsMethod { get; }

    /// <summary>Whether it makes an extension value of one string.</summary>
    public bool IsConstructor => !IsMethod;

    /// <summary>What it answers.</summary>
    public ValueKind Result { get; }

    /// <summary>What it takes.</summary>
    public ImmutableArray<ValueKind> Parameters { get; }

    internal ExtensionOperation Operation { get; }

    /// <summary>All there are.</summary>
    public static ImmutableArray<ExtensionFunction> All => Functions.All;

    /// <summary>The function or method of a name; names are unique among both.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out ExtensionFunction? function) =>
        ByName.TryGetValue(name, out function);

    /// <inheritdoc/>
    public bool Equals(ExtensionFunction? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Operation;

    /// <inheritdoc/>
    public override string ToString() => Name;

    static class Functions
    {
        internal static readonly ImmutableArray<ExtensionFunction> All =
        [
            Constructor(ExtensionOperation.Decimal, "decimal", ValueKind.Decimal),
            Constructor(ExtensionOperation.Ip, "ip", ValueKind.IpAddress),
            Constructor(ExtensionOperation.DateTime, "datetime", ValueKind.DateTime),
            Constructor(ExtensionOperation.Duration, "duration", ValueKind.Duration),
            Method(ExtensionOperation.LessThan, "lessThan", ValueKind.Bool, ValueKind.Decimal, ValueKind.Decimal),
            Method(ExtensionOperation.LessThanOrEqual, "lessThanOrEqual", ValueKind.Bool, ValueKind.Decimal, ValueKind.Decimal),
            Method(ExtensionOperation.GreaterThan, "greaterThan", ValueKind.Bool, ValueKind.Decimal, ValueKind.Decimal),
            Method(ExtensionOperation.GreaterThanOrEqual, "greaterThanOrEqual", ValueKind.Bool, ValueKind.Decimal, ValueKind.Decimal),
            Method(ExtensionOperation.IsIpv4, "isIpv4", ValueKind.Bool, ValueKind.IpAddress),
            Method(ExtensionOperation.IsIpv6, "isIpv6", ValueKind.Bool, ValueKind.IpAddress),
            Method(ExtensionOperation.IsLoopback, "isLoopback", ValueKind.Bool, ValueKind.IpAddress),
            Method(ExtensionOperation.IsMulticast, "isMulticast", ValueKind.Bool, ValueKind.IpAddress),
            Method(ExtensionOperation.IsInRange, "isInRange", ValueKind.Bool, ValueKind.IpAddress, ValueKind.IpAddress),
            Method(ExtensionOperation.Offset, "offset", ValueKind.DateTime, ValueKind.DateTime, ValueKind.Duration),
            Method(ExtensionOperation.DurationSince, "durationSince", ValueKind.Duration, ValueKind.DateTime, ValueKind.DateTime),
            Method(ExtensionOperation.ToDate, "toDate", ValueKind.DateTime, ValueKind.DateTime),
            Method(ExtensionOperation.ToTime, "toTime", ValueKind.Duration, ValueKind.DateTime),
            Method(ExtensionOperation.ToMilliseconds, "toMilliseconds", ValueKind.Long, ValueKind.Duration),
            Method(ExtensionOperation.ToSeconds, "toSeconds", ValueKind.Long, ValueKind.Duration),
            Method(ExtensionOperation.ToMinutes, "toMinutes", ValueKind.Long, ValueKind.Duration),
            Method(ExtensionOperation.ToHours, "toHours", ValueKind.Long, ValueKind.Duration),
            Method(ExtensionOperation.ToDays, "toDays", ValueKind.Long, ValueKind.Duration),
        ];

        static ExtensionFunction Constructor(ExtensionOperation operation, string name, ValueKind result) =>
            new(operation, name, isMethod: false, result, [ValueKind.String]);

        static ExtensionFunction Method(
            ExtensionOperation operation, string name, ValueKind result, params ImmutableArray<ValueKind> parameters) =>
            new(operation, name, isMethod: true, result, parameters);
    }
}

enum ExtensionOperation
{
    Decimal, Ip, DateTime, Duration,
    LessThan, LessThanOrEqual, GreaterThan, GreaterThanOrEqual,
    IsIpv4, IsIpv6, IsLoopback, IsMulticast, IsInRange,
    Offset, DurationSince, ToDate, ToTime,
    ToMilliseconds, ToSeconds, ToMinutes, ToHours, ToDays,
}
