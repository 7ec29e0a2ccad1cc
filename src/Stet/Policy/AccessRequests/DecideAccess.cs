using static Stet.Decision;

namespace Stet.Policy.AccessRequests;

/// <summary>Says yes for a while.</summary>
public sealed record ApproveAccess(string? Note)
{
    public static Decision Decide(ApproveAccess command, AccessRequest? request, string approver, DateTimeOffset now) =>
        AccessRules.Refusal(request, approver, now) is { } refusal
            ? Refuse(refusal)
            : Record(new AccessApproved(
                request!.EvaluationId, approver, command.Note, now, now + TimeSpan.FromSeconds(request.ApprovalSeconds)));
}

/// <summary>Says no.</summary>
public sealed record DenyAccess(string Reason)
{
    public static Decision Decide(DenyAccess command, AccessRequest? request, string decider, DateTimeOffset now) =>
        AccessRules.Refusal(request, decider, now) is { } refusal
            ? Refuse(refusal)
            : Record(new AccessDenied(request!.EvaluationId, decider, command.Reason, now));
}

/// <summary>Takes a request back.</summary>
public sealed record CancelAccessRequest
{
    public static Decision Decide(AccessRequest? request, string pep, DateTimeOffset now)
    {
        // What another enforcement point has asked for is nobody's business.
        if (request is null || request.Pep != pep) return Refuse(AccessRequestProblems.NotFound);

        return request.StatusAt(now) switch
        {
            AccessStatus.Cancelled => Nothing,
            AccessStatus.Pending => Record(new AccessRequestCancelled(request.EvaluationId, pep, now)),
            var status => Refuse(AccessRequestProblems.NotPending(status)),
        };
    }
}

/// <summary>Takes an approval back: the next decision does not count on it.</summary>
public sealed record RevokeApproval(string Reason)
{
    public static Decision Decide(RevokeApproval command, AccessRequest? request, string revoker, DateTimeOffset now) => request switch
    {
        null => Refuse(AccessRequestProblems.NotFound),
        { Outcome: AccessStatus.Approved, RevokedAt: null } => Record(new AccessApprovalRevoked(request.EvaluationId, revoker, command.Reason, now)),
        _ => Refuse(AccessRequestProblems.NotApproved),
    };
}

/// <summary>What holds for yes and no alike.</summary>
static class AccessRules
{
    public static Problem? Refusal(AccessRequest? request, string decider, DateTimeOffset now)
    {
        if (request is null) return AccessRequestProblems.NotFound;
        if (decider == request.Pep || decider == request.Scope.SubjectId) return AccessRequestProblems.OwnApproval;

        return request.StatusAt(now) is var status and not AccessStatus.Pending ? AccessRequestProblems.NotPending(status) : null;
    }
}
