using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Unicode;

namespace Stet.AuditLog;

/// <summary>Why a JSON text has no canonical form.</summary>
/// <param name="Pointer">
/// JSON pointer (RFC 6901) to the offending value or repeated member, from the root of the text; for a name that is
/// refused itself and for malformed JSON, to the object or array it stands in. Empty for the root.
/// </param>
/// <param name="Reason">A sentence that tells the sender what to change.</param>
/// <param name="TooDeep">It has one, but is nested too deep.</param>
public sealed record CanonicalJsonError(string Pointer, string Reason, bool TooDeep = false);

/// <summary>
/// Canonical JSON (RFC 8785), limited to values that a double carries exactly and that PostgreSQL's <c>jsonb</c>
/// stores, so that the form is the same before and after the database.
/// </summary>
public static class CanonicalJson
{
    /// <summary>How deep objects and arrays may be nested unless the caller says otherwise.</summary>
    public const int DefaultMaxDepth = 32;

    /// <summary>Writes the canonical form of one JSON value.</summary>
    /// <param name="json">UTF-8 text of exactly one value, of any size; white space around it is allowed.</param>
    /// <param name="output">Receives the canonical UTF-8 text; nothing if the value is refused.</param>
    /// <param name="error">
    /// Why the value is refused: invalid UTF-8; malformed JSON, comments, trailing commas and trailing content
    /// included; nesting deeper than <paramref name="maxDepth"/>; a number beyond the range of a double or with another
    /// exact decimal value than the double prints; U+0000 or a lone surrogate in a string or name; a member name that
    /// occurs twice in its object, however it is spelt.
    /// </param>
    /// <param name="maxDepth">How deep objects and arrays may be nested, 0 (scalars only) to 256.</param>
    /// <returns>Whether the canonical form was written. No <paramref name="json"/> causes an exception.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxDepth"/> is not in its range.</exception>
    public static bool TryWrite(
        ReadOnlySpan<byte> json, IBufferWriter<byte> output, [NotNullWhen(false)] out CanonicalJsonError? error,
        int maxDepth = DefaultMaxDepth)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfNegative(maxDepth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxDepth, 256);

        // The reader checks neither the bytes of strings nor, hence, raw surrogates.
        if (!Utf8.IsValid(json))
        {
            error = new CanonicalJsonError("", "The text is not valid UTF-8 (RFC 3629): send it in that encoding.");
            return false;
        }

        using var canonicalizer = new JsonCanonicalizer(json, maxDepth);

        if (!canonicalizer.TryRun(out error)) return false;

        output.Write(canonicalizer.Canonical);
        return true;
    }
}
