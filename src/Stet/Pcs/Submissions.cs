using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

public static class SubmissionsEndpoints
{
    internal const int DefaultPage = 50;
    internal const int LargestPage = 200;

    const string Accepted = "not is_escalated";
    const string Escalated = "is_escalated";

    static readonly Cursor cursor = new("pcs");

    internal static QueryParameter[] Paging { get; } =
    [
        QueryParameter.Limit(LargestPage, DefaultPage),
        QueryParameter.Cursor,
        MinPosition.Parameter,
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/pcs/{pcs_id}", Get).WithSummary("A recorded PCS document and its verdict")
            .RequirePermission(Scopes.PcsRead).Produces<SubmissionsOfId>().Produces(304).ProducesProblem(404).WithQuery(MinPosition.Parameter);
        routes.MapGet("/v1/pcs", List).WithSummary("Recorded PCS documents")
            .WithDescription("Newest first; of a shard or of epochs, highest epoch first. Epochs of all shards cost a look into each shard.")
            .RequirePermission(Scopes.PcsRead).Produces<SubmissionsAnswer>().Produces(304)
            .WithQuery(
            [
                ("shard_id", "Of this shard alone", false), QueryParameter.Number("epoch", "Of this epoch alone; not with `epoch_from` or `epoch_to`", 0),
                QueryParameter.Number("epoch_from", "Of this epoch and later ones", 0),
                QueryParameter.Number("epoch_to", "Of this epoch and earlier ones", 0),
                QueryParameter.OneOf("outcome", "With this verdict alone", "ACCEPTED", "ESCALATED"), .. Paging,
            ]);
    }

    static async Task<IResult> Get(string pcs_id, HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        if (!PcsNames.IsHash(pcs_id)) return Problems.Answer(PcsProblems.NotFound(pcs_id));
        await MinPosition.WaitAsync(http, caller.TenantId);
        var answer = await store.QueryAsync(
            caller.TenantId,
            RecordedSubmission.Query(
                """
                select n.position, n.pcs_id, d.redeliveries, d.last_at
                from (select position, pcs_id from stet.pcs_submission
                      where tenant_id = $1 and pcs_id = $2 order by position desc limit 100) n
                left join lateral (
                    select redeliveries, last_at from stet.pcs_redelivery
                    where tenant_id = $1 and position = n.position limit 1) d on true
                """,
                "s.position",
                """
                , s.redeliveries, s.last_at,
                    (select count(*)::int from stet.pcs_equivocation where tenant_id = $1 and pcs_id = $2)
                """),
            [Scalar(caller.TenantId), Scalar(pcs_id)],
            async (row, position, cancel) =>
            {
                var (rows, equivocations, redeliveries, lastRedeliveredAt) = (new List<RecordedSubmission>(), 0, 0L, (DateTimeOffset?)null);
                while (await row.ReadAsync(cancel))
                {
                    rows.Add(RecordedSubmission.Read(row, contexts.Catalog));
                    equivocations = row.GetInt32(7);
                    if (row.IsDBNull(5)) continue;

                    redeliveries += row.GetInt64(5);
                    var at = row.GetFieldValue<DateTimeOffset>(6);
                    if (!(at <= lastRedeliveredAt)) lastRedeliveredAt = at;
                }

                return new SubmissionsOfId(rows, equivocations, redeliveries, lastRedeliveredAt, position);
            },
            http.RequestAborted);
        return answer.Submissions.Count == 0
            ? Problems.Answer(PcsProblems.NotFound(pcs_id))
            : JsonAnswer.Read(answer, PcsHttpJson.Default.SubmissionsOfId, answer.Position);
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        var after = cursor.Read(query.Optional("cursor"));
        var outcome = query.OneOf("outcome", "any", SubmissionAnswer.AcceptedOutcome, SubmissionAnswer.EscalatedOutcome) switch
        {
            SubmissionAnswer.AcceptedOutcome => Accepted,
            SubmissionAnswer.EscalatedOutcome => Escalated,
            _ => null,
        };
        var shardId = ShardOf(http);
        var epoch = query.Number("epoch", 0, long.MaxValue);
        var from = query.Number("epoch_from", 0, long.MaxValue);
        var to = query.Number("epoch_to", 0, long.MaxValue);
        if (epoch is not null && (from ?? to) is not null) throw RequestQuery.Bad("epoch", "goes without epoch_from and epoch_to");
        (from, to) = (epoch ?? from, epoch ?? to);

        await MinPosition.WaitAsync(http, caller.TenantId);
        var (sql, parameters) = (shardId, from ?? to) is (null, null)
            ? Newest(caller, outcome, after, limit)
            : HighestEpoch(caller, shardId, from, to, outcome, after, limit);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId, sql, parameters,
            async (row, position, cancel) => (await RecordedSubmission.ReadAsync(row, contexts.Catalog, cancel), position),
            http.RequestAborted);
        // Where a page ended with a cursor, there was another row.
        if (after is not null && rows.Count == 0) throw Cursor.NotACursor();

