using Stet.Authentication;
using Stet.Corrections;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Enforcement;

/// <summary>The answer to <c>GET /v1/corrections/{id}/enforcement</c>: of the systems whose scope its field is in.</summary>
/// <param name="CorrectionId">The correction.</param>
/// <param name="Enforced">Those whose last heartbeat covers it, by their names; none for a DISCARDABLE correction.</param>
/// <param name="NotEnforced">Those whose last heartbeat does not, by their names; none for a DISCARDABLE correction.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CorrectionEnforcement(
    CorrectionId CorrectionId, IReadOnlyList<Enforcer> Enforced, IReadOnlyList<Delinquent> NotEnforced, long Position)
{
    const string Sql = """
        select c.position, c.recorded_at, c.field_key, s.state, a.reported_at
        from stet.corrections c
        left join (
            select * from stet.enforcing_system
            where tenant_id = $1 and state ->> 'retired_at' is null and ($3::uuid is null or stream_id = $3) limit 10001) s on c.class = 'FACT'
        left join lateral (
            select reported_at from stet.enforcement_advance
            where tenant_id = $1 and system_id = s.state ->> 'system_id' and enforced_position >= c.position
            order by enforced_position limit 1) a on true
        where c.tenant_id = $1 and c.correction_id = $2
        """;

    /// <summary>Null when there is no such correction.</summary>
    /// <param name="store">Where.</param>
    /// <param name="tenantId">Whose.</param>
    /// <param name="id">The correction.</param>
    /// <param name="streamId">The one system; null: all.</param>
    /// <param name="cancel">Ends the query.</param>
    /// <exception cref="BadRequestException">The tenant has too many systems for one answer.</exception>
    public static Task<CorrectionEnforcement?> FindAsync(
        Store store, string tenantId, CorrectionId id, Guid? streamId, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId, Sql, [Scalar(tenantId), Scalar(id.Value), Optional(streamId)],
            async (row, position, token) =>
            {
                if (!await row.ReadAsync(token)) return null;

                var recordedAt = row.GetFieldValue<DateTimeOffset>(1);
                var enforced = new List<Enforcer>();
                var notEnforced = new List<Delinquent>();
                var systems = 0;
                do
                {
                    if (row.IsDBNull(3)) continue;
                    if (++systems > EnforcementSnapshot.MostSystems) throw EnforcementSnapshot.TooMany();
                    var system = EnforcementModule.Read(row, 3);
                    if (!system.IsInScope(row.GetString(2))) continue;

                    if (system.Enforces(row.GetInt64(0), recordedAt))
                        enforced.Add(new Enforcer(system.SystemId, row.GetFieldValue<DateTimeOffset>(4), system.Heartbeat!.ReportedAt));
                    else
                        notEnforced.Add(Delinquent.Of(system, recordedAt));
                }
                while (await row.ReadAsync(token));

                return new CorrectionEnforcement(
                    id, [.. enforced.OrderBy(s => s.SystemId, StringComparer.Ordinal)],
                    [.. notEnforced.OrderBy(s => s.SystemId, StringComparer.Ordinal)], position);
            },
            cancel);
}

/// <summary>A system that enforces a correction.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Since">Its first heartbeat that covered the correction, by the server's clock.</param>
/// <param name="ReportedAt">Its last heartbeat.</param>
public sealed record Enforcer(string SystemId, DateTimeOffset Since, DateTimeOffset ReportedAt);

/// <summary>A system that does not enforce a correction.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Since">Since when it should: the correction was recorded, or the system registered, if that was later.</param>
/// <param name="EnforcedCorrectionVersion">As it reported last; null when it never did.</param>
/// <param name="ReportedAt">Its last heartbeat; null when it never reported.</param>
public sealed record Delinquent(
    string SystemId, DateTimeOffset Since, DateTimeOffset? EnforcedCorrectionVersion, DateTimeOffset? ReportedAt)
{
    /// <summary>A system that should enforce what was recorded at a time.</summary>
    public static Delinquent Of(EnforcingSystem system, DateTimeOffset recordedAt) => new(
        system.SystemId, system.RegisteredAt > recordedAt ? system.RegisteredAt.Value : recordedAt,
        system.Heartbeat?.EnforcedCorrectionVersion, system.Heartbeat?.ReportedAt);
}

public static class CorrectionEnforcementEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/corrections/{correction_id}/enforcement", Get).WithSummary("Which systems enforce a correction")
            .WithDescription("For those who operate them: it tells of a correction whoever may read it, and nothing of what it says.")
            .RequirePermission(Scopes.EnforcementRead).Produces<CorrectionEnforcement>().Produces(304).ProducesProblem(404)
            .WithQuery(StatusEndpoints.SystemId, MinPosition.Parameter);

    static async Task<IResult> Get(string correction_id, HttpContext http, Caller caller, Store store)
    {
        var systemId = StatusEndpoints.SystemIdOf(http);
        await MinPosition.WaitAsync(http, caller.TenantId);
        return CorrectionId.TryParse(correction_id, out var id)
            && await CorrectionEnforcement.FindAsync(
                store, caller.TenantId, id, await EnforcementModule.StreamIdAsync(store, caller.TenantId, systemId), http.RequestAborted) is { } answer
                ? JsonAnswer.Read(answer, EnforcementHttpJson.Default.CorrectionEnforcement, answer.Position)
                : Problems.Answer(EnforcementProblems.CorrectionNotFound);
    }
}
