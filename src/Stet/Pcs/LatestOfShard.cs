using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>How far a shard has come.</summary>
/// <param name="Submitted">The highest epoch recorded.</param>
/// <param name="Accepted">The highest epoch accepted; null: none is.</param>
/// <param name="Position">The log position that the answer reflects.</param>
sealed record LatestAnswer(RecordedSubmission Submitted, RecordedSubmission? Accepted, long Position);

public static class LatestOfShardEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/pcs/latest", Get).WithSummary("The highest epoch of a shard")
            .RequirePermission(Scopes.PcsRead).Produces<LatestAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(("shard_id", "The shard", true), MinPosition.Parameter);

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        var shardId = SubmissionsEndpoints.ShardOf(http) ?? throw RequestQuery.Bad("shard_id", "is required");
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId,
            RecordedSubmission.Query("""
                with accepted as (
                    select position, pcs_id, epoch from stet.pcs_submission
                    where tenant_id = $1 and shard_id = $2 and not is_escalated order by epoch desc, position desc limit 1),
                escalated as (
                    select position, pcs_id, epoch from stet.pcs_submission
                    where tenant_id = $1 and shard_id = $2 and is_escalated order by epoch desc, position desc limit 1)
                (select 1 as rank, position, pcs_id from (select * from accepted union all select * from escalated) b
                 order by epoch desc, position desc limit 1)
                union all
                select 2, position, pcs_id from accepted
                """, "s.rank"),
            [Scalar(caller.TenantId), Scalar(shardId)],
            async (row, position, cancel) => (await RecordedSubmission.ReadAsync(row, contexts.Catalog, cancel), position),
            http.RequestAborted);
        return rows.Count == 0
            ? Problems.Answer(PcsProblems.ShardNotFound)
            : JsonAnswer.Read(
                new LatestAnswer(rows[0], rows.ElementAtOrDefault(1), position), PcsHttpJson.Default.LatestAnswer, position);
    }
}
