using System.ComponentModel.DataAnnotations;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.AccessRequests;

/// <summary>The body of <c>POST /v1/policy/access-requests/{id}/approval</c>.</summary>
/// <param name="Note">Why, at most 500 characters.</param>
public sealed record AccessApprovalRequest([property: StringLength(500)] string? Note = null);

/// <summary>The body of a denial and of a revocation.</summary>
/// <param name="Reason">Why, 1 to 500 characters.</param>
public sealed record AccessReasonRequest([property: StringLength(500, MinimumLength = 1)] string? Reason);

/// <summary>An access request as people see it who decide about it.</summary>
/// <param name="Id">Names it; the id of the denied decision as well.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="Scope">What would be allowed.</param>
/// <param name="Policies">The policies that stand in the way.</param>
/// <param name="ApprovalSeconds">For how long an approval would hold, or holds.</param>
/// <param name="Pep">The enforcement point that asks.</param>
/// <param name="RequestedAt">Since when.</param>
/// <param name="ExpiresAt">Until when somebody may decide.</param>
/// <param name="DecidedBy">Who decided; null while nobody has.</param>
/// <param name="Reason">Why it was denied, or the note of its approval.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="ApprovedUntil">The first moment that the approval does not hold any more; null without one.</param>
/// <param name="RevokedAt">When the approval was taken back; null while it was not.</param>
/// <param name="RevokedBy">By whom; null while it was not.</param>
/// <param name="RevocationReason">Why; null while it was not.</param>
public sealed record AccessRequestAnswer(
    Guid Id, AccessStatus Status, AccessScope Scope, StringSet Policies, long ApprovalSeconds, string Pep, DateTimeOffset RequestedAt,
    DateTimeOffset ExpiresAt, string? DecidedBy, string? Reason, DateTimeOffset? DecidedAt, DateTimeOffset? ApprovedUntil, DateTimeOffset? RevokedAt,
    string? RevokedBy, string? RevocationReason)
{
    public static AccessRequestAnswer Of(AccessRequest request, DateTimeOffset now) => new(
        request.EvaluationId, request.StatusAt(now), request.Scope, request.Policies, request.ApprovalSeconds, request.Pep, request.RequestedAt,
        request.ExpiresAt, request.DecidedBy, request.Reason, request.DecidedAt, request.ApprovedUntil, request.RevokedAt,
        request.RevokedBy, request.RevocationReason);
}

/// <summary>A page of access requests, the newest first.</summary>
/// <param name="AccessRequests">The page.</param>
/// <param name="NextCursor">Send it as <c>cursor</c> for the next page; null on the last.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record AccessRequestsAnswer(IReadOnlyList<AccessRequestAnswer> AccessRequests, string? NextCursor, long Position);

/// <summary>What people do with access requests.</summary>
public static class AccessRequestEndpoints
{
    const string All = "/v1/policy/access-requests";
    const string One = All + "/{id}";
    const int DefaultPage = 50;
    const int LargestPage = 500;

