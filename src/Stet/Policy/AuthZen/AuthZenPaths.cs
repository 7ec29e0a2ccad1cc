using Stet.Authentication;
using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>
/// Base URLs of decision points: <c>/t/{tenant_id}</c> before the path names the tenant, which the credential has to name
/// too. <c>X-Request-ID</c> comes back with every answer, refusals included, if it is ASCII.
/// </summary>
static class AuthZenPaths
{
    const string RequestIdHeader = "X-Request-ID";
    const int TenantLength = 36;

    /// <summary>Comes before routing, which goes by the path behind the base URL.</summary>
    public static IApplicationBuilder UseAuthZenPaths(this IApplicationBuilder app) => app.Use(next => context =>
    {
        var path = context.Request.Path.Value.AsSpan();
        if (path.StartsWith("/t/") && TenantOf(path) is { } tenant)
        {
            context.Request.PathBase = $"/t/{tenant}";
            context.Request.Path = context.Request.Path.Value![(3 + TenantLength)..];
            path = context.Request.Path.Value;
        }
        else if (path.StartsWith(MetadataEndpoint.Path)
            && context.RequestServices.GetRequiredService<AuthZenOptions>().Path is { HasValue: true } home
            && context.Request.Path.StartsWithSegments(MetadataEndpoint.Path + home, StringComparison.Ordinal, out var rest))
        {
            // Whatever leads here takes the base URL's path away in front; behind the well-known one it stays.
            context.Request.Path = MetadataEndpoint.Path + rest;
            path = context.Request.Path.Value;
        }

        // No header of an answer can carry anything but ASCII.
        if (IsOfDecisionPoint(path)
            && context.Request.Headers.TryGetValue(RequestIdHeader, out var id) && !id.ToString().AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            // Refusals clear the headers that were set before them.
            context.Response.OnStarting(() =>
            {
                context.Response.Headers[RequestIdHeader] = id;
                return Task.CompletedTask;
            });
        }

        return next(context);
    });

    /// <summary>Whether a path goes behind a base URL.</summary>
    public static bool IsOfDecisionPoint(ReadOnlySpan<char> path) => path.StartsWith("/access/") || path.StartsWith("/as-of/");

    /// <summary>The caller, who has come to a base URL of the own tenant.</summary>
    /// <exception cref="BadRequestException">It is another tenant's: 403.</exception>
    public static Caller AtHome(HttpContext http, Caller caller) =>
        http.Request.PathBase.Value is { Length: > 0 } home && !home.AsSpan(3).SequenceEqual(caller.TenantId)
            ? throw new BadRequestException(AuthZenProblems.OtherTenant)
            : caller;

    /// <summary>What is recorded of <c>X-Request-ID</c>: 1 to 200 visible ASCII characters, or nothing.</summary>
    public static string? RequestIdOf(HttpContext http) =>
        http.Request.Headers.TryGetValue(RequestIdHeader, out var values) && values is [{ Length: >= 1 and <= 200 } id]
        && !id.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? id
            : null;

    static string? TenantOf(ReadOnlySpan<char> path) =>
        path.Length > 3 + TenantLength && Caller.IsTenantId(path[3..(3 + TenantLength)])
        && IsOfDecisionPoint(path[(3 + TenantLength)..])
            ? path[3..(3 + TenantLength)].ToString()
            : null;
}
