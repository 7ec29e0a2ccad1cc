using System.Text.Json.Serialization;

namespace Stet.Policy.AccessRequests;

/// <summary>What becomes of an access request. The last five are for good.</summary>
[JsonConverter(typeof(SnakeCaseConverter<AccessStatus>))]
public enum AccessStatus
{
    /// <summary>Nobody has decided yet.</summary>
    Pending,

    /// <summary>Somebody said yes. Whether the yes still holds is another question.</summary>
    Approved,

    /// <summary>Somebody said no.</summary>
    Denied,

    /// <summary>Nobody decided in time.</summary>
    Expired,

    /// <summary>The enforcement point took it back.</summary>
    Cancelled,
}

/// <summary>A request that people allow what was denied, and what has become of it.</summary>
/// <param name="EvaluationId">The denied decision, which names the request.</param>
/// <param name="Scope">What is to be allowed.</param>
/// <param name="Policies">The policies that stand in the way.</param>
/// <param name="ApprovalSeconds">For how long an approval holds.</param>
/// <param name="Pep">The enforcement point that asks.</param>
/// <param name="RequestedAt">Since when.</param>
/// <param name="ExpiresAt">Until when somebody may decide.</param>
/// <param name="Outcome">What was decided; null while nothing is.</param>
/// <param name="DecidedBy">By whom.</param>
/// <param name="Reason">Why it was denied, or the note of its approval.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="ApprovedUntil">The first moment that an approval does not hold any more; null without one.</param>
/// <param name="RevokedAt">When it was taken back; null while it was not.</param>
/// <param name="RevokedBy">By whom.</param>
/// <param name="RevocationReason">Why.</param>
public sealed record AccessRequest(
    Guid EvaluationId, AccessScope Scope, StringSet Policies, long ApprovalSeconds, string Pep, DateTimeOffset RequestedAt,
    DateTimeOffset ExpiresAt, AccessStatus? Outcome = null, string? DecidedBy = null, string? Reason = null,
    DateTimeOffset? DecidedAt = null, DateTimeOffset? ApprovedUntil = null, DateTimeOffset? RevokedAt = null,
    string? RevokedBy = null, string? RevocationReason = null)
{
    /// <summary>How long after a denial a request can refer to it.</summary>
    public static readonly TimeSpan Requestable = TimeSpan.FromMinutes(15);

    /// <summary>How long people have to decide.</summary>
    public static readonly TimeSpan Open = TimeSpan.FromHours(24);

    public static AccessRequest Create(AccessRequested e) =>
        new(e.EvaluationId, e.Scope, e.Policies, e.ApprovalSeconds, e.Pep, e.RequestedAt, e.ExpiresAt);

    public AccessRequest Apply(AccessApproved e) => this with
    {
        Outcome = AccessStatus.Approved,
        DecidedBy = e.ApprovedBy,
        Reason = e.Note,
        DecidedAt = e.ApprovedAt,
        ApprovedUntil = e.ApprovedUntil,
    };

    public AccessRequest Apply(AccessDenied e) =>
        this with { Outcome = AccessStatus.Denied, DecidedBy = e.DeniedBy, Reason = e.Reason, DecidedAt = e.DeniedAt };

    public AccessRequest Apply(AccessRequestCancelled e) =>
        this with { Outcome = AccessStatus.Cancelled, DecidedBy = e.CancelledBy, DecidedAt = e.CancelledAt };

    public AccessRequest Apply(AccessApprovalRevoked e) =>
        this with { RevokedAt = e.RevokedAt, RevokedBy = e.RevokedBy, RevocationReason = e.Reason };

    /// <summary>What has become of it by a time.</summary>
    public AccessStatus StatusAt(DateTimeOffset now) =>
        Outcome ?? (now < ExpiresAt ? AccessStatus.Pending : AccessStatus.Expired);

    /// <summary>Whether a question may count on its approval at a time.</summary>
    public ApprovalStanding StandingFor(AccessScope scope, DateTimeOffset now) => StatusAt(now) switch
    {
        AccessStatus.Approved when !Scope.Covers(scope) => ApprovalStanding.OutOfScope,
        AccessStatus.Approved => RevokedAt is null && now < ApprovedUntil ? ApprovalStanding.Holds : ApprovalStanding.Expired,
        AccessStatus.Pending when Scope.Covers(scope) => ApprovalStanding.Pending,
        _ => ApprovalStanding.Unverifiable,
    };
}

/// <summary>What an approval that a question refers to is worth.</summary>
public enum ApprovalStanding
{
    /// <summary>It is for this question, and holds.</summary>
    Holds,

    /// <summary>It held once: its time is over, or it was revoked.</summary>
    Expired,

    /// <summary>It is for another question.</summary>
    OutOfScope,

    /// <summary>There is none.</summary>
    Unverifiable,

    /// <summary>There is none yet: the request for it waits for somebody.</summary>
    Pending,
}
