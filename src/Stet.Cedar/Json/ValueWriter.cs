namespace Stet.Cedar;

/// <summary>Writes values in the form that <see cref="ValueReader"/> reads.</summary>
static class ValueWriter
{
    internal static void Write(CanonicalWriter json, Value value)
    {
        switch (value)
        {
            case BoolValue { Value: var truth }: json.Raw(truth ? "true"u8 : "false"u8); break;
            case LongValue { Value: var number }: json.Number(number); break;
            case StringValue { Value: var text }: json.String(text); break;
            case SetValue set: WriteSet(json, set); break;
            case RecordValue record: WriteRecord(json, record); break;
            case DecimalValue number: WriteExtension(json, "decimal", number.ToArgument()); break;
            case IpAddressValue ip: WriteExtension(json, "ip", ip.ToArgument()); break;
            case DurationValue duration: WriteExtension(json, "duration", duration.ToArgument()); break;
            case DateTimeValue instant: WriteInstant(json, instant); break;

            case EntityUid uid:
                WriteUid(json.Raw("{\"__entity\":"u8), uid);
                json.Raw("}"u8);
                break;
        }
    }

    internal static void WriteUid(CanonicalWriter json, EntityUid uid) =>
        json.Raw("{\"id\":"u8).String(uid.Id).Raw(",\"type\":"u8).String(uid.Type).Raw("}"u8);

    static void WriteSet(CanonicalWriter json, SetValue set)
    {
        json.Raw("["u8);
        for (var i = 0; i < set.Count; i++) Write(i == 0 ? json : json.Raw(","u8), set.Items[i]);
        json.Raw("]"u8);
    }

    static void WriteRecord(CanonicalWriter json, RecordValue record)
    {
        json.Raw("{"u8);

        for (var i = 0; i < record.Count; i++)
            Write((i == 0 ? json : json.Raw(","u8)).String(record.Keys[i]).Raw(":"u8), record.Values[i]);

        json.Raw("}"u8);
    }

    static void WriteExtension(CanonicalWriter json, string function, string argument) =>
        json.Raw("{\"__extn\":{\"arg\":"u8).String(argument).Raw(",\"fn\":"u8).String(function).Raw("}}"u8);

    static void WriteInstant(CanonicalWriter json, DateTimeValue instant)
    {
        if (instant.ToArgument() is { } argument)
        {
            WriteExtension(json, "datetime", argument);
            return;
        }

        WriteExtension(json.Raw("{\"__extn\":{\"args\":["u8), "datetime", "1970-01-01");
        WriteExtension(json.Raw(","u8), "duration", new DurationValue(instant.Milliseconds).ToArgument());
        json.Raw("],\"fn\":\"offset\"}}"u8);
    }
}
