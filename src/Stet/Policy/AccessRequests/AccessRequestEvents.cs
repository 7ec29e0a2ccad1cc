namespace Stet.Policy.AccessRequests;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>An enforcement point asks people to allow what was denied.</summary>
/// <param name="EvaluationId">The denied decision, which names the request as well: version-7 UUID (RFC 9562).</param>
/// <param name="Scope">What is to be allowed, and nothing else.</param>
/// <param name="Policies">The policies that stand in the way, each of which an approval lifts.</param>
/// <param name="ApprovalSeconds">For how long an approval holds, by the strictest of these policies.</param>
/// <param name="Pep">Subject of the enforcement point's credential.</param>
/// <param name="RequestedAt">UTC, microseconds, by the server's clock when it was decided.</param>
/// <param name="ExpiresAt">Until when somebody may decide about it.</param>
public sealed record AccessRequested(
    Guid EvaluationId, AccessScope Scope, StringSet Policies, long ApprovalSeconds, string Pep, DateTimeOffset RequestedAt,
    DateTimeOffset ExpiresAt);

/// <summary>Somebody answers for allowing it for a while.</summary>
/// <param name="EvaluationId">Which request.</param>
/// <param name="ApprovedBy">Subject of the verified credential: neither who is to be allowed nor the enforcement point.</param>
/// <param name="Note">Why, at most 500 characters; null when nothing was said.</param>
/// <param name="ApprovedAt">UTC, microseconds, by the server's clock when it was decided.</param>
/// <param name="ApprovedUntil">The first moment it does not hold any more.</param>
public sealed record AccessApproved(
    Guid EvaluationId, string ApprovedBy, string? Note, DateTimeOffset ApprovedAt, DateTimeOffset ApprovedUntil);

/// <summary>Somebody said no.</summary>
/// <param name="EvaluationId">Which request.</param>
/// <param name="DeniedBy">Subject of the verified credential.</param>
/// <param name="Reason">1 to 500 characters.</param>
/// <param name="DeniedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record AccessDenied(Guid EvaluationId, string DeniedBy, string Reason, DateTimeOffset DeniedAt);

/// <summary>The request is not needed any more.</summary>
/// <param name="EvaluationId">Which request.</param>
/// <param name="CancelledBy">The enforcement point that had made it.</param>
/// <param name="CancelledAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record AccessRequestCancelled(Guid EvaluationId, string CancelledBy, DateTimeOffset CancelledAt);

/// <summary>An approval holds no more, from now on.</summary>
/// <param name="EvaluationId">Which request.</param>
/// <param name="RevokedBy">Subject of the verified credential.</param>
/// <param name="Reason">1 to 500 characters.</param>
/// <param name="RevokedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record AccessApprovalRevoked(Guid EvaluationId, string RevokedBy, string Reason, DateTimeOffset RevokedAt);

/// <summary>Exactly what was denied. Equal scopes are the same question.</summary>
/// <param name="SubjectType">AuthZEN's name of the type.</param>
/// <param name="SubjectId">Who.</param>
/// <param name="Action">The action's name.</param>
/// <param name="ResourceType">AuthZEN's name of the type.</param>
/// <param name="ResourceId">With what.</param>
/// <param name="Stated">
/// What the request itself stated, as it was evaluated, in canonical JSON: <c>{context, resource, subject}</c>. What Stet
/// knew of subject and resource is left out: it may change, and is judged anew.
/// </param>
/// <param name="AskedDigest">
/// SHA-256 of the question as it was sent, in canonical JSON, 64 hexadecimal digits: what the schema does not declare is
/// part of it, but not <c>approval</c>, <c>supported_obligations</c> and <c>now</c> of the context. Null for a scope of
/// before there was one.
/// </param>
public sealed record AccessScope(
    string SubjectType, string SubjectId, string Action, string ResourceType, string ResourceId, FieldValue Stated,
    string? AskedDigest = null)
{
    /// <summary>Whether a question is this one; a scope without a digest leaves open what the schema does not declare.</summary>
    public bool Covers(AccessScope question) => this == (AskedDigest is null ? question with { AskedDigest = null } : question);
}
