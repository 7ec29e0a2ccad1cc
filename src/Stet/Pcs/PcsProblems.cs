namespace Stet.Pcs.Service;

/// <summary>Every reason a request about PCS is refused, on top of the verifier's. Clients match on the code.</summary>
public static class PcsProblems
{
    public static Problem TenantRequired { get; } = Unauthenticated(
        "tenant_required", "name the tenant in `X-Tenant-Id`, or send an access token");

    public static Problem TenantUnknown { get; } = Unauthenticated(
        "tenant_unknown", "there is no tenant of the name that the request claims");

    public static Problem TenantMismatch { get; } = Unauthenticated(
        "tenant_mismatch", "`X-Tenant-Id` names another tenant than the access token: leave it out");

    public static Problem MethodNotAllowed { get; } = new(
        "method_not_allowed", 405, "The method is not allowed here", "see the `Allow` header");

    public static Problem SettingsChange { get; } = new(
        "store_busy", 503, "The tenant's keys change too fast", "try again after the time in `Retry-After`")
    { RetryAfterSeconds = 1 };

    /// <summary>What the verifier said.</summary>
    public static Problem Of(PcsRefusal refusal) => new(
        refusal.Code, refusal.Status,
        refusal.Status == 401 ? "The submission is not authentic" : "The document is not valid", refusal.Message);

    public static Problem RateLimited(string who, int seconds) => new(
        "rate_limited", 429, "Too many requests", $"{who} has sent more documents than it may: wait, and send fewer")
    { RetryAfterSeconds = seconds };

    public static Problem KeyNotFound(string kid) => new(
        "pcs_key_not_found", 404, "No such key", $"no key `{kid}` is registered");

    public static Problem KeyTaken(string kid) => new(
        "pcs_key_taken", 409, "The key's name is taken",
        $"`{kid}` is another key, or one that is revoked: register the new one under a new name");

    public static Problem TooManyValidKeys { get; } = new(
        "pcs_keys_valid", 409, "Too many keys would be valid at once",
        "at most four keys for 0.1 may be valid at the same time: shorten or revoke another first");

    public static Problem TooManyKeys { get; } = new(
        "pcs_keys_full", 409, "The tenant has too many keys",
        $"at most {RegisterKey.MostKeys} keys can be registered that are not revoked, and {RegisterKey.MostNames} in all: revoke those that have expired");

    public static Problem NotFound(string pcsId) => new(
        "pcs_not_found", 404, "No such document", $"no document `{pcsId}` has been recorded");

    public static Problem ShardNotFound { get; } = new(
        "pcs_shard_not_found", 404, "No such shard", "no document of this shard has been recorded");

    public static Problem NotEscalated(string pcsId) => new(
        "pcs_not_escalated", 409, "The document is not escalated", $"there is nothing to resolve about `{pcsId}`");

    public static Problem ResolvedOtherwise(string pcsId) => new(
        "pcs_resolved_otherwise", 409, "The escalation is resolved already",
        $"`{pcsId}` was resolved the other way; a resolution stands");

    static Problem Unauthenticated(string code, string detail) => new(
        code, 401, "The submission is not authentic", detail);
}
