using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Audit;

/// <summary>The signing keys of the caller's log.</summary>
static class KeysEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/audit/keys", Get).WithSummary("The signing keys of the audit log")
            .WithDescription("For people to look at. A verifier pins keys that it got another way.")
            .RequirePermission(Scopes.AuditRead).Produces<LogKeysAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);

    static async Task<IResult> Get(HttpContext http, Caller caller, TenantLogs logs, AuditKeys keys, Store store)
    {
        if (await logs.FindAsync(caller.TenantId, http.RequestAborted) is null) return Problems.Answer(RequestProblems.UnknownTenant);

        await MinPosition.WaitAsync(http, caller.TenantId);
        // Before the keys, which may change in between: the answer reflects no less.
        var position = await store.PositionAsync(caller.TenantId, http.RequestAborted);
        var answer = await keys.ReadAsync(caller.TenantId, http.RequestAborted);
        return JsonAnswer.Read(answer, AuditHttpJson.Default.LogKeysAnswer, position);
    }
}
