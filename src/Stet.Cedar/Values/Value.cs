namespace Stet.Cedar;

/// <summary>
/// A value of the language. Immutable; equality is that of <c>==</c>: values of different kinds are unequal, sets compare
/// without order, records by keys and values, both deeply.
/// </summary>
public abstract class Value : IEquatable<Value>
{
    private protected Value()
    {
    }

    /// <summary>What kind of value it is.</summary>
    public abstract ValueKind Kind { get; }

    /// <inheritdoc/>
    public abstract bool Equals(Value? other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Value);

    /// <inheritdoc/>
    public abstract override int GetHashCode();

    /// <summary>The value as it is written in a policy.</summary>
    public sealed override string ToString() => ValueText.Of(this);
}

/// <summary>The kinds of values.</summary>
public enum ValueKind
{
    /// <summary><see cref="BoolValue"/></summary>
    Bool,

    /// <summary><see cref="LongValue"/></summary>
    Long,

    /// <summary><see cref="StringValue"/></summary>
    String,

    /// <summary><see cref="EntityUid"/></summary>
    Entity,

    /// <summary><see cref="SetValue"/></summary>
    Set,

    /// <summary><see cref="RecordValue"/></summary>
    Record,

    /// <summary><see cref="DecimalValue"/></summary>
    Decimal,

    /// <summary><see cref="IpAddressValue"/></summary>
    IpAddress,

    /// <summary><see cref="DateTimeValue"/></summary>
    DateTime,

    /// <summary><see cref="DurationValue"/></summary>
    Duration,
}

/// <summary>True or false.</summary>
public sealed class BoolValue : Value
{
    BoolValue(bool value) => Value = value;

    /// <summary>The one true value.</summary>
    public static BoolValue True { get; } = new(true);

    /// <summary>The one false value.</summary>
    public static BoolValue False { get; } = new(false);

    /// <summary>What it is.</summary>
    public bool Value { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Bool;

    /// <summary><see cref="True"/> or <see cref="False"/>.</summary>
    public static BoolValue Of(bool value) => value ? True : False;

    /// <inheritdoc/>
    public override bool Equals(Value? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value ? 1 : 0;
}

/// <summary>A signed integer of 64 bits.</summary>
public sealed class LongValue(long value) : Value
{
    /// <summary>What it is.</summary>
    public long Value => value;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Long;

    /// <inheritdoc/>
    public override bool Equals(Value? other) => other is LongValue { Value: var its } && its == value;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ValueKind.Long, value);
}

/// <summary>A sequence of Unicode scalar values, compared by code point and never normalised.</summary>
public sealed class StringValue : Value
{
    int hash;

    /// <summary>The string as a value.</summary>
    /// <exception cref="ArgumentException">It holds a surrogate without its other half.</exception>
    public StringValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!UnicodeText.IsWellFormed(value)) throw new ArgumentException("The string holds a lone surrogate.", nameof(value));
        Value = value;
    }

    /// <summary>What it is.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.String;

    /// <inheritdoc/>
    public override bool Equals(Value? other) => other is StringValue { Value: var its } && its == Value;

    /// <inheritdoc/>
    public override int GetHashCode() => hash != 0 ? hash : hash = HashCode.Combine(ValueKind.String, Value);
}
