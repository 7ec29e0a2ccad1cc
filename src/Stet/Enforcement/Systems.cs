using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Enforcement;

/// <summary>A system, and what is expected of it.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="IntervalSeconds">It reports this often; null: the tenant's default.</param>
/// <param name="GraceMultiplier">It is late after this many intervals; null: the tenant's default.</param>
/// <param name="Scope">The fields it enforces; empty: all.</param>
/// <param name="Allowance">How far it may lag behind before it escalates; null: not at all.</param>
/// <param name="Owner">Whom to ask about it.</param>
/// <param name="MutedUntil">It does not escalate until then.</param>
/// <param name="MutedReason">Why it is muted.</param>
/// <param name="RegisteredAt">Since when it is expected to report; null: it was only heard of.</param>
/// <param name="RetiredAt">Since when it is not expected any more; null while it is.</param>
/// <param name="ReportedAt">When it reported last; null when it never did.</param>
public sealed record SystemAnswer(
    string SystemId, int? IntervalSeconds, decimal? GraceMultiplier, StringSet Scope, LagAllowance? Allowance, string? Owner,
    DateTimeOffset? MutedUntil, string? MutedReason, DateTimeOffset? RegisteredAt, DateTimeOffset? RetiredAt,
    DateTimeOffset? ReportedAt)
{
    public static SystemAnswer Of(EnforcingSystem system) => new(
        system.SystemId, system.Settings?.IntervalSeconds, system.Settings?.GraceMultiplier,
        system.Settings?.Scope ?? StringSet.Empty, system.Settings?.Allowance, system.Settings?.Owner,
        system.Settings?.MutedUntil, system.Settings?.MutedReason, system.RegisteredAt, system.RetiredAt,
        system.Heartbeat?.ReportedAt);
}

/// <summary>The answer to <c>GET /v1/enforcement/systems</c>.</summary>
/// <param name="Systems">By their names.</param>
/// <param name="NextCursor">Send it as <c>cursor</c> for the next page; null on the last.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SystemsAnswer(IReadOnlyList<SystemAnswer> Systems, string? NextCursor, long Position);

public static class SystemsEndpoints
{
    const int DefaultPage = 50;
    const int LargestPage = 500;

    static readonly Cursor cursor = new("systems by name");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/enforcement/systems", List).WithSummary("The systems that are expected to report, or that did")
            .RequirePermission(Scopes.EnforcementRead).Produces<SystemsAnswer>().Produces(304)
            .WithQuery(
                QueryParameter.Flag("include_retired", "true: retired ones, too"), QueryParameter.Cursor,
                QueryParameter.Limit(LargestPage, DefaultPage),
                MinPosition.Parameter);
        routes.MapGet("/v1/enforcement/systems/{system_id}", Get).WithSummary("One system and what is expected of it")
            .RequirePermission(Scopes.EnforcementRead).Produces<SystemAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        var after = cursor.ReadText(query.Optional("cursor", most: 1_100));
        if (after is not null && !SystemIds.IsValid(after)) throw Cursor.NotACursor();
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (page, position) = await store.QueryAsync(
            caller.TenantId,
            """
            select s.state from stet.enforcing_system s
            where s.tenant_id = $1 and ($2 or s.state ->> 'retired_at' is null)
                and ($3::varchar is null or (s.state ->> 'system_id') collate "C" > $3)
            order by (s.state ->> 'system_id') collate "C" limit $4
            """,
            [Scalar(caller.TenantId), Scalar(query.Flag("include_retired")), Optional(after), Scalar(limit + 1)],
            ReadAsync, http.RequestAborted);

        var next = Cursor.Next(page, limit, system => cursor.Of(system.SystemId));

        var answer = new SystemsAnswer(page, next, position);
        return JsonAnswer.Read(answer, EnforcementHttpJson.Default.SystemsAnswer, position);
    }

    static async Task<IResult> Get(string system_id, HttpContext http, Caller caller, Store store)
    {
        SystemIds.Check(system_id, "system_id");
        await MinPosition.WaitAsync(http, caller.TenantId);
        if (await store.FindTenantAsync(caller.TenantId, http.RequestAborted) is not { } tenant)
            return Problems.Answer(EnforcementProblems.SystemNotFound(system_id));

        var (found, position) = await store.QueryAsync(
            caller.TenantId, "select s.state from stet.enforcing_system s where s.tenant_id = $1 and s.stream_id = $2",
            [Scalar(caller.TenantId), Scalar(EnforcementModule.StreamIdOf(tenant, system_id))], ReadAsync, http.RequestAborted);
        return found is [var system]
            ? JsonAnswer.Read(system, EnforcementHttpJson.Default.SystemAnswer, position)
            : Problems.Answer(EnforcementProblems.SystemNotFound(system_id));
    }

    static async Task<(List<SystemAnswer> Systems, long Position)> ReadAsync(
        NpgsqlDataReader row, long position, CancellationToken cancel)
    {
        var systems = new List<SystemAnswer>();
        while (await row.ReadAsync(cancel)) systems.Add(SystemAnswer.Of(EnforcementModule.Read(row, 0)));
        return (systems, position);
    }
}
