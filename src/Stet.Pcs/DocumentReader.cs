using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Stet.Pcs;

/// <summary>Step 4 of the verification: JSON, names that are not repeated, finite numbers.</summary>
ref partial struct DocumentReader
{
    const int MaxDepth = 32;

    // Room for any known name and any integer with each character escaped.
    const int LongestName = 6 * 20;

    Utf8JsonReader reader;
    RawDocument raw;
    bool isRepeated;
    bool isInfinite;

    /// <param name="json">Any bytes.</param>
    /// <param name="raw">What the text says; its types may still be wrong.</param>
    /// <returns>Null, or why the text is refused.</returns>
    public static PcsRefusal? Parse(ReadOnlySpan<byte> json, out RawDocument raw)
    {
        raw = default;
        // The reader does not look into strings.
        if (!Utf8.IsValid(json)) return Refusals.JsonMalformed;

        var options = new JsonReaderOptions { MaxDepth = MaxDepth };
        var document = new DocumentReader { reader = new Utf8JsonReader(json, options) };
        try
        {
            document.ReadDocument();
        }
        catch (JsonException)
        {
            return Refusals.JsonMalformed;
        }

        raw = document.raw;
        if (document.isRepeated || (!raw.IsV10 && IsRepeatedFolded(raw))) return Refusals.MemberDuplicate;

        return document.isInfinite ? Refusals.NumberNotFinite : null;
    }

    static bool IsRepeatedFolded(in RawDocument raw) =>
        ((raw.Seen.RepeatedFolded | raw.SeenOfDelivery.RepeatedFolded) & Members.KnownToV01) != Members.None;

    void ReadDocument()
    {
        Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();

        ReadMembers(ref raw.Seen, isDelivery: false);
        isRepeated |= raw.Seen.IsRepeated;

        // Throws unless nothing follows.
        reader.Read();
    }

    void ReadMembers(ref SeenMembers seen, bool isDelivery)
    {
        Span<byte> room = stackalloc byte[LongestName];

        for (Read(); reader.TokenType != JsonTokenType.EndObject; Read())
        {
            var member = MemberNames.Find(UnescapedName(room), isDelivery, out var isExact);
            // What a second one says does not matter, save that 1.0 goes by a member's own name.
            var isSecond = ((isExact ? seen.Exact : seen.Any) & member) != Members.None;

            if (isExact) seen.AddExact(member);
            else seen.AddOther(reader.GetString()!, member);

            Read();
            if (member == Members.None || isSecond)
            {
                Skip();
                continue;
            }

            raw.Nulls &= ~member;
            raw.Mistyped &= ~member;
            if (reader.TokenType == JsonTokenType.Null) raw.Nulls |= member;
            else if (!TryReadValue(member)) raw.Mistyped |= member;
        }
    }

    /// <summary>The name as it was meant; none for one that is too long to be known.</summary>
    readonly ReadOnlySpan<byte> UnescapedName(Span<byte> room)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        return reader.ValueSpan.Length <= room.Length ? room[..reader.CopyString(room)] : default;
    }

    /// <summary>To the next token, which has been checked as far as JSON alone goes.</summary>
    void Read()
    {
        if (!reader.Read()) throw new JsonException();

        switch (reader.TokenType)
        {
            case JsonTokenType.String or JsonTokenType.PropertyName when reader.ValueIsEscaped:
                if (!EscapedText.HasWholeCharacters(reader.ValueSpan)) throw new JsonException();
                break;
            case JsonTokenType.Number:
                isInfinite |= IsInfinite(reader.ValueSpan);
                break;
        }
    }

    /// <summary>Past the value, which is read all the same: it must be JSON without repeated names.</summary>
    void Skip()
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                for (Read(); reader.TokenType != JsonTokenType.EndArray; Read()) Skip();
                break;
            case JsonTokenType.StartObject:
                HashSet<string>? names = null;
                for (Read(); reader.TokenType != JsonTokenType.EndObject; Read())
                {
                    names ??= new HashSet<string>(StringComparer.Ordinal);
                    isRepeated |= !names.Add(reader.GetString()!);
                    Read();
                    Skip();
                }

                break;
        }
    }

    static bool IsInfinite(ReadOnlySpan<byte> number)
    {
        // Below 1e300 without an exponent.
        if (number.Length < 300 && number.IndexOfAny((byte)'e', (byte)'E') < 0) return false;

        return !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ||
               !double.IsFinite(value);
    }
}
