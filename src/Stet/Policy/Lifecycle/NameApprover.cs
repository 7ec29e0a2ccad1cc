using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Makes somebody's approvals count.</summary>
public sealed record NameApprover(string Approver)
{
    /// <summary>Most approvers of a tenant.</summary>
    public const int Most = 1_000;

    public static Decision Decide(NameApprover command, PolicyLife? life, string by, DateTimeOffset now)
    {
        var approvers = (life ?? PolicyLife.Empty).Approvers;
        if (approvers.Contains(command.Approver)) return Nothing;
        return approvers.Count >= Most
            ? Refuse(PolicyProblems.TooManyApprovers)
            : Record(new PolicyApproverNamed(command.Approver, by, now));
    }
}

/// <summary>Makes somebody's approvals count no more, until the person is named again.</summary>
public sealed record RemoveApprover(string Approver)
{
    public static Decision Decide(RemoveApprover command, PolicyLife? life, string by, DateTimeOffset now) =>
        (life ?? PolicyLife.Empty).Approvers.Contains(command.Approver)
            ? Record(new PolicyApproverRemoved(command.Approver, by, now))
            : Nothing;
}

/// <summary>Whose approvals count.</summary>
/// <param name="Approvers">Subjects of credentials, in ordinal order.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record ApproversAnswer(StringSet Approvers, long Position);

public static class ApproversEndpoints
{
    const string One = "/v1/policy/approvers/{approver}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/policy/approvers", Get).WithSummary("Whose approvals count")
            .RequirePermission(Scopes.PolicyRead).Produces<ApproversAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
        routes.MapPut(One, Put).WithSummary("Name an approver")
            .WithDescription("The subject of somebody's credentials. Who approves needs this and the scope `policy:approve`.")
            .RequirePermission(Scopes.PolicyAdmin).Produces<ApproversAnswer>().ProducesProblem(409);
        routes.MapDelete(One, Delete).WithSummary("Remove an approver")
            .WithDescription("Approvals count while whoever gave them is an approver: those given before do not, until the person is named again.")
            .RequirePermission(Scopes.PolicyAdmin).Produces<ApproversAnswer>();
    }

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (life, _, position) = await PolicyModule.LifeAsync(store, clock, caller.TenantId, http.RequestAborted);
        return JsonAnswer.Read(new ApproversAnswer(life.Approvers, position), PolicyHttpJson.Default.ApproversAnswer, position);
    }

    static Task<IResult> Put(string approver, CommandContext context, PolicySteps steps) =>
        string.IsNullOrWhiteSpace(approver)
            ? throw RequestQuery.Bad("approver", "must name somebody")
            : AnswerAsync(approver, context, steps, (life, now) =>
                NameApprover.Decide(new NameApprover(approver), life, context.Caller.Subject, now));

    static Task<IResult> Delete(string approver, CommandContext context, PolicySteps steps) =>
        AnswerAsync(approver, context, steps, (life, now) =>
            RemoveApprover.Decide(new RemoveApprover(approver), life, context.Caller.Subject, now));

    static async Task<IResult> AnswerAsync(
        string approver, CommandContext context, PolicySteps steps, Func<PolicyLife?, DateTimeOffset, Decision> decide)
    {
        if (!Caller.IsSubject(approver)) throw RequestQuery.Bad("approver", "must have 1 to 255 characters, none of them a control character");

        var (recorded, life) = await steps.DecideWithStateAsync(context with { IdempotencyKey = null }, "", decide);
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        return JsonAnswer.Write(
            200, new ApproversAnswer((life ?? PolicyLife.Empty).Approvers, recorded.Position), PolicyHttpJson.Default.ApproversAnswer,
            recorded.Position);
    }
}