    static readonly Cursor cursor = new("access_requests");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(All, List).WithSummary("Access requests, the newest first")
            .RequirePermission(Scopes.PolicyApprove).Produces<AccessRequestsAnswer>().Produces(304)
            .WithQuery(
                QueryParameter.OneOf("state", "`pending`, unless it is given", "pending", "all"), QueryParameter.Cursor,
                QueryParameter.Limit(LargestPage, DefaultPage), MinPosition.Parameter);
        routes.MapGet(One, Get).WithSummary("One access request")
            .RequirePermission(Scopes.PolicyApprove).Produces<AccessRequestAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
        routes.MapPost(One + "/approval", Approve).WithSummary("Allow what was denied, for a while")
            .WithDescription("For the same subject, action, resource and context alone, for as long as the policy's `@access_request` says.")
            .RequirePermission(Scopes.PolicyApprove)
            .Accepts<AccessApprovalRequest>("application/json").Produces<AccessRequestAnswer>().ProducesProblem(404).ProducesProblem(409);
        routes.MapPost(One + "/denial", Deny).WithSummary("Leave it denied, for good")
            .RequirePermission(Scopes.PolicyApprove)
            .Accepts<AccessReasonRequest>("application/json").Produces<AccessRequestAnswer>().ProducesProblem(404).ProducesProblem(409);
        routes.MapPost(One + "/revocation", Revoke).WithSummary("Take an approval back")
            .RequirePermission(Scopes.PolicyApprove)
            .Accepts<AccessReasonRequest>("application/json").Produces<AccessRequestAnswer>().ProducesProblem(404).ProducesProblem(409);
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        var before = cursor.ReadId(query.Optional("cursor"));
        var now = clock.GetUtcNow();
        var pending = query.OneOf("state", "pending", "all") == "pending"
            ? """and r.state ->> 'outcome' is null and (r.state ->> 'expires_at') > $4 and (r.state ->> 'requested_at') collate "C" > $5"""
            : "";
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId,
            $"""
            select r.state, r.stream_id from stet.access_request r
            where r.tenant_id = $1 {pending}
                and ($2::uuid is null or ((r.state ->> 'requested_at') collate "C", r.stream_id) < (
                    select (l.state ->> 'requested_at') collate "C", l.stream_id from stet.access_request l
                    where l.tenant_id = $1 and l.stream_id = $2))
            order by (r.state ->> 'requested_at') collate "C" desc, r.stream_id desc limit $3
            """,
            pending.Length > 0
                ?
                [
                    Scalar(caller.TenantId), Optional(before), Scalar(limit + 1), Scalar(UtcTimeConverter.Format(now)),
                    Scalar(UtcTimeConverter.Format(now - AccessRequest.Open)),
                ]
                : [Scalar(caller.TenantId), Optional(before), Scalar(limit + 1)],
            ReadAsync, http.RequestAborted);

        var next = Cursor.Next(rows, limit, row => cursor.Of(row.StreamId));

        return JsonAnswer.Read(
            new AccessRequestsAnswer([.. rows.Select(r => AccessRequestAnswer.Of(r.Request, now))], next, position),
            AccessRequestHttpJson.Default.AccessRequestsAnswer, position);
    }

    static async Task<IResult> Get(string id, HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (request, position) = await AccessRequestsModule.FindAsync(store, caller.TenantId, AccessRequestsModule.IdOf(id), http.RequestAborted);
        return request is null
            ? Problems.Answer(AccessRequestProblems.NotFound)
            : JsonAnswer.Read(AccessRequestAnswer.Of(request, clock.GetUtcNow()), AccessRequestHttpJson.Default.AccessRequestAnswer, position);
    }

    static async Task<IResult> Approve(string id, HttpContext http, CommandContext context, AccessRequestSteps steps)
    {
        var body = await RequestBody.ReadAsync(http, AccessRequestHttpJson.Default.AccessApprovalRequest);
        new Validation().OptionalText(body.Note, "/note").ThrowIfAny();
        var command = new ApproveAccess(body.Note);
        return await StepAsync(
            id, context, steps, $"approve\n{id}\n{body.Note}",
            (request, now) => ApproveAccess.Decide(command, request, context.Caller.Subject, now));
    }

    static async Task<IResult> Deny(string id, HttpContext http, CommandContext context, AccessRequestSteps steps)
    {
        var command = new DenyAccess(await ReasonAsync(http));
        return await StepAsync(
            id, context, steps, $"deny\n{id}\n{command.Reason}",
            (request, now) => DenyAccess.Decide(command, request, context.Caller.Subject, now));
    }

    static async Task<IResult> Revoke(string id, HttpContext http, CommandContext context, AccessRequestSteps steps)
    {
        var command = new RevokeApproval(await ReasonAsync(http));
        return await StepAsync(
            id, context, steps, $"revoke\n{id}\n{command.Reason}",
            (request, now) => RevokeApproval.Decide(command, request, context.Caller.Subject, now));
    }

    static async Task<IResult> StepAsync(
        string id, CommandContext context, AccessRequestSteps steps, string payload, Func<AccessRequest?, DateTimeOffset, Decision> decide)
    {
        var (recorded, request, now) = await steps.TakeAsync(AccessRequestsModule.IdOf(id), context, payload, decide);
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(200, AccessRequestAnswer.Of(request!, now), AccessRequestHttpJson.Default.AccessRequestAnswer, recorded.Position);
    }

    static async Task<string> ReasonAsync(HttpContext http)
    {
        var body = await RequestBody.ReadAsync(http, AccessRequestHttpJson.Default.AccessReasonRequest);
        new Validation().Text(body.Reason, "/reason", 500).ThrowIfAny();
        return body.Reason!;
    }

    static async Task<(List<(AccessRequest Request, Guid StreamId)> Rows, long Position)> ReadAsync(
        NpgsqlDataReader row, long position, CancellationToken cancel)
    {
        var rows = new List<(AccessRequest, Guid)>();
        while (await row.ReadAsync(cancel)) rows.Add((AccessRequestsModule.Read(row, 0), row.GetGuid(1)));
        return (rows, position);
    }
}
