using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Enforcement;

/// <summary>Asks that a system be expected no more.</summary>
public sealed record RetireSystem(string SystemId)
{
    public static Decision Decide(RetireSystem command, EnforcingSystem? system, DateTimeOffset now) => system switch
    {
        null => Refuse(EnforcementProblems.SystemNotFound(command.SystemId)),
        { RetiredAt: not null } => Nothing,
        _ => Record(new SystemRetired(command.SystemId, now)),
    };
}

public static class RetireSystemEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/v1/enforcement/systems/{system_id}", Delete).WithSummary("Expect a system no more")
            .WithDescription("It leaves status and escalation, and its heartbeats are refused until it is registered again.")
            .RequirePermission(Scopes.EnforcementWrite).Produces<SystemAnswer>().ProducesProblem(404);

    static async Task<IResult> Delete(string system_id, CommandContext context, Commands commands)
    {
        SystemIds.Check(system_id, "system_id");
        var (recorded, system) = await commands.DecideWithStateAsync(
            context, EnforcementModule.SystemOf(system_id), key: null, payload: default,
            (before, now) => RetireSystem.Decide(new RetireSystem(system_id), before, now));
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(200, SystemAnswer.Of(system!), EnforcementHttpJson.Default.SystemAnswer, recorded.Position);
    }
}
