using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Enforcement;

/// <summary>Status and escalation as they are served: requests that come together share one query and one answer.</summary>
public sealed class StatusReader
{
    readonly Store store;
    readonly EnforcementOptions defaults;
    readonly TimeProvider clock;
    readonly Coalescer<(string TenantId, string? SystemId), Rendered> statuses;
    readonly Coalescer<(string TenantId, string? SystemId), Rendered> escalations;

    public StatusReader(Store store, EnforcementOptions defaults, TimeProvider clock)
    {
        (this.store, this.defaults, this.clock) = (store, defaults, clock);
        statuses = new(async key => Render(await EvaluateAsync(key.TenantId, key.SystemId)));
        escalations = new(async key => Render(EscalationAnswer.Of(key.TenantId, await EvaluateAsync(key.TenantId, key.SystemId))));
    }

    /// <summary>The status of one system or all, as JSON.</summary>
    public Task<Rendered> StatusAsync(string tenantId, string? systemId, CancellationToken cancel) =>
        statuses.RunAsync((tenantId, systemId), cancel);

    /// <summary>The escalation of one system or all, as JSON.</summary>
    public Task<Rendered> EscalationAsync(string tenantId, string? systemId, CancellationToken cancel) =>
        escalations.RunAsync((tenantId, systemId), cancel);

    async Task<StatusAnswer> EvaluateAsync(string tenantId, string? systemId)
    {
        var streamId = await EnforcementModule.StreamIdAsync(store, tenantId, systemId);
        var snapshot = await EnforcementSnapshot.ReadAsync(store, tenantId, streamId, CancellationToken.None);
        return StatusAnswer.Of(snapshot, systemId, defaults, clock.GetMicroseconds());
    }

    static Rendered Render(StatusAnswer answer) =>
        JsonAnswer.Render(answer, EnforcementHttpJson.Default.StatusAnswer, answer.Position);

    static Rendered Render(EscalationAnswer answer) =>
        JsonAnswer.Render(answer, EnforcementHttpJson.Default.EscalationAnswer, answer.Position);
}

public static class StatusEndpoints
{
    internal static QueryParameter SystemId { get; } =
        ("system_id", $"Only this system; needed where there are more than {EnforcementSnapshot.MostSystems} of them, or 4 MiB of errors", false);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/enforcement/status", GetStatus).WithSummary("Which systems report, and what they enforce")
            .RequirePermission(Scopes.EnforcementRead).Produces<StatusAnswer>()
            .WithQuery(SystemId, MinPosition.Parameter);
        routes.MapGet("/v1/enforcement/escalation", GetEscalation).WithSummary("How urgently somebody should look")
            .RequirePermission(Scopes.EnforcementRead).Produces<EscalationAnswer>()
            .WithQuery(SystemId, MinPosition.Parameter);
    }

    static Task<IResult> GetStatus(HttpContext http, Caller caller, StatusReader statuses) =>
        Get(http, caller, statuses.StatusAsync);

    static Task<IResult> GetEscalation(HttpContext http, Caller caller, StatusReader statuses) =>
        Get(http, caller, statuses.EscalationAsync);

    static async Task<IResult> Get(
        HttpContext http, Caller caller, Func<string, string?, CancellationToken, Task<Rendered>> find)
    {
        var systemId = SystemIdOf(http);
        await MinPosition.WaitAsync(http, caller.TenantId);
        return JsonAnswer.Read(await find(caller.TenantId, systemId, http.RequestAborted));
    }

    /// <summary>The system that a request is about; null: all.</summary>
    /// <exception cref="BadRequestException">No system has such a name.</exception>
    internal static string? SystemIdOf(HttpContext http)
    {
        var systemId = new RequestQuery(http.Request.Query).Optional("system_id");
        if (systemId is not null) SystemIds.Check(systemId, "system_id");
        return systemId;
    }
}