        return JsonAnswer.Read(
            SubmissionsAnswer.Of(rows, limit, position, cursor), PcsHttpJson.Default.SubmissionsAnswer, position);
    }

    static (string Sql, NpgsqlParameter[] Parameters) Newest(Caller caller, string? outcome, long? after, int limit) =>
        (RecordedSubmission.Query(
            $"""
            select position, pcs_id from stet.pcs_submission
            where tenant_id = $1 and position < $2 {(outcome is null ? "" : $"and {outcome}")} order by position desc limit $3
            """, "s.position desc"),
        [Scalar(caller.TenantId), Scalar(after ?? long.MaxValue), Scalar(limit + 1)]);

    static (string Sql, NpgsqlParameter[] Parameters) HighestEpoch(
        Caller caller, string? shardId, long? from, long? to, string? outcome, long? after, int limit)
    {
        List<NpgsqlParameter> parameters =
            [Scalar(caller.TenantId), Scalar(from ?? 0), Scalar(to ?? long.MaxValue), Scalar(limit + 1)];
        var shard = shardId is null ? null : Added(Scalar(shardId));

        // One bound from above, so that each index is entered where the page begins.
        var below = after is null
            ? "epoch <= $3"
            : $"""
              (epoch, position) < (
                  select c.epoch, c.position from stet.pcs_submission c
                  where c.tenant_id = $1 and c.position = {Added(Scalar(after.Value))} and c.epoch <= $3
                      {(shard is null ? "" : $"and c.shard_id = {shard}")})
              """;
        var all = outcome is null ? $"{Of(Accepted)} union all {Of(Escalated)}" : Of(outcome);
        return (
            RecordedSubmission.Query(
                $"select * from ({all}) b order by epoch desc, position desc limit $4", "s.epoch desc, s.position desc"),
            [.. parameters]);

        string Added(NpgsqlParameter parameter)
        {
            parameters.Add(parameter);
            return $"${parameters.Count}";
        }

        string Of(string outcome) => $"""
            select h.* from ({(shard is null ? ShardsOf(outcome) : $"select {shard}::varchar")}) s(id)
            cross join lateral (
                select position, pcs_id, epoch from stet.pcs_submission
                where tenant_id = $1 and shard_id = s.id and epoch >= $2 and {below} and {outcome}
                order by epoch desc, position desc limit $4) h
            """;
    }

    /// <summary>The tenant's shards with a document of an outcome, one look into the index for each.</summary>
    static string ShardsOf(string outcome) => $"""
        with recursive shard(id) as (
            (select shard_id from stet.pcs_submission where tenant_id = $1 and {outcome} order by shard_id limit 1)
            union all
            select (
                select n.shard_id from stet.pcs_submission n
                where n.tenant_id = $1 and n.shard_id > s.id and {outcome}
                order by n.shard_id limit 1)
            from shard s where s.id is not null)
        select id from shard where id is not null
        """;

    /// <summary>A shard's name, which may be longer than other parameters; null when none is given.</summary>
    internal static string? ShardOf(HttpContext http)
    {
        if (!http.Request.Query.TryGetValue("shard_id", out var values)) return null;
        return values is [{ Length: >= 1 and <= 1_024 } name] && !name.AsSpan().ContainsAnyInRange('\0', '\u001f')
            ? name
            : throw RequestQuery.Bad("shard_id", "must be given once, 1 to 1024 characters, none of them a control character");
    }
}
