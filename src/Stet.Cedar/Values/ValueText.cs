using System.Globalization;
using System.Text;

namespace Stet.Cedar;

/// <summary>Values as they are written in a policy.</summary>
static class ValueText
{
    internal static string Of(Value value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    internal static void Append(StringBuilder text, Value value)
    {
        switch (value)
        {
            case BoolValue { Value: var truth }: text.Append(truth ? "true" : "false"); break;
            case LongValue { Value: var number }: text.Append(number); break;
            case StringValue { Value: var content }: AppendQuoted(text, content); break;
            case EntityUid uid: AppendQuoted(text.Append(uid.Type).Append("::"), uid.Id); break;
            case SetValue set: AppendSet(text, set); break;
            case RecordValue record: AppendRecord(text, record); break;
            case DecimalValue number: text.Append("decimal(\"").Append(number.ToArgument()).Append("\")"); break;
            case IpAddressValue ip: text.Append("ip(\"").Append(ip.ToArgument()).Append("\")"); break;
            case DurationValue duration: text.Append("duration(\"").Append(duration.ToArgument()).Append("\")"); break;
            case DateTimeValue instant: AppendInstant(text, instant); break;
        }
    }

    /// <summary>A piece of input for a message: what does not show is escaped, and what is long is cut.</summary>
    internal static string Shown(ReadOnlySpan<char> content, int most = 40)
    {
        var text = new StringBuilder();

        foreach (var rune in (content.Length <= most ? content : content[..most]).EnumerateRunes())
            if (IsHidden(rune)) AppendCode(text, rune);
            else text.Append(rune.ToString());

        return content.Length <= most ? text.ToString() : text.Append("...").ToString();
    }

    /// <summary>In double quotes, with everything escaped that does not show or would end the string.</summary>
    internal static StringBuilder AppendQuoted(StringBuilder text, string content)
    {
        text.Append('"');
        AppendEscaped(text, content);
        return text.Append('"');
    }

    internal static void AppendEscaped(StringBuilder text, ReadOnlySpan<char> content)
    {
        foreach (var rune in content.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\\': text.Append(@"\\"); break;
                case '"': text.Append("\\\""); break;
                case '\n': text.Append(@"\n"); break;
                case '\r': text.Append(@"\r"); break;
                case '\t': text.Append(@"\t"); break;
                case '\0': text.Append(@"\0"); break;
                case var _ when IsHidden(rune): AppendCode(text, rune); break;
                default: text.Append(rune.ToString()); break;
            }
        }
    }

    static void AppendCode(StringBuilder text, Rune rune) =>
        text.Append(@"\u{").Append(rune.Value.ToString("x", CultureInfo.InvariantCulture)).Append('}');

    static bool IsHidden(Rune rune) => rune.Value > 0x7E
        ? Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned
        : rune.Value < 0x20;

    static void AppendSet(StringBuilder text, SetValue set)
    {
        text.Append('[');

        for (var i = 0; i < set.Count; i++)
            Append(i == 0 ? text : text.Append(", "), set.Items[i]);

        text.Append(']');
    }

    static void AppendRecord(StringBuilder text, RecordValue record)
    {
        text.Append('{');

        for (var i = 0; i < record.Count; i++)
        {
            AppendKey(i == 0 ? text : text.Append(", "), record.Keys[i]);
            Append(text.Append(": "), record.Values[i]);
        }

        text.Append('}');
    }

    internal static void AppendKey(StringBuilder text, string key)
    {
        if (EntityTypeName.IsIdentifier(key)) text.Append(key);
        else AppendQuoted(text, key);
    }

    static void AppendInstant(StringBuilder text, DateTimeValue instant)
    {
        if (instant.ToArgument() is { } argument) text.Append("datetime(\"").Append(argument).Append("\")");
        else
            text.Append("datetime(\"1970-01-01\").offset(duration(\"")
                .Append(new DurationValue(instant.Milliseconds).ToArgument()).Append("\"))");
    }
}
