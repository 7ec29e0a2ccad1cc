using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Stet.AuditLog;

/// <summary>One run of <see cref="CanonicalJson"/> over a text that is valid UTF-8.</summary>
/// <remarks>
/// Members are written in the order they come. Where that is not the canonical order, their pieces of text are put in
/// order when the object ends.
/// </remarks>
ref struct JsonCanonicalizer(ReadOnlySpan<byte> json, int maxDepth)
{
    // One deeper than allowed: so the refusal is ours, with a pointer.
    Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = maxDepth + 1 });

    PooledBuffer<byte> text = new(json.Length + LongestNumber);
    PooledBuffer<char> names = new(16);
    PooledBuffer<Member> members = new(16);
    string pointer = "";
    string? reason;
    bool tooDeep;

    const int LongestNumber = CanonicalNumber.MaxLength;

    public readonly ReadOnlySpan<byte> Canonical => text.Written;

    public bool TryRun([NotNullWhen(false)] out CanonicalJsonError? error)
    {
        // The last read is for trailing content: it finds the end or refuses.
        var ok = TryRead() && TryValue(depth: 0) && TryRead();

        error = ok ? null : new CanonicalJsonError(pointer, reason!, tooDeep);
        return ok;
    }

    public readonly void Dispose()
    {
        text.Dispose();
        names.Dispose();
        members.Dispose();
    }

    bool TryRead()
    {
        try
        {
            reader.Read();
            return true;
        }
        catch (JsonException malformed)
        {
            return Refuse(
                $"The text is not a JSON value (RFC 8259): look at line {malformed.LineNumber + 1}, " +
                $"byte {malformed.BytePositionInLine + 1}. " +
                "Comments, trailing commas and anything after the value are refused.");
        }
    }

    bool TryValue(int depth)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return TryNest(depth) && TryObject(depth + 1);
            case JsonTokenType.StartArray:
                return TryNest(depth) && TryArray(depth + 1);
            case JsonTokenType.String:
                return TryString();
            case JsonTokenType.Number:
                return TryNumber();
            default:
                text.Append(reader.ValueSpan); // true, false, null
                return true;
        }
    }

    bool TryNest(int depth)
    {
        tooDeep = depth >= maxDepth;
        return !tooDeep || Refuse($"Objects and arrays may be nested at most {maxDepth} deep: flatten the value.");
    }

    bool TryArray(int depth)
    {
        text.Add((byte)'[');

        for (var index = 0; ; index++)
        {
            if (!TryRead()) return false;
            if (reader.TokenType is JsonTokenType.EndArray) break;
            if (index > 0) text.Add((byte)',');
            if (!TryValue(depth)) return RefusedIn(index.ToString(CultureInfo.InvariantCulture));
        }

        text.Add((byte)']');
        return true;
    }

    bool TryObject(int depth)
    {
        var (firstMember, firstName) = (members.Count, names.Count);
        text.Add((byte)'{');

        while (true)
        {
            if (!TryRead()) return false;
            if (reader.TokenType is JsonTokenType.EndObject) break;

            var (textStart, nameStart) = (text.Count, names.Count);
            if (!TryString()) return false;
            names.Advance(reader.CopyString(names.Free(reader.ValueSpan.Length)));
            var nameEnd = names.Count;

            text.Add((byte)':');
            if (!TryRead()) return false;
            if (!TryValue(depth)) return RefusedIn(names.Written[nameStart..nameEnd]);

            text.Add((byte)',');
            members.Add(new Member(nameStart, nameEnd, textStart, text.Count));
        }

        if (members.Count == firstMember)
        {
            text.Add((byte)'}');
            return true;
        }

        if (!TryOrder(members.Written[firstMember..])) return false;
        text.Written[^1] = (byte)'}'; // in place of the last member's comma

        members.Truncate(firstMember);
        names.Truncate(firstName);
        return true;
    }

    bool TryOrder(Span<Member> unordered)
    {
        var byName = new ByName(names.Items);
        if (IsOrdered(unordered, byName)) return true;

        var (start, end) = (unordered[0].TextStart, unordered[^1].TextEnd);
        unordered.Sort(byName);

        for (var i = 1; i < unordered.Length; i++)
        {
            if (byName.Compare(unordered[i - 1], unordered[i]) != 0) continue;

            Refuse("The object has this member more than once: send it once.");
            return RefusedIn(NameOf(unordered[i]));
        }

        using var copy = new PooledBuffer<byte>(end - start);
        copy.Append(text.Written[start..end]);
        text.Truncate(start);
        foreach (var member in unordered)
            text.Append(copy.Written[(member.TextStart - start)..(member.TextEnd - start)]);

        return true;
    }

    static bool IsOrdered(ReadOnlySpan<Member> members, ByName byName)
    {
        for (var i = 1; i < members.Length; i++)
            if (byName.Compare(members[i - 1], members[i]) >= 0) return false;

        return true;
    }

    bool TryString()
    {
        text.Add((byte)'"');
        // The reader lets no raw quote or control character through: text without an escape is canonical already.
        if (!reader.ValueIsEscaped) text.Append(reader.ValueSpan);
        else if (!TryUnescape(reader.ValueSpan)) return false;
        text.Add((byte)'"');
        return true;
    }

    /// <param name="escaped">Content of a string whose escapes the reader has found well-formed.</param>
    bool TryUnescape(ReadOnlySpan<byte> escaped)
    {
        for (int backslash; (backslash = escaped.IndexOf((byte)'\\')) >= 0;)
        {
            text.Append(escaped[..backslash]);
            escaped = escaped[backslash..];

            if (escaped[1] != 'u')
            {
                text.Append(escaped[1] == '/' ? "/"u8 : escaped[..2]);
                escaped = escaped[2..];
                continue;
            }

            var first = CodeUnit(escaped);
            escaped = escaped[6..];
            if (!Rune.TryCreate(first, out var character))
            {
                if (!escaped.StartsWith("\\u"u8) || !Rune.TryCreate(first, CodeUnit(escaped), out character))
                {
                    return Refuse(
                        "A string or member name holds half a surrogate pair, which is no character: " +
                        "send both halves.");
                }

                escaped = escaped[6..];
            }

            if (character.Value == 0)
                return Refuse("A string or member name holds U+0000, which cannot be stored: leave it out.");

            CanonicalString.Append(ref text, character);
        }

        text.Append(escaped);
        return true;
    }

    static char CodeUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    bool TryNumber()
    {
        if (!CanonicalNumber.TryWrite(reader.ValueSpan, text.Free(LongestNumber), out var written, out var refusal))
            return Refuse(refusal);

        text.Advance(written);
        return true;
    }

    readonly ReadOnlySpan<char> NameOf(Member member) => names.Written[member.NameStart..member.NameEnd];

    bool Refuse(string why)
    {
        reason = why;
        return false;
    }

    /// <summary>Called on the way out, innermost first.</summary>
    bool RefusedIn(ReadOnlySpan<char> token)
    {
        var escaped = token.ToString()
            .Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        pointer = $"/{escaped}{pointer}";
        return false;
    }

    /// <summary>A member of an unfinished object: where its name and its text, with the comma after it, lie.</summary>
    [StructLayout(LayoutKind.Auto)]
    readonly record struct Member(int NameStart, int NameEnd, int TextStart, int TextEnd);

    /// <summary>The order of RFC 8785, 3.2.3: unescaped names by UTF-16 code units.</summary>
    readonly struct ByName(char[] names) : IComparer<Member>
    {
        public int Compare(Member x, Member y) => Name(x).SequenceCompareTo(Name(y));

        ReadOnlySpan<char> Name(Member member) => names.AsSpan(member.NameStart..member.NameEnd);
    }
}
