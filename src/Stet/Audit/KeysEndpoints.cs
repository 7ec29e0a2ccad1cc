using Stet.Authentication;
using Stet.Http;

namespace Stet.Audit;

/// <summary>The signing keys of the caller's log.</summary>
static class KeysEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/audit/keys", Get).WithSummary("The signing keys of the audit log")
            .WithDescription("For people to look at. A verifier pins keys that it got another way.")
            .RequirePermission(Scopes.AuditRead).Produces<LogKeysAnswer>().Produces(304).ProducesProblem(404);

    static async Task<IResult> Get(HttpContext http, Caller caller, TenantLogs logs, AuditKeys keys)
    {
        if (await logs.FindAsync(caller.TenantId, http.RequestAborted) is null) return Problems.Answer(RequestProblems.UnknownTenant);

        var answer = await keys.ReadAsync(caller.TenantId, http.RequestAborted);
        return JsonAnswer.Read(answer, AuditHttpJson.Default.LogKeysAnswer, answer.Keys.Max(k => k.FromPosition));
    }
}
