using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Stet.Observability;

/// <summary>The trace a request belongs to: W3C Trace Context, version 00.</summary>
/// <param name="Parent">A valid <c>traceparent</c>, 55 characters.</param>
/// <param name="State">A valid <c>tracestate</c> of at most 512 characters; null when there is none.</param>
public readonly record struct TraceContext(string Parent, string? State)
{
    const int Length = 55;
    const int MaxStateLength = 512;
    const int MaxStateMembers = 32;

    static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");
    static readonly SearchValues<char> StateKey = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-*/");

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public string TraceId => Parent.Substring(3, 32);

    /// <summary>
    /// What to store with the facts of a request: the span it runs in when spans are recorded, else the caller's own
    /// context, untouched. Null when the caller sent none, or none that is valid.
    /// </summary>
    public static TraceContext? Of(HttpContext http)
    {
        // ASP.NET Core makes an activity for the logs' sake even when nobody listens; its id would name a span that
        // no one ever sees, so it stays out of what is stored.
        if (Span(http) is { } span && span.Source.HasListeners())
            return new TraceContext(span.Id!, ValidState(span.TraceStateString));

        return Parse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState);
    }

    /// <summary>
    /// The id that finds a request's log lines, for problem documents: the caller's trace id, or a new one. Null only
    /// when the caller sent none and activities are switched off with <c>Microsoft.AspNetCore.Hosting.Diagnostics</c>.
    /// </summary>
    public static string? TraceIdOf(HttpContext http) =>
        Span(http)?.TraceId.ToHexString()
        ?? Parse(http.Request.Headers.TraceParent, default)?.TraceId;

    /// <summary>
    /// Reads the two headers as the recommendation says: a bad or repeated <c>traceparent</c> counts as none, a bad
    /// <c>tracestate</c> is dropped alone, a later version is read as far as version 00 goes.
    /// </summary>
    public static TraceContext? Parse(StringValues traceparent, StringValues tracestate)
    {
        if (traceparent.Count != 1 || traceparent[0] is not { Length: >= Length } header) return null;

        var text = header.AsSpan();
        var later = !text.StartsWith("00-");
        var wellFormed = IsHex(text[..2]) && !text.StartsWith("ff")
            && text[2] == '-' && IsId(text[3..35])
            && text[35] == '-' && IsId(text[36..52])
            && text[52] == '-' && IsHex(text[53..55])
            && (text.Length == Length || (later && text[Length] == '-'));
        if (!wellFormed) return null;

        // Of a later version's flags only "sampled" is known.
        var parent = later ? $"00-{text[3..52]}-0{(IsOdd(text[54]) ? '1' : '0')}" : header;

        return new TraceContext(parent, ValidState(tracestate));
    }

    static Activity? Span(HttpContext http) =>
        http.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span ? span : null;

    static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(LowerHex);

    static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.ContainsAnyExcept('0');

    static bool IsOdd(char hex) => hex is '1' or '3' or '5' or '7' or '9' or 'b' or 'd' or 'f';

    static string? ValidState(StringValues headers)
    {
        var state = headers.Count > 1 ? string.Join(',', headers.ToArray()) : headers.ToString();
        if (state.Length is 0 or > MaxStateLength) return null;

        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var range in state.AsSpan().Split(','))
        {
            var member = state.AsSpan(range).Trim(" \t");
            if (member.IsEmpty) continue;

            var equals = member.IndexOf('=');
            if (equals < 0 || !IsStateKey(member[..equals]) || !IsStateValue(member[(equals + 1)..])) return null;
            if (!keys.Add(member[..equals].ToString())) return null;
        }

        return keys.Count is > 0 and <= MaxStateMembers ? state : null;
    }

    // A vendor's name, or a tenant of at most 241 characters at a system of at most 14.
    static bool IsStateKey(ReadOnlySpan<char> key)
    {
        var at = key.IndexOf('@');
        if (at < 0)
            return key.Length is > 0 and <= 256 && char.IsAsciiLetterLower(key[0]) && !key.ContainsAnyExcept(StateKey);

        var tenant = key[..at];
        var system = key[(at + 1)..];
        return tenant.Length is > 0 and <= 241 && (char.IsAsciiLetterLower(tenant[0]) || char.IsAsciiDigit(tenant[0]))
            && !tenant.ContainsAnyExcept(StateKey)
            && system.Length is > 0 and <= 14 && char.IsAsciiLetterLower(system[0])
            && !system.ContainsAnyExcept(StateKey);
    }

    static bool IsStateValue(ReadOnlySpan<char> value) =>
        value.Length is > 0 and <= 256 && !value.ContainsAnyExceptInRange(' ', '~') && value.IndexOf('=') < 0;
}
