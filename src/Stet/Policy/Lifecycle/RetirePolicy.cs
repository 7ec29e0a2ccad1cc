using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Withdraws a candidate or an activation that is still to come, or ends what was replaced.</summary>
public sealed record RetirePolicy(string Candidate, string? Reason)
{
    public static Decision Decide(RetirePolicy command, PolicyLife? life, string by, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        if (life.InForce(now)?.Candidate == command.Candidate) return Refuse(PolicyProblems.InUse(command.Candidate));

        var candidate = life.Candidate(command.Candidate);
        if (candidate is { IsOpen: false, State: not CandidateState.Activated }) return Refuse(PolicyProblems.Closed(candidate));

        return candidate is not null || life.Activations.Any(a => a.Candidate == command.Candidate && !a.IsRetired)
            ? Record(new PolicyRetired(command.Candidate, command.Reason, by, now))
            : Refuse(PolicyProblems.NotFound(command.Candidate));
    }
}

/// <summary>The body of <c>POST /v1/policy/candidates/{candidate}/retirement</c>.</summary>
/// <param name="Reason">At most 2,000 characters.</param>
public sealed record RetirementRequest([property: StringLength(2_000)] string? Reason = null);

public static class RetirePolicyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates/{candidate}/retirement", Post).WithSummary("Retire a candidate")
            .WithDescription(
                "Withdraws what is open or not in force yet; what was replaced cannot be rolled back to any more. What is in "
                + "force cannot be retired.")
            .RequirePermission(Scopes.PolicyActivate)
            .Accepts<RetirementRequest>("application/json").Produces<StepAnswer>(201).Produces<StepAnswer>().ProducesProblem(404)
            .ProducesProblem(409);

    static async Task<IResult> Post(string candidate, HttpContext http, CommandContext context, PolicySteps steps)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.RetirementRequest);
        new Validation().OptionalText(request.Reason, "/reason", 2_000).ThrowIfAny();
        var command = new RetirePolicy(candidate, request.Reason);
        return await steps.TakeAsync(
            context, candidate, $"retire\n{candidate}\n{request.Reason}",
            (life, now) => RetirePolicy.Decide(command, life, context.Caller.Subject, now));
    }
}
