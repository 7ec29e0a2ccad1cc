using System.Collections.Frozen;
using Stet.Authentication;

namespace Stet.Audit;

/// <summary>The logs that anybody may read: checkpoints, tiles and proofs, not what they commit to.</summary>
sealed class PublicLogs(AuditOptions options)
{
    static readonly FrozenSet<string> mayRead = FrozenSet.Create(StringComparer.Ordinal, Scopes.AuditRead);

    readonly FrozenSet<string> tenants =
        (options.PublicLogs ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Who asks for a public resource, whatever credential came with the request; null for any other resource.</summary>
    public Caller? CallerOf(HttpContext http) =>
        tenants.Count > 0 && http.Request.RouteValues["tenant_id"] is string tenantId && tenants.Contains(tenantId)
            && http.GetEndpoint()?.Metadata.GetMetadata<RequiredPermission>()?.Permission == Scopes.AuditRead
                ? new Caller(tenantId, "anybody", mayRead) { IsAnybody = true }
                : null;

    /// <summary>Lets the answer to such a request be kept by caches that serve everybody.</summary>
    public void Announce(HttpContext http)
    {
        if (CallerOf(http) is null) return;

        http.Response.OnStarting(static response =>
        {
            var headers = ((HttpResponse)response).Headers;
            if (headers.CacheControl is [{ } told]) headers.CacheControl = told.Replace("private", "public", StringComparison.Ordinal);
            return Task.CompletedTask;
        }, http.Response);
    }
}
