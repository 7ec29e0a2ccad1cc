using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using static Stet.Client.AuditLog.Formats.JsonText;

namespace Stet.Client.AuditLog.Formats;

/// <summary>
/// The canonical form of a JSON text (RFC 8785): parser and writer in one pass over the bytes. An instance keeps its
/// buffers and is used by one thread at a time.
/// </summary>
sealed class CanonicalJson
{
    const int MaxDepth = 64;

    readonly ByteList output = new();

    // The names of the objects that are open, unescaped, one after the other; likewise their members.
    readonly ByteList names = new();
    readonly List<Member> members = [];
    readonly Comparison<Member> byName;
    byte[] sorting = [];
    string? problem;

    public CanonicalJson() => byName = (left, right) => CompareUtf16(Name(left), Name(right));

    [StructLayout(LayoutKind.Auto)]
    readonly record struct Member(int NameStart, int NameLength, int Start, int Length);

    /// <param name="json">One JSON value (RFC 8259) in UTF-8.</param>
    /// <param name="canonical">Good until the next call.</param>
    /// <param name="reason">Why there is no canonical form, as the end of a sentence.</param>
    public bool TryConvert(ReadOnlySpan<byte> json, out ReadOnlySpan<byte> canonical, [NotNullWhen(false)] out string? reason)
    {
        output.Truncate(0);
        names.Truncate(0);
        members.Clear();
        problem = null;

        var at = 0;
        var isDone = Utf8.IsValid(json) ? Value(json, ref at, 0) && IsEnd(json, at) : Refuse("is not valid UTF-8");
        canonical = isDone ? output.Span : default;
        reason = isDone ? null : problem!;
        return isDone;
    }

    bool IsEnd(ReadOnlySpan<byte> json, int at)
    {
        SkipSpace(json, ref at);
        return at == json.Length || Refuse($"goes on after its end, at byte {at}");
    }

    bool Value(ReadOnlySpan<byte> json, ref int at, int depth)
    {
        SkipSpace(json, ref at);
        if (depth > MaxDepth) return Refuse($"is nested deeper than {MaxDepth}");

        return Peek(json, at) switch
        {
            '{' => Object(json, ref at, depth),
            '[' => Array(json, ref at, depth),
            '"' => String(json, ref at),
            't' => Literal(json, ref at, "true"u8),
            'f' => Literal(json, ref at, "false"u8),
            'n' => Literal(json, ref at, "null"u8),
            _ => Number(json, ref at),
        };
    }

    bool Object(ReadOnlySpan<byte> json, ref int at, int depth)
    {
        var (firstMember, firstName, start) = (members.Count, names.Count, output.Count);
        at++;
        SkipSpace(json, ref at);
        if (!TryTake(json, ref at, '}'))
        {
            do
            {
                SkipSpace(json, ref at);
                var (nameStart, memberStart) = (names.Count, output.Count);
                if (Peek(json, at) != '"') return Unexpected(json, at);
                if (!Unescape(json, ref at)) return false;

                var nameLength = names.Count - nameStart;
                Escape(names.Span[nameStart..]);
                SkipSpace(json, ref at);
                if (!TryTake(json, ref at, ':')) return Unexpected(json, at);

                output.Add((byte)':');
                if (!Value(json, ref at, depth + 1)) return false;

                members.Add(new(nameStart, nameLength, memberStart, output.Count - memberStart));
                SkipSpace(json, ref at);
            }
            while (TryTake(json, ref at, ','));

            if (!TryTake(json, ref at, '}')) return Unexpected(json, at);
        }

        if (!WriteSorted(firstMember, start)) return false;
        members.RemoveRange(firstMember, members.Count - firstMember);
        names.Truncate(firstName);
        return true;
    }

    /// <summary>Puts the members of the innermost object, written one after the other, in order and between braces.</summary>
    bool WriteSorted(int firstMember, int start)
    {
        var written = output.Count - start;
        if (sorting.Length < written) sorting = new byte[Math.Max(written, 1024)];
        output.Span[start..].CopyTo(sorting);
        output.Truncate(start);

        var count = members.Count - firstMember;
        CollectionsMarshal.AsSpan(members)[firstMember..].Sort(byName);
        output.Add((byte)'{');
        for (var i = firstMember; i < members.Count; i++)
        {
            if (i > firstMember)
            {
                if (Name(members[i]).SequenceEqual(Name(members[i - 1]))) return Refuse("has a member name twice in one object");
                output.Add((byte)',');
            }

            output.Add(sorting.AsSpan(members[i].Start - start, members[i].Length));
        }

        output.Add((byte)'}');
        return true;
    }

