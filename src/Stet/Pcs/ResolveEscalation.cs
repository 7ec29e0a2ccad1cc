using System.ComponentModel.DataAnnotations;
using System.Text;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>Somebody's word on an escalated document.</summary>
public sealed record ResolveEscalation(string PcsId, string ShardId, string Resolution, string? Comment)
{
    public const string Accepted = "accepted";
    public const string Rejected = "rejected";

    public static Decision Decide(ResolveEscalation command, string resolvedBy, DateTimeOffset now) => Record(
        new PcsEscalationResolved(command.PcsId, command.ShardId, command.Resolution, command.Comment, resolvedBy, now));
}

/// <summary>The body of <c>POST /v1/pcs/{pcs_id}/resolve</c>.</summary>
/// <param name="Resolution"><c>accepted</c> or <c>rejected</c>.</param>
/// <param name="Comment">Why, at most 2,000 characters.</param>
public sealed record ResolveRequest(
    [property: AllowedValues(ResolveEscalation.Accepted, ResolveEscalation.Rejected)] string? Resolution,
    [property: StringLength(2_000)] string? Comment = null);

/// <summary>How an escalation was resolved.</summary>
/// <param name="PcsId">Which document.</param>
/// <param name="Resolution"><c>accepted</c> or <c>rejected</c>.</param>
/// <param name="Comment">Why; null when nothing was said.</param>
/// <param name="ResolvedBy">Subject of the verified credential.</param>
/// <param name="ResolvedAt">By the server's clock.</param>
/// <param name="Position">The event's position in the log.</param>
public sealed record ResolutionAnswer(
    string PcsId, [property: AllowedValues(ResolveEscalation.Accepted, ResolveEscalation.Rejected)] string Resolution,
    string? Comment, string ResolvedBy, DateTimeOffset ResolvedAt, long Position)
{
    public static ResolutionAnswer Of(PcsEscalationResolved e, long position) =>
        new(e.PcsId, e.Resolution, e.Comment, e.ResolvedBy, e.ResolvedAt, position);
}

public static class ResolveEscalationEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/pcs/{pcs_id}/resolve", Post).WithSummary("Resolve an escalation")
            .WithDescription("Once: the first answer stands. The same resolution again, by whomever, is answered with the first one's comment and "
                + "`resolved_by` and changes nothing; the other is refused. The stored verdict stays.")
            .RequirePermission(Scopes.PcsResolve)
            .Accepts<ResolveRequest>("application/json").Produces<ResolutionAnswer>(201).Produces<ResolutionAnswer>().ProducesProblem(404)
            .ProducesProblem(409);

    static async Task<IResult> Post(string pcs_id, HttpContext http, CommandContext context, Commands commands, Store store)
    {
        var request = await RequestBody.ReadAsync(http, PcsHttpJson.Default.ResolveRequest);
        new Validation()
            .Require(
                request.Resolution is ResolveEscalation.Accepted or ResolveEscalation.Rejected, "/resolution",
                "must be `accepted` or `rejected`")
            .OptionalText(request.Comment, "/comment", 2_000)
            .ThrowIfAny();

        var (shardId, isEscalated) = await FindAsync(store, context, pcs_id);
        if (shardId is null) return Problems.Answer(PcsProblems.NotFound(pcs_id));
        if (!isEscalated) return Problems.Answer(PcsProblems.NotEscalated(pcs_id));

        // The store's idempotency record decides that there is one resolution, whoever else is about to give another.
        var command = new ResolveEscalation(pcs_id, shardId, request.Resolution!, request.Comment);
        var recorded = await commands.DecideAsync(
            context, PcsModule.ShardOf(shardId), context.IdempotencyKey is { } key ? $"resolution:{key}" : null,
            JsonAnswer.Serialize(command, PcsHttpJson.Default.ResolveEscalation),
            (_, now) => ResolveEscalation.Decide(command, context.Caller.Subject, now),
            new Once($"resolve:{pcs_id}", Encoding.UTF8.GetBytes(command.Resolution), PcsProblems.ResolvedOtherwise(pcs_id)));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var resolved = recorded.Events[0];
        return JsonAnswer.Write(
            recorded.Repeated ? 200 : 201, ResolutionAnswer.Of((PcsEscalationResolved)resolved.Data, resolved.Position),
            PcsHttpJson.Default.ResolutionAnswer, resolved.Position);
    }

    // What was recorded stays so: nothing can change between this look and the decision.
    static Task<(string? ShardId, bool IsEscalated)> FindAsync(Store store, CommandContext context, string pcsId) =>
        store.QueryAsync(
            context.Caller.TenantId,
            """
            select s.shard_id, exists (select from stet.pcs_escalation x where x.tenant_id = $1 and x.pcs_id = $2)
            from stet.pcs_submission s where s.tenant_id = $1 and s.pcs_id = $2 order by s.position limit 1
            """,
            [Scalar(context.Caller.TenantId), Scalar(pcsId)],
            static async (row, _, cancel) => await row.ReadAsync(cancel) ? (row.GetString(0), row.GetBoolean(1)) : ((string?)null, false),
            context.Cancel);
}
