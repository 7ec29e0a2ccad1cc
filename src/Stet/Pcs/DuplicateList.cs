using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>A recorded document that came again.</summary>
/// <param name="PcsId">Its id.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="Epoch">Which of the shard's.</param>
/// <param name="Redeliveries">How often it came again, and got its first answer.</param>
/// <param name="LastRedeliveredAt">When it did last, by the server's clock.</param>
/// <param name="Position">Where it was recorded.</param>
public sealed record DuplicateAnswer(
    string PcsId, string ShardId, long Epoch, long Redeliveries, DateTimeOffset LastRedeliveredAt, long Position);

/// <summary>A page of documents that came again, the newest recorded first.</summary>
/// <param name="Duplicates">The page.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects; what came in the last second may be missing.</param>
public sealed record DuplicatesAnswer(IReadOnlyList<DuplicateAnswer> Duplicates, string? NextCursor, long Position);

public static class DuplicatesEndpoint
{
    static readonly Cursor cursor = new("pcs_duplicates");

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/pcs/duplicates", List).WithSummary("Recorded PCS documents that came again")
            .WithDescription("The newest recorded first. Counted once a second.")
            .RequirePermission(Scopes.PcsRead).Produces<DuplicatesAnswer>().Produces(304).WithQuery(SubmissionsEndpoints.Paging);

    static async Task<IResult> List(HttpContext http, Caller caller, Store store)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, SubmissionsEndpoints.LargestPage) ?? SubmissionsEndpoints.DefaultPage);
        var before = cursor.Read(query.Optional("cursor"));
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId,
            """
            select s.pcs_id, s.shard_id, s.epoch, r.redeliveries, r.last_at, r.position
            from (select position, redeliveries, last_at from stet.pcs_redelivery
                  where tenant_id = $1 and position < $2 order by position desc limit $3) r
            cross join lateral (
                select pcs_id, shard_id, epoch from stet.pcs_submission where tenant_id = $1 and position = r.position limit 1) s
            order by r.position desc
            """,
            [Scalar(caller.TenantId), Scalar(before ?? long.MaxValue), Scalar(limit + 1)],
            static async (row, position, cancel) =>
            {
                var rows = new List<DuplicateAnswer>();
                while (await row.ReadAsync(cancel))
                {
                    rows.Add(new DuplicateAnswer(
                        row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3),
                        row.GetFieldValue<DateTimeOffset>(4), row.GetInt64(5)));
                }

                return (rows, position);
            },
            http.RequestAborted);

        var next = Cursor.Next(rows, limit, row => cursor.Of(row.Position));

        return JsonAnswer.Read(new DuplicatesAnswer(rows, next, position), PcsHttpJson.Default.DuplicatesAnswer, position);
    }
}
