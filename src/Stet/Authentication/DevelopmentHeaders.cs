using System.Net;
using Microsoft.Extensions.Primitives;

namespace Stet.Authentication;

/// <summary>
/// Callers by their own word, for trying Stet on one's own machine: <c>X-Tenant-Id</c> names the tenant, the optional
/// <c>X-Actor</c> the subject (<c>developer</c>), and every scope is theirs. In use only in Development, with no issuer
/// configured; believed only on a loopback connection that no proxy forwards, to a host by a name of this machine.
/// </summary>
sealed class DevelopmentHeaders : ICredentials
{
    // Every 401 names a scheme (RFC 9110, 15.5.2): this is the header that is wanted.
    const string Challenge = "X-Tenant-Id";

    public DevelopmentHeaders(IHostEnvironment environment, ILogger<DevelopmentHeaders> logger)
    {
        // The options' rules refuse this at start-up already; nothing else may turn the headers on.
        if (!environment.IsDevelopment())
            throw new InvalidOperationException($"X-Tenant-Id is not believed in {environment.EnvironmentName}.");

        logger.TrustingDevelopmentHeaders();
    }

    public ValueTask<Identification> IdentifyAsync(HttpContext context) => ValueTask.FromResult(Identify(context));

    static Identification Identify(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (!IsLocal(context)) return new Identification(null, AuthenticationProblems.LocalOnly, Challenge);

        return headers["X-Tenant-Id"] is [{ } tenant] && Caller.IsTenantId(tenant)
            && SubjectOf(headers["X-Actor"]) is { } subject
            ? new Identification(new Caller(tenant, subject, Scopes.All))
            : new Identification(null, AuthenticationProblems.TenantHeaderMissing, Challenge);
    }

    /// <summary>Whether the request comes directly from this machine.</summary>
    internal static bool IsLocal(HttpContext context) =>
        IsLoopback(context.Connection.RemoteIpAddress) && IsLoopback(context.Connection.LocalIpAddress)
        && IsLoopback(context.Request.Host)
        && !context.Request.Headers.ContainsKey("Forwarded") && !context.Request.Headers.ContainsKey("X-Forwarded-For");

    static string? SubjectOf(StringValues actor) => actor switch
    {
        [] => "developer",
        [{ } named] when Caller.IsSubject(named) => named,
        _ => null,
    };

    static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);

    // A page of a foreign name that was made to mean this machine sends that name.
    static bool IsLoopback(HostString host) =>
        !host.HasValue || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address));
}
