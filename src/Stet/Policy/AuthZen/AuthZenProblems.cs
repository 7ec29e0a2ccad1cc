using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>Every reason a request of AuthZEN is refused as a whole. Clients match on the code; the wording may change.</summary>
public static class AuthZenProblems
{
    public static Problem OtherTenant { get; } = new(
        "other_tenant", 403, "The credential is for another tenant", "send the request to the base URL of the credential's own tenant");

    public static Problem UnknownTenant { get; } = RequestProblems.UnknownTenant with { Status = 403 };

    public static Problem NoPosition(string position) => new(
        "position_unknown", 404, "The log has no such position", $"the log of this tenant has no event at position `{position}`");

    public static Problem TokenRefused { get; } = new(
        "page_token_refused", 400, "The page token does not belong to this search",
        "repeat the search as it was, with the `next_token` of its page before, or search anew without one");

    public static Problem NoSuchTenant { get; } = new(
        "metadata_not_published", 404, "This decision point does not publish metadata", "a tenant's is under `/t/` and its id, a lower-case UUID");

    public static Problem NotPublished { get; } = new(
        "metadata_not_published", 404, "This decision point does not publish metadata", "whoever runs the service sets `AuthZen:PublicUrl`");
}