    bool Array(ReadOnlySpan<byte> json, ref int at, int depth)
    {
        output.Add((byte)'[');
        at++;
        SkipSpace(json, ref at);
        if (TryTake(json, ref at, ']'))
        {
            output.Add((byte)']');
            return true;
        }

        while (true)
        {
            if (!Value(json, ref at, depth + 1)) return false;

            SkipSpace(json, ref at);
            if (TryTake(json, ref at, ']')) break;
            if (!TryTake(json, ref at, ',')) return Unexpected(json, at);
            output.Add((byte)',');
        }

        output.Add((byte)']');
        return true;
    }

    bool String(ReadOnlySpan<byte> json, ref int at)
    {
        var start = names.Count;
        if (!Unescape(json, ref at)) return false;

        Escape(names.Span[start..]);
        names.Truncate(start);
        return true;
    }

    bool Literal(ReadOnlySpan<byte> json, ref int at, ReadOnlySpan<byte> literal)
    {
        if (!json[at..].StartsWith(literal)) return Unexpected(json, at);

        output.Add(literal);
        at += literal.Length;
        return true;
    }

    bool Number(ReadOnlySpan<byte> json, ref int at)
    {
        var length = CanonicalNumber.Length(json[at..]);
        if (length == 0) return Unexpected(json, at);
        if (!CanonicalNumber.TryWrite(json.Slice(at, length), output)) return Refuse($"holds a number, at byte {at}, that no double carries exactly");

        at += length;
        return true;
    }

    /// <summary>Appends the characters of a string to <see cref="names"/>.</summary>
    bool Unescape(ReadOnlySpan<byte> json, ref int at)
    {
        at++;
        while (true)
        {
            var rest = json[at..];
            var plain = 0;
            while (plain < rest.Length && rest[plain] is >= 0x20 and not ((byte)'"' or (byte)'\\')) plain++;
            names.Add(rest[..plain]);
            at += plain;

            if (TryTake(json, ref at, '"')) return true;
            if (Peek(json, at) != '\\') return Unexpected(json, at);
            if (!UnescapeOne(json, ref at)) return false;
        }
    }

    bool UnescapeOne(ReadOnlySpan<byte> json, ref int at)
    {
        var simple = Peek(json, at + 1) switch
        {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => '\0',
        };
        if (simple != '\0')
        {
            names.Add((byte)simple);
            at += 2;
            return true;
        }

        var unit = Utf16Unit(json, at);
        if (unit < 0) return Unexpected(json, at);
        if (unit == 0) return Refuse("holds U+0000");

        at += 6;
        if (!Rune.TryCreate(unit, out var rune))
        {
            var low = Utf16Unit(json, at);
            if (low < 0 || !Rune.TryCreate((char)unit, (char)low, out rune)) return Refuse("holds a lone surrogate");
            at += 6;
        }

        Span<byte> encoded = stackalloc byte[4];
        names.Add(encoded[..rune.EncodeToUtf8(encoded)]);
        return true;
    }

    void Escape(ReadOnlySpan<byte> text)
    {
        output.Add((byte)'"');
        while (!text.IsEmpty)
        {
            var plain = 0;
            while (plain < text.Length && text[plain] is >= 0x20 and not ((byte)'"' or (byte)'\\')) plain++;
            output.Add(text[..plain]);
            if (plain == text.Length) break;

            EscapeOne(text[plain]);
            text = text[(plain + 1)..];
        }

        output.Add((byte)'"');
    }

    void EscapeOne(byte c)
    {
        output.Add((byte)'\\');
        switch (c)
        {
            case (byte)'"' or (byte)'\\': output.Add(c); break;
            case (byte)'\b': output.Add((byte)'b'); break;
            case (byte)'\t': output.Add((byte)'t'); break;
            case (byte)'\n': output.Add((byte)'n'); break;
            case (byte)'\f': output.Add((byte)'f'); break;
            case (byte)'\r': output.Add((byte)'r'); break;
            default:
                output.Add("u00"u8);
                output.Add("0123456789abcdef"u8[c >> 4]);
                output.Add("0123456789abcdef"u8[c & 15]);
                break;
        }
    }

    ReadOnlySpan<byte> Name(Member member) => names.Span.Slice(member.NameStart, member.NameLength);

    bool Unexpected(ReadOnlySpan<byte> json, int at) =>
        Refuse(at < json.Length ? $"is not JSON at byte {at}" : "is cut");

    bool Refuse(string why)
    {
        problem = why;
        return false;
    }
}
