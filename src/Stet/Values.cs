using System.Buffers;
using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Stet.AuditLog;

namespace Stet;

/// <summary>Who did something: a type (<c>human</c>, <c>agent</c> ...) and an id, 1 to 200 characters each.</summary>
public sealed record Actor(string Type, string Id);

/// <summary>Any JSON value in canonical form (RFC 8785), at most 16 KiB.</summary>
[JsonConverter(typeof(FieldValueConverter))]
public sealed record FieldValue
{
    /// <summary>The most bytes of UTF-8 a value may take in canonical form.</summary>
    public const int MaxBytes = 16 * 1024;

    FieldValue(string json) => Json = json;

    /// <summary>The canonical text.</summary>
    public string Json { get; }

    /// <summary>A text as a value.</summary>
    public static FieldValue Of(string text) => Parse(Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(text)}\""));

    /// <summary>A value whose text is canonical already: one that comes from the store.</summary>
    public static FieldValue FromCanonical(string json) => new(json);

    /// <summary>Canonicalises.</summary>
    /// <exception cref="FieldValueException">The value would not survive storage unchanged, or is too large.</exception>
    public static FieldValue Parse(ReadOnlySpan<byte> utf8)
    {
        var json = Canonical(utf8);
        if (Encoding.UTF8.GetByteCount(json) > MaxBytes) throw new FieldValueException("", "is larger than 16 KiB in canonical form", isTooMuch: true);
        return new FieldValue(json);
    }

    /// <summary>The canonical text of JSON of any size.</summary>
    /// <exception cref="FieldValueException">It would not survive storage unchanged.</exception>
    public static string Canonical(ReadOnlySpan<byte> utf8)
    {
        var canonical = new ArrayBufferWriter<byte>(Math.Max(utf8.Length, 16));
        return CanonicalJson.TryWrite(utf8, canonical, out var error)
            ? Encoding.UTF8.GetString(canonical.WrittenSpan)
            : throw new FieldValueException(error.Pointer, error.Reason, error.TooDeep);
    }

    /// <inheritdoc />
    public override string ToString() => Json;
}

/// <summary>A value that cannot be stored unchanged.</summary>
/// <param name="pointer">JSON pointer (RFC 6901) within the value.</param>
/// <param name="reason">What is wrong there.</param>
/// <param name="isTooMuch">It would survive, but is too large or nested too deep.</param>
public sealed class FieldValueException(string pointer, string reason, bool isTooMuch) : JsonException(reason)
{
    /// <summary>JSON pointer (RFC 6901) within the value.</summary>
    public string Pointer { get; } = pointer;

    /// <summary>It would survive, but is too large or nested too deep.</summary>
    public bool IsTooMuch { get; } = isTooMuch;
}

/// <summary>A sorted set of texts that compares by what it holds, so that equal sets are stored and hashed equally.</summary>
[JsonConverter(typeof(StringSetConverter))]
public sealed class StringSet : IReadOnlyList<string>, IEquatable<StringSet>
{
    readonly ImmutableArray<string> items;

    StringSet(ImmutableArray<string> items) => this.items = items;

    /// <summary>The set without members.</summary>
    public static StringSet Empty { get; } = new([]);

    /// <inheritdoc />
    public int Count => items.Length;

    /// <inheritdoc />
    public string this[int index] => items[index];

    /// <summary>Sorts by UTF-16 code units and drops repetitions.</summary>
    public static StringSet Of(params IEnumerable<string> items)
    {
        var set = items.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToImmutableArray();
        return set.IsEmpty ? Empty : new StringSet(set);
    }

    /// <inheritdoc />
    public bool Equals(StringSet? other) => other is not null && items.AsSpan().SequenceEqual(other.items.AsSpan());

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as StringSet);

    /// <inheritdoc />
    public override int GetHashCode() => items.Aggregate(0, static (hash, item) => HashCode.Combine(hash, item));

    /// <inheritdoc />
    public IEnumerator<string> GetEnumerator() => items.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

sealed class FieldValueConverter : JsonConverter<FieldValue>
{
    public override bool HandleNull => true;

    public override FieldValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        return FieldValue.Parse(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value.RootElement));
    }

    public override void Write(Utf8JsonWriter writer, FieldValue value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Json, skipInputValidation: true);
}

sealed class StringSetConverter : JsonConverter<StringSet>
{
    public override StringSet Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("must be an array of texts");

        var items = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("must be an array of texts"));
        return StringSet.Of(items);
    }

    public override void Write(Utf8JsonWriter writer, StringSet value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value) writer.WriteStringValue(item);
        writer.WriteEndArray();
    }
}

