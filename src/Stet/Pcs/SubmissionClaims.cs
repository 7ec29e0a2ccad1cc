using Stet.Authentication;
using Stet.EventStore;

namespace Stet.Pcs.Service;

/// <summary>In whose name a submission comes.</summary>
/// <param name="Tenant">The tenant, which exists; null: see the problem.</param>
/// <param name="IsTrusted">Whether a credential names it; otherwise it is a claim, which only a signature proves.</param>
/// <param name="Subject">Subject of the credential; null without one.</param>
/// <param name="Problem">Why the submission is refused.</param>
readonly record struct SubmissionClaim(Tenant? Tenant, bool IsTrusted, string? Subject, Problem? Problem);

/// <summary>Finds out in whose name a submission comes: by its access token, else by what it claims.</summary>
sealed class SubmissionClaims(Store store, ICredentials credentials, IHostEnvironment environment, PcsOptions options)
{
    public async ValueTask<SubmissionClaim> OfAsync(HttpContext http)
    {
        var named = http.Request.Headers["X-Tenant-Id"];
        if (http.Request.Headers.Authorization.Count > 0 && credentials is BearerTokens)
        {
            var identification = await credentials.IdentifyAsync(http);
            if (identification.Caller is not { } caller) return Refused(http, identification.Problem!, identification.Challenge);
            if (!caller.Scopes.Contains(Scopes.PcsSubmit))
                return Refused(
                    http, AuthenticationProblems.PermissionDenied(Scopes.PcsSubmit),
                    $"Bearer error=\"insufficient_scope\", scope=\"{Scopes.PcsSubmit}\"");

            var tenant = await store.FindTenantAsync(caller.TenantId, http.RequestAborted);
            return new SubmissionClaim(
                tenant, IsTrusted: true, caller.Subject,
                tenant is null ? PcsProblems.TenantUnknown
                : named.Count > 0 && named != caller.TenantId ? PcsProblems.TenantMismatch
                : null);
        }

        var claimed = named.Count > 0 ? named.ToString() : options.DefaultTenant;
        if (string.IsNullOrEmpty(claimed)) return Refused(http, PcsProblems.TenantRequired);

        var existing = PcsNames.IsName(claimed) ? await store.FindTenantAsync(claimed, http.RequestAborted) : null;
        return existing is null
            ? Refused(http, PcsProblems.TenantUnknown)
            : new SubmissionClaim(existing, environment.IsDevelopment() && DevelopmentHeaders.IsLocal(http), null, null);
    }

    static SubmissionClaim Refused(HttpContext http, Problem problem, string? challenge = null)
    {
        if (challenge is not null) http.Response.Headers.WWWAuthenticate = challenge;
        return new SubmissionClaim(null, IsTrusted: false, null, problem);
    }
}
