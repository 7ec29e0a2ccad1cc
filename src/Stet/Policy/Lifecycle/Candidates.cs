using System.ComponentModel.DataAnnotations;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>A candidate in a list.</summary>
/// <param name="Candidate">Its digest.</param>
/// <param name="State">How far it is.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations.</param>
/// <param name="SchemaDigest">Of the schema.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="DraftedPosition">Where in the log.</param>
/// <param name="ChangedPosition">Where its newest event is.</param>
public sealed record CandidateItem(
    string Candidate,
    [property: AllowedValues(
        CandidateState.Drafted, CandidateState.Validated, CandidateState.Diffed, CandidateState.Invalid, CandidateState.Rejected,
        CandidateState.Activated, CandidateState.Retired)]
    string State, string PolicySetDigest, string SchemaDigest, string Author, long DraftedPosition,
    long ChangedPosition);

/// <summary>A page of candidates, those drafted last first.</summary>
/// <param name="Candidates">The page.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CandidatesAnswer(IReadOnlyList<CandidateItem> Candidates, string? NextCursor, long Position);

/// <summary>A candidate with all that happened to it, findings, diffs and approvals included.</summary>
/// <param name="Candidate">Its digest.</param>
/// <param name="State">How far it is.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations.</param>
/// <param name="SchemaDigest">Of the schema.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="Steps">Its events, in log order.</param>
/// <param name="Position">The log position that the answer reflects.</param>
sealed record CandidateAnswer(
    string Candidate,
    [property: AllowedValues(
        CandidateState.Drafted, CandidateState.Validated, CandidateState.Diffed, CandidateState.Invalid, CandidateState.Rejected,
        CandidateState.Activated, CandidateState.Retired)]
    string State, string PolicySetDigest, string SchemaDigest, string Author, IReadOnlyList<PolicyStep> Steps,
    long Position);

/// <summary>What decides.</summary>
/// <param name="Candidate">The candidate; null: nothing decides, so nothing is allowed.</param>
/// <param name="PolicySetDigest">Its policies.</param>
/// <param name="SchemaDigest">Its schema.</param>
/// <param name="Since">From when on it decides.</param>
/// <param name="Next">What is still to come, unless something is activated or rolled back before.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record InForceAnswer(
    string? Candidate, string? PolicySetDigest, string? SchemaDigest, DateTimeOffset? Since, IReadOnlyList<PolicyActivation> Next,
    long Position);

public static class CandidatesEndpoints
{
    const int DefaultPage = 50;
    const int LargestPage = 500;
    const string Columns = "c.candidate, c.state, c.policy_set_digest, c.schema_digest, c.author, c.drafted_position, c.changed_position";

    static readonly Cursor cursor = new("candidates");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/policy/candidates", List).WithSummary("Policy candidates, those drafted last first")
            .RequirePermission(Scopes.PolicyRead).Produces<CandidatesAnswer>().Produces(304)
            .WithQuery(
                QueryParameter.Limit(LargestPage, DefaultPage), QueryParameter.Cursor,
                MinPosition.Parameter);
        routes.MapGet("/v1/policy/candidates/{candidate}", Get).WithSummary("A candidate and all that happened to it")
            .WithDescription("Findings are in the step `policy_found_invalid`, warnings in `policy_validated`.")
            .RequirePermission(Scopes.PolicyRead).Produces<CandidateAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
        routes.MapGet("/v1/policy/candidates/{candidate}/text", Text).WithSummary("The text of a candidate")
            .WithDescription("As it was sent; obligations and tests in canonical form, each as a text.")
            .RequirePermission(Scopes.PolicyRead).Produces<CandidateText>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
        routes.MapGet("/v1/policy/in-force", InForce).WithSummary("What decides, and what will")
            .RequirePermission(Scopes.PolicyRead).Produces<InForceAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        var before = cursor.Read(query.Optional("cursor")) ?? long.MaxValue;
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId,
            $"""
            select {Columns} from stet.policy_candidate c
            where c.tenant_id = $1 and c.drafted_position < $2 order by c.drafted_position desc limit $3
            """,
            [Scalar(caller.TenantId), Scalar(before), Scalar(limit + 1)],
            static async (row, position, cancel) =>
            {
                var rows = new List<CandidateItem>();
                while (await row.ReadAsync(cancel)) rows.Add(Item(row));
                return (rows, position);
            },
            http.RequestAborted);

        var next = Cursor.Next(rows, limit, row => cursor.Of(row.DraftedPosition));

        return JsonAnswer.Read(new CandidatesAnswer(rows, next, position), PolicyHttpJson.Default.CandidatesAnswer, position);
    }

    static async Task<IResult> Get(string candidate, HttpContext http, Caller caller, Store store)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var answer = await store.QueryAsync(
            caller.TenantId,
            $"""
            select {Columns}, e.type, e.seq_id, e.data - 'text'
            from stet.policy_candidate c
            join stet.policy_step s on s.tenant_id = $1 and s.candidate = c.candidate
            cross join lateral (
                select type, seq_id, data from stet.mt_events where tenant_id = $1 and seq_id = s.position limit 1) e
            where c.tenant_id = $1 and c.candidate = $2
            order by e.seq_id
            """,
            [Scalar(caller.TenantId), Scalar(candidate)],
            static async (row, position, cancel) =>
            {
                CandidateItem? item = null;
                var steps = new List<PolicyStep>();
                while (await row.ReadAsync(cancel))
                {
                    item ??= Item(row);
                    steps.Add(new PolicyStep(row.GetString(7), row.GetInt64(8), new UnreadJson(row.GetFieldValue<byte[]>(9))));
                }

                return item is null
                    ? null
                    : new CandidateAnswer(
                        item.Candidate, item.State, item.PolicySetDigest, item.SchemaDigest, item.Author, steps, position);
            },
            http.RequestAborted);
        return answer is null
            ? Problems.Answer(PolicyProblems.NotFound(candidate))
            : JsonAnswer.Read(answer, PolicyHttpJson.Default.CandidateAnswer, answer.Position);
    }

    static async Task<IResult> Text(string candidate, HttpContext http, Caller caller, Store store, CandidateTexts texts)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var position = await store.PositionAsync(caller.TenantId, http.RequestAborted);
        return await texts.FindAsync(caller.TenantId, candidate, http.RequestAborted) is { } drafted
            ? JsonAnswer.Read(drafted.Text, PolicyHttpJson.Default.CandidateText, position)
            : Problems.Answer(PolicyProblems.NotFound(candidate));
    }

    static async Task<IResult> InForce(HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (life, now, position) = await PolicyModule.LifeAsync(store, clock, caller.TenantId, http.RequestAborted);
        var current = life.InForce(now);
        var answer = new InForceAnswer(
            current?.Candidate, current?.PolicySetDigest, current?.SchemaDigest, current?.NotBefore,
            [.. life.After(now)], position);
        return JsonAnswer.Read(answer, PolicyHttpJson.Default.InForceAnswer, position);
    }

    static CandidateItem Item(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt64(5), row.GetInt64(6));
}
