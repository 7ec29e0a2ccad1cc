using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

public static class EscalationsEndpoint
{
    static readonly Cursor cursor = new("pcs_escalations");

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/pcs/escalations", List).WithSummary("Documents that somebody has to look at")
            .WithDescription("Oldest first.")
            .RequirePermission(Scopes.PcsRead).Produces<SubmissionsAnswer>().Produces(304)
            .WithQuery([QueryParameter.OneOf("state", "`open`, unless it is given", "open", "resolved", "all"), .. SubmissionsEndpoints.Paging]);

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, SubmissionsEndpoints.LargestPage) ?? SubmissionsEndpoints.DefaultPage);
        var after = cursor.Read(query.Optional("cursor"));
        var state = query.OneOf("state", "open", "resolved", "all") switch
        {
            "open" => "and resolved_position is null",
            "resolved" => "and resolved_position is not null",
            _ => "",
        };
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (rows, position) = await store.QueryAsync(
            caller.TenantId,
            RecordedSubmission.Query(
                $"""
                select position, pcs_id from stet.pcs_escalation
                where tenant_id = $1 and position > $2 {state} order by position limit $3
                """, "s.position"),
            [Scalar(caller.TenantId), Scalar(after ?? 0), Scalar(limit + 1)],
            async (row, position, cancel) => (await RecordedSubmission.ReadAsync(row, contexts.Catalog, cancel), position),
            http.RequestAborted);
        return JsonAnswer.Read(
            SubmissionsAnswer.Of(rows, limit, position, cursor), PcsHttpJson.Default.SubmissionsAnswer, position);
    }
}
