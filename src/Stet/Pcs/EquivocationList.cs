using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>A recorded contradiction: an id came with other content.</summary>
/// <param name="PcsId">The id.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="ContentDigest">Of the new document.</param>
/// <param name="FirstContentDigest">Of the document that came first.</param>
/// <param name="FirstPosition">Where that is in the log.</param>
/// <param name="Members">Names of the members that differ.</param>
/// <param name="SignedPartDiffers">False: a third party may have altered one copy; do not blame the shard.</param>
/// <param name="Dialect">How the new document was signed.</param>
/// <param name="Kid">The key that verified it; null for dialect <c>none</c>.</param>
/// <param name="ReceivedAt">By the server's clock.</param>
/// <param name="Position">The event's position in the log.</param>
public sealed record EquivocationAnswer(
    string PcsId, string ShardId, string ContentDigest, string FirstContentDigest, long FirstPosition, StringSet Members,
    bool SignedPartDiffers, string Dialect, string? Kid, DateTimeOffset ReceivedAt, long Position)
{
    public static EquivocationAnswer Of(PcsEquivocated e, long position) => new(
        e.PcsId, e.ShardId, e.ContentDigest, e.FirstContentDigest, e.FirstPosition, e.Members, e.SignedPartDiffers,
        e.Dialect, e.Kid, e.ReceivedAt, position);
}

/// <summary>A page of recorded contradictions, oldest first.</summary>
/// <param name="Equivocations">The page.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record EquivocationsAnswer(IReadOnlyList<EquivocationAnswer> Equivocations, string? NextCursor, long Position);

public static class EquivocationsEndpoint
{
    static readonly Cursor cursor = new("pcs_equivocations");

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/pcs/equivocations", List).WithSummary("Ids that came with other content")
            .WithDescription("Oldest first; at most ten of one id.")
            .RequirePermission(Scopes.PcsRead).Produces<EquivocationsAnswer>().Produces(304).WithQuery(SubmissionsEndpoints.Paging);

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, SubmissionsEndpoints.LargestPage) ?? SubmissionsEndpoints.DefaultPage);
        var after = cursor.Read(query.Optional("cursor"));
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId,
            """
            select s.position, e.data
            from (select position from stet.pcs_equivocation
                  where tenant_id = $1 and position > $2 order by position limit $3) s
            cross join lateral (
                select data from stet.mt_events where tenant_id = $1 and seq_id = s.position limit 1) e
            order by s.position
            """,
            [Scalar(caller.TenantId), Scalar(after ?? 0), Scalar(limit + 1)],
            async (row, position, cancel) => (await ReadAsync(row, contexts.Catalog, cancel), position), http.RequestAborted);

        var next = Cursor.Next(rows, limit, row => cursor.Of(row.Position));

        return JsonAnswer.Read(
            new EquivocationsAnswer(rows, next, position), PcsHttpJson.Default.EquivocationsAnswer, position);
    }

    static async Task<List<EquivocationAnswer>> ReadAsync(NpgsqlDataReader row, EventCatalog events, CancellationToken cancel)
    {
        var read = new List<EquivocationAnswer>();
        while (await row.ReadAsync(cancel))
            read.Add(EquivocationAnswer.Of((PcsEquivocated)events.Read("pcs_equivocated", row.GetFieldValue<byte[]>(1)), row.GetInt64(0)));
        return read;
    }
}
