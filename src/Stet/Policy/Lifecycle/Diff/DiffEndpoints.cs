using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>The body of <c>POST /v1/policy/candidates/{candidate}/diff</c>.</summary>
/// <param name="From">First position of the log to look at; null: 30 days ago, at most 1,000,000 decisions back.</param>
/// <param name="To">Last position; null: the log's end.</param>
public sealed record DiffRequest(long? From = null, long? To = null);

/// <summary>A diff that is on record: what approvers look at, and send back.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="DiffDigest">SHA-256 of the report.</param>
/// <param name="From">First position that was looked at.</param>
/// <param name="Position">Last position that was looked at.</param>
/// <param name="Baseline">What was in force; null: nothing was.</param>
/// <param name="Counts">Decisions by what would change.</param>
/// <param name="Affected">By who asked, by what was asked for, and by agent.</param>
public sealed record DiffAnswer(
    string Candidate, string DiffDigest, long From, long Position, PolicyBaseline? Baseline, DiffCounts Counts, DiffAffected Affected)
{
    public static DiffAnswer Of(PolicyDiffed e, DiffAffected affected) =>
        new(e.Candidate, e.DiffDigest, e.From, e.To, e.Baseline, e.Counts, affected);

    public static DiffAnswer Of(DiffPolicy c, DiffAffected affected) =>
        new(c.Candidate, c.DiffDigest, c.From, c.To, c.Baseline, c.Counts, affected);
}

public static class DiffEndpoints
{
    const string Diff = "/v1/policy/candidates/{candidate}/diff";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Diff, Post).WithSummary("Compare a candidate with what is in force, over recorded decisions")
            .WithDescription(
                "Evaluates each decision under both, records the counts and the report's digest, and answers when it is done; "
                + "`GET` of the same address tells how far it is. Another diff than the newest takes its approvals away.")
            .RequirePermission(Scopes.PolicyAuthor)
            .Accepts<DiffRequest>("application/json").Produces<DiffAnswer>(201).Produces<DiffAnswer>().ProducesProblem(404).ProducesProblem(409);
        routes.MapGet(Diff, Progress).WithSummary("How far the diff of a candidate is")
            .WithDescription("As the answering instance knows it: 404 while it makes none.")
            .RequirePermission(Scopes.PolicyRead).Produces<DiffProgress>().ProducesProblem(404);
        routes.MapGet(Diff + "/{digest}", Report).WithSummary("The report of a diff")
            .WithDescription(
                "Lines of canonical JSON (RFC 8785), each ended by LF; the SHA-256 of the whole is the digest. First what was "
                + "compared and the counts, then each decision that would change, in log order.")
            .RequirePermission(Scopes.PolicyRead).Produces<string>(200, "application/x-ndjson").Produces(304)
            .ProducesProblem(404).ProducesProblem(409);
    }

    static async Task<IResult> Post(
        string candidate, HttpContext http, CommandContext context, PolicySteps steps, PolicyDiffs diffs, DiffReports reports)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.DiffRequest);
        new Validation()
            .Require(request.From is null or >= 1, "/from", "must be a position, from 1")
            .Require(request.To is null or >= 0, "/to", "must be a position")
            .Require(request.From is null || request.To is null || request.From <= request.To + 1, "/to", "must not be before from")
            .ThrowIfAny();
        if (!Digests.IsDigest(candidate)) throw RequestQuery.Bad("candidate", Digests.Rule);

        var payload = $"diff\n{candidate}\n{request.From}\n{request.To}";
        if (context.IdempotencyKey is not null)
        {
            // What came of the key the first time is the answer, whether the diff could be made now or not.
            var asked = await steps.DecideAsync(context, payload, static (_, _) => Decision.Nothing);
            if (asked.Problem is { } conflict) return Problems.Answer(conflict);
            if (asked.Repeated) return await FirstAsync(context, asked, diffs);
        }

        var (command, report, affected, problem) = await diffs.RunAsync(
            context.Caller.TenantId, candidate, request.From, request.To, context.Cancel);
        if (problem is not null) return Problems.Answer(problem);

        var recorded = await steps.DecideAsync(
            context, payload, (life, now) => DiffPolicy.Decide(command!, life, context.Caller.Subject, now));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);
        if (recorded.Repeated) return await FirstAsync(context, recorded, diffs);

        await reports.KeepAsync(context.Caller.TenantId, report!, context.Cancel);
        return JsonAnswer.Write(
            recorded.Events.Count > 0 ? 201 : 200, DiffAnswer.Of(command!, affected!), PolicyHttpJson.Default.DiffAnswer, recorded.Position);
    }

    static async Task<IResult> FirstAsync(CommandContext context, Recorded recorded, PolicyDiffs diffs)
    {
        var first = (PolicyDiffed)recorded.Events[0].Data;
        var (report, affected) = await diffs.AgainAsync(context.Caller.TenantId, first, context.Cancel);
        return report is null
            ? Problems.Answer(PolicyProblems.WillNotLoad(first.Candidate))
            : JsonAnswer.Write(200, DiffAnswer.Of(first, affected), PolicyHttpJson.Default.DiffAnswer, recorded.Position);
    }

    static async Task<IResult> Progress(string candidate, HttpContext http, Caller caller, Store store, PolicyDiffs diffs)
    {
        var (isKnown, position) = await store.QueryAsync(
            caller.TenantId, "select from stet.policy_candidate where tenant_id = $1 and candidate = $2",
            [Scalar(caller.TenantId), Scalar(candidate)],
            static async (row, position, cancel) => (await row.ReadAsync(cancel), position), http.RequestAborted);
        if (!isKnown) return Problems.Answer(PolicyProblems.NotFound(candidate));

        return diffs.ProgressOf(caller.TenantId, candidate) is { } progress
            ? JsonAnswer.Read(progress, PolicyHttpJson.Default.DiffProgress, position)
            : Problems.Answer(PolicyProblems.DiffNotRunning(candidate));
    }

    static async Task<IResult> Report(
        string candidate, string digest, HttpContext http, Caller caller, Store store, PolicyDiffs diffs)
    {
        var position = await store.PositionAsync(caller.TenantId, http.RequestAborted);
        return await diffs.ReportAsync(caller.TenantId, candidate, digest, http.RequestAborted) is { } report
            ? new ReportAnswer(report, position)
            : Problems.Answer(PolicyProblems.DiffNotFound(digest));
    }

    /// <summary>A report may be hundreds of megabytes: it goes out piece by piece.</summary>
    sealed class ReportAnswer(DiffReport report, long position) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            var tag = $"\"{report.Digest}\"";
            response.Headers.ETag = tag;
            response.Headers.CacheControl = "private, no-cache";
            response.Headers["Stet-Position"] = position.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (JsonAnswer.Matches(httpContext.Request.Headers.IfNoneMatch, tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }

            response.ContentType = "application/x-ndjson";
            if (HttpMethods.IsHead(httpContext.Request.Method)) return;

            foreach (var piece in report.Pieces)
                await response.BodyWriter.WriteAsync(DiffReports.TextOf(piece), httpContext.RequestAborted);
        }
    }
}
