using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Says no to a candidate, which ends it.</summary>
public sealed record RejectPolicy(string Candidate, string Reason)
{
    public static Decision Decide(RejectPolicy command, PolicyLife? life, string approver, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        if (life.Candidate(command.Candidate) is not { } candidate) return Refuse(PolicyProblems.NotFound(command.Candidate));
        if (!candidate.IsOpen) return Refuse(PolicyProblems.Closed(candidate));
        if (!life.Approvers.Contains(approver)) return Refuse(PolicyProblems.NotAnApprover(approver));

        return Record(new PolicyRejected(candidate.Digest, command.Reason, approver, now));
    }
}

/// <summary>The body of <c>POST /v1/policy/candidates/{candidate}/rejections</c>.</summary>
/// <param name="Reason">1 to 2,000 characters.</param>
public sealed record ReasonRequest([property: StringLength(2_000, MinimumLength = 1)] string? Reason)
{
    /// <exception cref="BadRequestException">The reason is missing or too long.</exception>
    public string Required()
    {
        new Validation().Text(Reason, "/reason", 2_000).ThrowIfAny();
        return Reason!;
    }
}

public static class RejectPolicyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates/{candidate}/rejections", Post).WithSummary("Reject a candidate")
            .WithDescription("One approver is enough; it ends the candidate.")
            .RequirePermission(Scopes.PolicyApprove)
            .Accepts<ReasonRequest>("application/json").Produces<StepAnswer>(201).Produces<StepAnswer>().ProducesProblem(404).ProducesProblem(409);

    static async Task<IResult> Post(string candidate, HttpContext http, CommandContext context, PolicySteps steps)
    {
        var reason = (await RequestBody.ReadAsync(http, PolicyHttpJson.Default.ReasonRequest)).Required();
        var command = new RejectPolicy(candidate, reason);
        return await steps.TakeAsync(
            context, candidate, $"reject\n{candidate}\n{reason}",
            (life, now) => RejectPolicy.Decide(command, life, context.Caller.Subject, now));
    }
}
