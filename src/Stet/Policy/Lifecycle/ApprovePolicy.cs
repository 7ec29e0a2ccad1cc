using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Answers for a candidate and for what its newest diff shows.</summary>
public sealed record ApprovePolicy(string Candidate, string DiffDigest, long Position)
{
    public static Decision Decide(
        ApprovePolicy command, PolicyLife? life, string approver, TimeSpan approvalLifetime, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        if (life.Candidate(command.Candidate) is not { } candidate) return Refuse(PolicyProblems.NotFound(command.Candidate));
        if (!candidate.IsOpen) return Refuse(PolicyProblems.Closed(candidate));
        if (!life.Approvers.Contains(approver)) return Refuse(PolicyProblems.NotAnApprover(approver));
        if (candidate.IsBy(approver)) return Refuse(PolicyProblems.ApprovalBySelf);
        if (candidate is not { State: CandidateState.Diffed, Diff: { } diff }) return Refuse(PolicyProblems.NotDiffed(candidate.Digest));
        if ((command.DiffDigest, command.Position) != (diff.Digest, diff.Position)) return Refuse(PolicyProblems.ApprovalStale(diff));
        if (candidate.Approvals.Any(a => a.Approver == approver && now - a.At < approvalLifetime))
            return Refuse(PolicyProblems.ApprovalRepeated);

        return Record(new PolicyApproved(candidate.Digest, diff.Digest, diff.Position, approver, now));
    }
}

/// <summary>The body of <c>POST /v1/policy/candidates/{candidate}/approvals</c>: what the approver was shown.</summary>
/// <param name="DiffDigest">Of the report.</param>
/// <param name="Position">The report's last position.</param>
public sealed record ApprovalRequest(string? DiffDigest, long? Position);

public static class ApprovePolicyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates/{candidate}/approvals", Post).WithSummary("Approve a candidate")
            .WithDescription("Send back the candidate, diff digest and position that you were shown. Two people, neither the author.")
            .RequirePermission(Scopes.PolicyApprove)
            .Accepts<ApprovalRequest>("application/json").Produces<StepAnswer>(201).Produces<StepAnswer>().ProducesProblem(404).ProducesProblem(409);

    static async Task<IResult> Post(
        string candidate, HttpContext http, CommandContext context, PolicySteps steps, PolicyOptions options)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.ApprovalRequest);
        new Validation()
            .Require(Digests.IsDigest(request.DiffDigest), "/diff_digest", Digests.Rule)
            .Require(request.Position >= 0, "/position", "is required: the last position of the report")
            .ThrowIfAny();

        var command = new ApprovePolicy(candidate, request.DiffDigest!, request.Position!.Value);
        return await steps.TakeAsync(
            context, candidate, $"approve\n{candidate}\n{command.DiffDigest}\n{command.Position}",
            (life, now) => ApprovePolicy.Decide(command, life, context.Caller.Subject, options.ApprovalLifetime, now));
    }
}
