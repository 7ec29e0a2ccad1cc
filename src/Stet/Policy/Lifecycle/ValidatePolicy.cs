using Stet.Authentication;
using Stet.Cedar;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Asks the engine that runs now about a candidate that another one validated.</summary>
public sealed record ValidatePolicy(PolicyCandidate Candidate)
{
    /// <summary>Name and version of the engine that runs.</summary>
    public const string Engine = $"Stet.Cedar {CedarEngine.Version}";

    public static Decision Decide(ValidatePolicy command, PolicyLife? life, DateTimeOffset now) =>
        (life ?? PolicyLife.Empty).Candidate(command.Candidate.Digest) switch
        {
            null => Refuse(PolicyProblems.NotFound(command.Candidate.Digest)),
            { IsOpen: false } closed => Refuse(PolicyProblems.Closed(closed)),
            _ => Record(Verdict(command.Candidate, now)),
        };

    internal static object Verdict(PolicyCandidate candidate, DateTimeOffset now) => candidate.ValidatedPolicies is null
        ? new PolicyFoundInvalid(candidate.Digest, Engine, CedarLanguage.Version, new(candidate.Findings), now)
        : new PolicyValidated(candidate.Digest, Engine, CedarLanguage.Version, new(candidate.Findings), now);
}

public static class ValidatePolicyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates/{candidate}/validation", Post).WithSummary("Validate a candidate again")
            .WithDescription("For after an upgrade of the engine. The candidate needs a new diff afterwards; findings end it.")
            .RequirePermission(Scopes.PolicyAuthor).Produces<StepAnswer>(201).Produces<StepAnswer>()
            .ProducesProblem(404).ProducesProblem(409);

    static async Task<IResult> Post(string candidate, CommandContext context, PolicySteps steps, CandidateTexts texts)
    {
        if (await texts.ReadAsync(context.Caller.TenantId, candidate, context.Cancel) is not { } read)
            return Problems.Answer(PolicyProblems.NotFound(candidate));

        var command = new ValidatePolicy(read);
        return await steps.TakeAsync(
            context, candidate, $"validate\n{candidate}", (life, now) => ValidatePolicy.Decide(command, life, now));
    }
}
