namespace Stet.Policy.AccessRequests;

/// <summary>Every reason a step of an access request is refused. Clients match on the code; the wording may change.</summary>
public static class AccessRequestProblems
{
    public static Problem Off { get; } = new(
        "access_request_off", 403, "Access requests are off for this enforcement point",
        "turn the draft `access_request` on with `PUT /v1/policy/peps/{pep_id}`");

    /// <summary>The draft's <c>invalid_denial_binding</c>.</summary>
    public static Problem InvalidBinding(string why) => new(
        "invalid_denial_binding", 400, "The request does not go with a denial",
        $"{why}: send subject, action, resource and context as they were denied, with the denial's `evaluation_id`");

    public static Problem NotRequestable { get; } = new(
        "denial_not_requestable", 409, "An approval would not help",
        "the denial does not rest on policies with `@access_request` alone, or would stand with an approval, too");

    public static Problem DenialExpired(DateTimeOffset since) => new(
        "denial_expired", 409, "The denial is too old", $"it could be referred to until {UtcTimeConverter.Format(since)}: ask for a decision again");

    public static Problem NotFound { get; } = new(
        "access_request_not_found", 404, "No such access request", "there is no access request of this id");

    public static Problem NotPending(AccessStatus status) => new(
        "access_request_closed", 409, "The access request is closed", $"it is {EnumWords<AccessStatus>.SmallLetters.Of(status)}, for good");

    public static Problem OwnApproval { get; } = new(
        "access_approval_by_requester", 403, "Nobody approves for themselves",
        "somebody has to decide who is neither the subject of the request nor the enforcement point");

    public static Problem NotApproved { get; } = new(
        "access_request_not_approved", 409, "There is no approval to revoke", "the access request is not approved, or its approval is revoked already");
}
