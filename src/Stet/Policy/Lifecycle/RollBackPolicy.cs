using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Puts back, at once, what was in force within the last 30 days. Activations to come are off with it.</summary>
public sealed record RollBackPolicy(string Candidate, string Reason)
{
    public static Decision Decide(RollBackPolicy command, PolicyLife? life, string by, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        if (life.InForce(now) is not { } current) return Refuse(PolicyProblems.NothingInForce);
        if (current.Candidate == command.Candidate) return Refuse(PolicyProblems.InUse(command.Candidate));
        if (life.InForceSince(command.Candidate, now - PolicyLife.RollbackWindow, now) is not { } target)
            return Refuse(PolicyProblems.RollbackUnknown(command.Candidate));
        if (target.IsRetired) return Refuse(PolicyProblems.RollbackRetired(command.Candidate));
        if (target.SchemaDigest != current.SchemaDigest) return Refuse(PolicyProblems.RollbackSchema);

        return Record(new PolicyRolledBack(
            target.Candidate, target.PolicySetDigest, target.SchemaDigest, current.Candidate, command.Reason, by, now));
    }
}

/// <summary>The body of <c>POST /v1/policy/rollback</c>.</summary>
/// <param name="Candidate">What is to be in force again.</param>
/// <param name="Reason">1 to 2,000 characters.</param>
public sealed record RollbackRequest(string? Candidate, [property: StringLength(2_000, MinimumLength = 1)] string? Reason);

public static class RollBackPolicyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/rollback", Post).WithSummary("Roll back to what was in force before")
            .WithDescription(
                "One person, at once: to what was in force within 30 days under the same schema. Activations that are still "
                + "to come do not take place.")
            .RequirePermission(Scopes.PolicyActivate)
            .Accepts<RollbackRequest>("application/json").Produces<StepAnswer>(201).Produces<StepAnswer>().ProducesProblem(409);

    static async Task<IResult> Post(HttpContext http, CommandContext context, PolicySteps steps)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.RollbackRequest);
        new Validation()
            .Require(Digests.IsDigest(request.Candidate), "/candidate", Digests.Rule)
            .Text(request.Reason, "/reason", 2_000)
            .ThrowIfAny();

        var command = new RollBackPolicy(request.Candidate!, request.Reason!);
        return await steps.TakeAsync(
            context, command.Candidate, $"rollback\n{command.Candidate}\n{command.Reason}",
            (life, now) => RollBackPolicy.Decide(command, life, context.Caller.Subject, now));
    }
}
