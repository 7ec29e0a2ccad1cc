using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>Makes an extension value of a string that is not known before evaluation.</summary>
sealed class ConstructorNode(ExtensionFunction function, Node argument, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        if (!argument.TryString(ref evaluation, out var text)) return null;
        return Extensions.TryConstruct(function.Operation, text, out var value)
            ? value
            : evaluation.Fail(Refused(function, Where));
    }

    internal static EvaluationError Refused(ExtensionFunction function, TextSpan where) =>
        new(EvaluationErrorKind.ExtensionArgument, where, Name: function.Name);
}

/// <summary>Calls a method of an extension type.</summary>
/// <param name="function">A method.</param>
/// <param name="receiver">Its first argument.</param>
/// <param name="argument">Its second argument; null exactly when it takes one.</param>
/// <param name="where">Its place.</param>
sealed class MethodNode(ExtensionFunction function, Node receiver, Node? argument, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        if (receiver.Evaluate(ref evaluation) is not { } one) return null;
        var other = one;
        if (argument is not null && (other = argument.Evaluate(ref evaluation)) is null) return null;

        if (one.Kind != function.Parameters[0])
        {
            evaluation.FailType(receiver.Where, function.Parameters[0], one);
            return null;
        }

        if (argument is not null && other.Kind != function.Parameters[1])
        {
            evaluation.FailType(argument.Where, function.Parameters[1], other);
            return null;
        }

        return one switch
        {
            DecimalValue number => Extensions.Compare(function.Operation, number, (DecimalValue)other),
            IpAddressValue ip => Extensions.Ask(function.Operation, ip, other),
            DateTimeValue instant =>
                Extensions.Move(function.Operation, instant, other) ?? evaluation.FailOverflow(Where),
            _ => Extensions.Convert(function.Operation, (DurationValue)one),
        };
    }
}

/// <summary>What the functions and methods of the extension types do.</summary>
static class Extensions
{
    internal static bool TryConstruct(ExtensionOperation constructor, string text, [NotNullWhen(true)] out Value? value)
    {
        value = constructor switch
        {
            ExtensionOperation.Decimal => DecimalValue.TryParse(text, out var number) ? number : null,
            ExtensionOperation.Ip => IpAddressValue.TryParse(text, out var ip) ? ip : null,
            ExtensionOperation.DateTime => DateTimeValue.TryParse(text, out var instant) ? instant : null,
            _ => DurationValue.TryParse(text, out var duration) ? duration : null,
        };

        return value is not null;
    }

    internal static BoolValue Compare(ExtensionOperation method, DecimalValue one, DecimalValue other)
    {
        var answer = method switch
        {
            ExtensionOperation.LessThan => one.TenThousandths < other.TenThousandths,
            ExtensionOperation.LessThanOrEqual => one.TenThousandths <= other.TenThousandths,
            ExtensionOperation.GreaterThan => one.TenThousandths > other.TenThousandths,
            _ => one.TenThousandths >= other.TenThousandths,
        };

        return BoolValue.Of(answer);
    }

    internal static BoolValue Ask(ExtensionOperation method, IpAddressValue ip, Value other)
    {
        var answer = method switch
        {
            ExtensionOperation.IsIpv4 => !ip.IsIpv6,
            ExtensionOperation.IsIpv6 => ip.IsIpv6,
            ExtensionOperation.IsLoopback => ip.IsLoopback,
            ExtensionOperation.IsMulticast => ip.IsMulticast,
            _ => ip.IsInRange((IpAddressValue)other),
        };

        return BoolValue.Of(answer);
    }

    /// <summary>Null when the result does not fit 64 bits.</summary>
    internal static Value? Move(ExtensionOperation method, DateTimeValue instant, Value other)
    {
        switch (method)
        {
            case ExtensionOperation.ToTime: return new DurationValue(instant.TimeOfDay);
            case ExtensionOperation.ToDate: return instant.TryGetDate(out var date) ? date : null;

            case ExtensionOperation.Offset:
                var moved = (Int128)instant.Milliseconds + ((DurationValue)other).Milliseconds;
                return moved == (long)moved ? new DateTimeValue((long)moved) : null;

            default:
                var since = (Int128)instant.Milliseconds - ((DateTimeValue)other).Milliseconds;
                return since == (long)since ? new DurationValue((long)since) : null;
        }
    }

    internal static LongValue Convert(ExtensionOperation method, DurationValue duration)
    {
        var unit = method switch
        {
            ExtensionOperation.ToMilliseconds => 1L,
            ExtensionOperation.ToSeconds => DurationValue.Second,
            ExtensionOperation.ToMinutes => DurationValue.Minute,
            ExtensionOperation.ToHours => DurationValue.Hour,
            _ => DurationValue.Day,
        };

        return new LongValue(duration.Milliseconds / unit);
    }
}