/// <summary>UUIDs on the wire: RFC 9562's text form, in either case.</summary>
static class Uuids
{
    // The framework's own parser would also take white space around it, and signs within.
    public static bool TryParse(string? text, out Guid id) =>
        Guid.TryParseExact(text, "D", out id) && id.ToString("D").Equals(text, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Times on the wire and in events: RFC 3339 <c>date-time</c>, written in UTC with six digits, read with any offset and
/// cut to microseconds. A leap second, which the last UTC minute of a month may have, is read as the second after it.
/// </summary>
sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    const int ToSeconds = 19; // 2026-03-01T12:00:00
    const int Length = 27; // 2026-03-01T12:00:00.000000Z

    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length is < ToSeconds + 1 or > 64 || text[10] is not ('T' or 't')) return false;

        var isLeap = text[17..ToSeconds] == "60";
        if (!DateTime.TryParseExact(
                $"{text[..10]}T{text[11..17]}{(isLeap ? "59" : text[17..ToSeconds])}", "yyyy-MM-dd'T'HH:mm:ss",
                CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
            return false;

        var rest = text.AsSpan(ToSeconds);
        if (!TryReadFraction(ref rest, out var fraction) || !TryReadOffset(rest, out var offset)) return false;

        var ticks = local.Ticks + (isLeap ? TimeSpan.TicksPerSecond : 0) - offset.Ticks;
        if (ticks < 0 || ticks + fraction > DateTimeOffset.MaxValue.Ticks) return false;

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        if (isLeap && (time.Day != 1 || time.TimeOfDay != TimeSpan.Zero)) return false;

        time = time.AddTicks(fraction);
        return true;
    }

    /// <summary>Ticks of a whole number of microseconds.</summary>
    static bool TryReadFraction(ref ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text is not ['.', ..]) return true;

        text = text[1..];
        var digits = text.IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0) return false;

        for (var i = 0; i < 6; i++) ticks = (ticks * 10) + (i < digits ? text[i] - '0' : 0);
        ticks *= TimeSpan.TicksPerMicrosecond;
        text = text[digits..];
        return true;
    }

    static bool TryReadOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is ['Z' or 'z']) return true;
        if (text is not ['+' or '-', _, _, ':', _, _]
            || !TimeSpan.TryParseExact(text[1..], "hh\\:mm", CultureInfo.InvariantCulture, out offset)) return false;

        if (text[0] == '-') offset = -offset;
        return true;
    }

    public static string Format(DateTimeOffset time)
    {
        Span<byte> text = stackalloc byte[Length + 1];
        return Encoding.ASCII.GetString(Format(time, text));
    }

    // The round-trip format, which is quick, has a seventh digit.
    static ReadOnlySpan<byte> Format(DateTimeOffset time, Span<byte> text)
    {
        time.UtcDateTime.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        text[Length - 1] = (byte)'Z';
        return text[..Length];
    }

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString()!, out var time)
            ? time
            : throw new JsonException("must be an RFC 3339 time with an offset, such as 2026-03-01T12:00:00Z");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[Length + 1];
        writer.WriteStringValue(Format(value, text));
    }
}

/// <summary>The words of an enumeration, in exactly this spelling.</summary>
sealed class EnumWords<T>(JsonNamingPolicy policy) where T : struct, Enum
{
    readonly Dictionary<T, string> words = Enum.GetValues<T>().ToDictionary(v => v, v => policy.ConvertName(v.ToString()));

    readonly Dictionary<string, T> values =
        Enum.GetValues<T>().ToDictionary(v => policy.ConvertName(v.ToString()), StringComparer.Ordinal);

    /// <summary>With underscores: <c>ENTERED_IN_ERROR</c>.</summary>
    public static EnumWords<T> Capitals { get; } = new(JsonNamingPolicy.SnakeCaseUpper);

    /// <summary>With underscores: <c>not_permitted</c>.</summary>
    public static EnumWords<T> SmallLetters { get; } = new(JsonNamingPolicy.SnakeCaseLower);

    public IReadOnlyCollection<string> All => values.Keys;

    public string Of(T value) => words[value];

    public bool TryRead(string word, out T value) => values.TryGetValue(word, out value);

    /// <exception cref="InvalidDataException">It is none of the words.</exception>
    public T Read(string word) =>
        TryRead(word, out var value) ? value : throw new InvalidDataException($"`{word}` is none of: {string.Join(", ", All)}");
}

/// <inheritdoc cref="EnumWords{T}.Capitals" />
sealed class CapitalsConverter<T>() : WordsConverter<T>(EnumWords<T>.Capitals) where T : struct, Enum;

/// <inheritdoc cref="EnumWords{T}.SmallLetters" />
sealed class SnakeCaseConverter<T>() : WordsConverter<T>(EnumWords<T>.SmallLetters) where T : struct, Enum;

abstract class WordsConverter<T>(EnumWords<T> words) : JsonConverter<T> where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && words.TryRead(reader.GetString()!, out var value)
            ? value
            : throw new JsonException($"must be one of: {string.Join(", ", words.All)}");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(words.Of(value));
}
