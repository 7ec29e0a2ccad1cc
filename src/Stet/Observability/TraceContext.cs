using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Stet.Observability;

/// <summary>The trace a request belongs to: W3C Trace Context, version 00.</summary>
public static class TraceContext
{
    const int Length = 55;

    static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// The <c>traceparent</c> to store with the facts of a request, 55 characters: of the span it runs in when spans are
    /// recorded, else the caller's own. Null when the caller sent none, or none that is valid.
    /// </summary>
    public static string? ParentOf(HttpContext http)
    {
        // ASP.NET Core makes an activity for the logs' sake even when nobody listens; its id would name a span that
        // no one ever sees, so it stays out of what is stored.
        if (http.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span && span.Source.HasListeners())
            return span.Id;

        return Parent(http.Request.Headers.TraceParent);
    }

    /// <summary>
    /// Reads the header as the recommendation says: a bad or repeated one counts as none, a later version is read as far
    /// as version 00 goes.
    /// </summary>
    public static string? Parent(StringValues traceparent)
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
        return later ? $"00-{text[3..52]}-0{(IsOdd(text[54]) ? '1' : '0')}" : header;
    }

    static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(LowerHex);

    static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.ContainsAnyExcept('0');

    static bool IsOdd(char hex) => hex is '1' or '3' or '5' or '7' or '9' or 'b' or 'd' or 'f';
}
