using Stet.Audit;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>How far the self-audit of decisions has come, and what it found.</summary>
/// <param name="Progress">With the engine that runs; after a request with <c>from</c>, of that run alone.</param>
/// <param name="Mismatches">The newest hundred decisions that came out otherwise, with any engine, newest first.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record AuditAnswer(AuditProgress Progress, IReadOnlyList<MismatchItem> Mismatches, long Position);

/// <summary>A decision that came out otherwise.</summary>
/// <param name="DecisionPosition">The decision's position in the log.</param>
/// <param name="FoundPosition">Where what was found is on record, with both results.</param>
public sealed record MismatchItem(long DecisionPosition, long FoundPosition);

/// <summary>The body of <c>POST /v1/policy/audit</c>.</summary>
/// <param name="From">
/// First position to look at: 1 begins the audit anew, a later one does not change how far it has come; at most the one
/// after the log's end. Null: go on where the audit is.
/// </param>
public sealed record AuditRequest(long? From = null);

public static class AuditEndpoints
{
    const string Path = "/v1/policy/audit";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Get).WithSummary("How far the self-audit of decisions is, and what it found")
            .RequirePermission(Scopes.PolicyAudit).Produces<AuditAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
        routes.MapPost(Path, Post).WithSummary("Audit recorded decisions now")
            .WithDescription("Evaluates them again at full speed, to the log's end, and answers when it is done. Sent again, it is another audit.")
            .RequirePermission(Scopes.PolicyAudit).WithMetadata(new RequestHeaders(RequestHeaders.OfWrites))
            .Accepts<AuditRequest>("application/json").Produces<AuditAnswer>();
    }

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var progress = await TenantAudit.ReadAsync(store, caller.TenantId, http.RequestAborted);
        var answer = await AnswerAsync(store, caller.TenantId, progress, http.RequestAborted);
        return JsonAnswer.Read(answer, PolicyHttpJson.Default.AuditAnswer, answer.Position);
    }

    static async Task<IResult> Post(HttpContext http, Caller caller, Store store, StoreConnections connections, TenantAudit audit)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.AuditRequest);
        new Validation().Require(request.From is null or >= 1, "/from", "must be a position, from 1").ThrowIfAny();
        if (request.From is > 1 and var from && from > await store.PositionAsync(caller.TenantId, http.RequestAborted) + 1)
            throw new BadRequestException(RequestProblems.Invalid("/from", "must not be beyond the log's end"));

        var context = new CommandContext(
            caller, CommandContext.MetadataOf(http, "operator", caller.Subject), null, ReceiptRequest.Of(http), http.RequestAborted);
        AuditProgress? progress;
        await using (var connection = await connections.Subscriber.OpenConnectionAsync(http.RequestAborted))
        {
            progress = await audit.RunAsync(
                connection, caller.TenantId, request.From, context, static _ => Task.CompletedTask, http.RequestAborted);
        }

        if (progress is null) return Problems.Answer(PolicyProblems.AuditRunning);

        var answer = await AnswerAsync(store, caller.TenantId, progress, http.RequestAborted);
        return JsonAnswer.Write(200, answer, PolicyHttpJson.Default.AuditAnswer, answer.Position);
    }

    static Task<AuditAnswer> AnswerAsync(Store store, string tenantId, AuditProgress progress, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId,
            """
            select decision_position, position from stet.policy_mismatch
            where tenant_id = $1 order by position desc limit 100
            """,
            [Scalar(tenantId)],
            async (row, position, token) =>
            {
                var mismatches = new List<MismatchItem>();
                while (await row.ReadAsync(token)) mismatches.Add(new MismatchItem(row.GetInt64(0), row.GetInt64(1)));
                return new AuditAnswer(progress, mismatches, position);
            },
            cancel);
}
