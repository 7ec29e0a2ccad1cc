using static Stet.Decision;

namespace Stet.Policy.AccessRequests;

/// <summary>Asks people to allow what was denied; once for each denial.</summary>
/// <param name="EvaluationId">The denial.</param>
/// <param name="Scope">What was denied.</param>
/// <param name="Policies">What stands in the way.</param>
/// <param name="ApprovalLifetime">For how long an approval is to hold; whole seconds.</param>
/// <param name="Pep">Who asks.</param>
/// <param name="DeniedAt">When it was denied.</param>
public sealed record RequestAccess(
    Guid EvaluationId, AccessScope Scope, StringSet Policies, TimeSpan ApprovalLifetime, string Pep, DateTimeOffset DeniedAt)
{
    public static Decision Decide(RequestAccess command, AccessRequest? request, DateTimeOffset now)
    {
        if (request is not null && request.Pep != command.Pep) return Refuse(AccessRequestProblems.NotFound);
        if (request is not null)
            return request.Scope.Covers(command.Scope) ? Nothing : Refuse(AccessRequestProblems.InvalidBinding("another question was asked about"));

        var requestable = command.DeniedAt + AccessRequest.Requestable;
        return now >= requestable
            ? Refuse(AccessRequestProblems.DenialExpired(requestable))
            : Record(new AccessRequested(
                command.EvaluationId, command.Scope, command.Policies, (long)command.ApprovalLifetime.TotalSeconds, command.Pep, now,
                now + AccessRequest.Open));
    }
}
