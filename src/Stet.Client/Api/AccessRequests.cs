using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>An access request as people see it who decide about it.</summary>
/// <param name="Id">Names it; the id of the denied decision as well.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="Scope">What would be allowed.</param>
/// <param name="Policies">The policies that stand in the way.</param>
/// <param name="ApprovalSeconds">For how long an approval would hold, or holds.</param>
/// <param name="Pep">The enforcement point that asks.</param>
/// <param name="RequestedAt">Since when.</param>
/// <param name="ExpiresAt">Until when somebody may decide.</param>
/// <param name="DecidedBy">Who decided; null while nobody has.</param>
/// <param name="Reason">Why it was denied, or the note of its approval.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="ApprovedUntil">The first moment that the approval does not hold any more; null without one.</param>
/// <param name="RevokedAt">When the approval was taken back; null while it was not.</param>
/// <param name="RevokedBy">By whom; null while it was not.</param>
/// <param name="RevocationReason">Why; null while it was not.</param>
public sealed record AccessRequest(
    Guid Id, AccessStatus Status, AccessScope Scope, IReadOnlyList<string> Policies, long ApprovalSeconds, string Pep,
    DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt, string? DecidedBy, string? Reason, DateTimeOffset? DecidedAt,
    DateTimeOffset? ApprovedUntil, DateTimeOffset? RevokedAt, string? RevokedBy, string? RevocationReason);

/// <summary>Exactly what was denied.</summary>
/// <param name="SubjectType">As it was asked, such as <c>identity</c>.</param>
/// <param name="SubjectId">Who.</param>
/// <param name="Action">What.</param>
/// <param name="ResourceType">As it was asked, such as <c>tool</c>.</param>
/// <param name="ResourceId">With what.</param>
/// <param name="Stated">What the question stated of subject, resource and circumstances, as far as the schema declares it.</param>
/// <param name="AskedDigest">SHA-256 of the whole question as it was sent; null for a request of before there was one.</param>
public sealed record AccessScope(
    string SubjectType, string SubjectId, string Action, string ResourceType, string ResourceId, JsonElement Stated,
    string? AskedDigest = null);

/// <summary>A page of access requests.</summary>
/// <param name="Requests">The newest first.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record AccessRequestList(
    [property: JsonPropertyName("access_requests")] IReadOnlyList<AccessRequest> Requests, string? NextCursor, long Position);

sealed record AccessNote(string? Note);

sealed record AccessReason(string Reason);
