using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Stet.Http;

/// <summary>
/// Ids in paths may hold slashes, as <c>%2F</c>. The server leaves these escaped, where nothing tells them from the text
/// <c>%2F</c>: values of routes that hold one are read again, from the path as it was sent. It leaves escaped, too, what is
/// no UTF-8: such a path names nothing, and is refused, as is such a query.
/// </summary>
static partial class EscapedSlashes
{
    const string Slash = "%2F";
    const string Rule = "must be UTF-8 behind its escapes, which have two hexadecimal digits";

    /// <summary>Comes behind routing.</summary>
    public static IApplicationBuilder UseEscapedSlashes(this IApplicationBuilder app) => app.Use(next => context =>
    {
        if (context.Request.Path.Value!.Contains('%') && !IsUtf8(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0]))
            throw RequestQuery.Bad("path", Rule);
        if (context.Request.QueryString.Value is { } query && query.Contains('%') && !IsUtf8(query)) throw RequestQuery.Bad("query", Rule);

        if (context.Request.Path.Value!.Contains(Slash, StringComparison.OrdinalIgnoreCase) && context.GetEndpoint() is RouteEndpoint route)
            Read(context.Request, route.RoutePattern);
        return next(context);
    });

    static void Read(HttpRequest request, RoutePattern pattern)
    {
        var sent = SegmentsOf(request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var before = request.PathBase.Value.AsSpan().Count('/');
        for (var i = 0; i < pattern.PathSegments.Count; i++)
        {
            if (pattern.PathSegments[i].Parts is not [RoutePatternParameterPart { Name: var name, IsCatchAll: var isRest }]
                || request.RouteValues[name] is not string value || !value.Contains(Slash, StringComparison.OrdinalIgnoreCase)) continue;

            var at = before + i;
            request.RouteValues[name] = isRest ? string.Join('/', sent[at..]) : sent[at];
        }
    }

    static bool IsUtf8(string escaped)
    {
        var bytes = Encoding.UTF8.GetBytes(escaped);
        return !NoEscape().IsMatch(escaped) && Utf8.IsValid(WebUtility.UrlDecodeToBytes(bytes, 0, bytes.Length));
    }

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})", RegexOptions.None, 1000)]
    private static partial Regex NoEscape();

    /// <summary>The segments of a request's target, unescaped, as the server finds them: without <c>.</c> and <c>..</c>.</summary>
    internal static List<string> SegmentsOf(string target)
    {
        var start = target.StartsWith('/') ? 0 : target.IndexOf('/', target.IndexOf("://", StringComparison.Ordinal) + 3);
        var segments = new List<string>();
        foreach (var segment in target[(start + 1)..].Split('?')[0].Split('/').Select(Uri.UnescapeDataString))
        {
            if (segment == ".." && segments.Count > 0) segments.RemoveAt(segments.Count - 1);
            else if (segment is not ("." or "..")) segments.Add(segment);
        }

        return segments;
    }
}
