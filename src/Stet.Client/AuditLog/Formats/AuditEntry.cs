using System.Text.Unicode;

namespace Stet.Client.AuditLog.Formats;

/// <summary>An entry of a Stet log: canonical JSON (RFC 8785) with exactly the members below, in that order.</summary>
/// <remarks>Canonical means one spelling, so that it is read as a fixed text with gaps.</remarks>
readonly ref struct AuditEntry
{
    public const int MaxLength = 16 * 1024;

    // No canonical number is an exact integer beyond it.
    const long MaxInteger = 1L << 53;

    /// <summary>The commitment to the payload, base64 of 32 bytes.</summary>
    public ReadOnlySpan<byte> Commit { get; private init; }

    /// <summary>The event's UUID in lower case.</summary>
    public ReadOnlySpan<byte> Id { get; private init; }

    /// <summary>The event's name.</summary>
    public ReadOnlySpan<byte> Type { get; private init; }

    /// <summary>Whether the event says that a person was erased, which excuses payloads that are gone.</summary>
    public bool IsErasure => Type.SequenceEqual("subject_erased"u8);

    /// <param name="bytes">Of the entry.</param>
    /// <param name="entry">What is in it.</param>
    /// <param name="problem">What is wrong, as the end of a sentence; null if nothing is.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out AuditEntry entry, out string? problem)
    {
        entry = default;
        if (bytes.Length > MaxLength)
        {
            problem = "is longer than 16 KiB";
            return false;
        }

        var rest = bytes;
        problem = null;
        if (!Text(ref rest, "{\"actor\":\""u8, out var actor) || !IsActor(actor)) problem = "has no `actor` that is a known class";
        else if (!Text(ref rest, ",\"at\":\""u8, out var at) || !IsTime(at)) problem = "has no `at` in UTC with six digits of a second";
        else if (!Text(ref rest, ",\"commit\":\""u8, out var commit) || !IsCommit(commit)) problem = "has no `commit` that is base64 of 32 bytes";
        else if (!Text(ref rest, ",\"id\":\""u8, out var id) || !IsUuid(id)) problem = "has no `id` that is a lower-case UUID";
        else if (!Number(ref rest, ",\"schema\":"u8, 1, MaxInteger)) problem = "has no `schema` of at least 1";
        else if (!Text(ref rest, ",\"stream\":\""u8, out var stream) || !IsUuid(stream)) problem = "has no `stream` that is a lower-case UUID";
        else if (!Text(ref rest, ",\"type\":\""u8, out var type) || !IsEventName(type)) problem = "has no `type` that is an event's name";
        else if (!Number(ref rest, ",\"v\":"u8, 1, 1)) problem = "has no `v` of 1";
        else if (!Number(ref rest, ",\"version\":"u8, 1, MaxInteger) || !rest.SequenceEqual("}"u8)) problem = "has no `version` of at least 1 as its last member";
        else entry = new() { Commit = commit, Id = id, Type = type };

        return problem is null;
    }

    static bool Text(scoped ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!rest.StartsWith(name)) return false;

        rest = rest[name.Length..];
        var end = rest.IndexOf((byte)'"');
        if (end < 0) return false;

        value = rest[..end];
        rest = rest[(end + 1)..];
        return true;
    }

    static bool Number(scoped ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> name, long least, long most)
    {
        if (!rest.StartsWith(name)) return false;

        rest = rest[name.Length..];
        var end = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (end < 0 || !Strict.TryDecimal(rest[..end], out var value) || value < least || value > most) return false;

        rest = rest[end..];
        return true;
    }

    static bool IsActor(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("application"u8) || text.SequenceEqual("enforcer"u8) || text.SequenceEqual("agent"u8) ||
        text.SequenceEqual("operator"u8) || text.SequenceEqual("auditor"u8) || text.SequenceEqual("system"u8);

    static bool IsCommit(ReadOnlySpan<byte> text)
    {
        Span<byte> commit = stackalloc byte[Merkle.HashSize];
        return Strict.TryBase64(text, commit);
    }

    public static bool IsUuid(ReadOnlySpan<byte> text)
    {
        if (text.Length != 36) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !char.IsAsciiHexDigitLower((char)text[i])) return false;
        }

        return true;
    }

    /// <summary>A string without escapes and without the suffix of a schema version, which `schema` holds.</summary>
    static bool IsEventName(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text.Contains((byte)'\\') || text.IndexOfAnyInRange((byte)0, (byte)0x1f) >= 0 || !Utf8.IsValid(text)) return false;

        var end = text.LastIndexOfAnyExceptInRange((byte)'0', (byte)'9') + 1;
        return end == text.Length || !text[..end].EndsWith("_v"u8);
    }

    /// <summary><c>yyyy-MM-ddTHH:mm:ss.ffffffZ</c>, a moment that exists.</summary>
    static bool IsTime(ReadOnlySpan<byte> text)
    {
        var pattern = "0000-00-00T00:00:00.000000Z"u8;
        if (text.Length != pattern.Length) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (pattern[i] == '0' ? !char.IsAsciiDigit((char)text[i]) : text[i] != pattern[i]) return false;
        }

        var (year, month, day) = (Digits(text[..4]), Digits(text[5..7]), Digits(text[8..10]));
        return year >= 1 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month) &&
               Digits(text[11..13]) < 24 && Digits(text[14..16]) < 60 && Digits(text[17..19]) < 60;
    }

    static int Digits(ReadOnlySpan<byte> text)
    {
        var value = 0;
        foreach (var c in text) value = (value * 10) + c - '0';
        return value;
    }
}
