using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>How a tenant's submissions went.</summary>
/// <param name="Accepted">Documents accepted.</param>
/// <param name="Escalated">Documents escalated.</param>
/// <param name="EscalationRate">Escalated by all recorded, 0 to 1; null: none is recorded.</param>
/// <param name="OpenEscalations">Documents that somebody has to look at.</param>
/// <param name="ResolvedAccepted">Escalations resolved as accepted.</param>
/// <param name="ResolvedRejected">Escalations resolved as rejected.</param>
/// <param name="Equivocated">Contradictions recorded that signatures cover.</param>
/// <param name="EquivocatedUnsigned">Contradictions recorded that no signature covers: no shard's fault.</param>
/// <param name="Refused">Refusals recorded, by code.</param>
/// <param name="RefusedSuppressed">Refusals that were not recorded because there were too many.</param>
/// <param name="Deliveries">How documents were delivered.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SummaryAnswer(
    long Accepted, long Escalated, double? EscalationRate, long OpenEscalations, long ResolvedAccepted,
    long ResolvedRejected, long Equivocated, long EquivocatedUnsigned, IReadOnlyDictionary<string, long> Refused,
    long RefusedSuppressed, DeliveryCounts Deliveries, long Position);

/// <summary>
/// How a tenant's documents were delivered. A duplicate is no event, and not every refusal is: so these are counted beside the
/// log, once a second; a service that dies takes the last second's with it.
/// </summary>
/// <param name="Submissions">All of the tenant, refused ones included.</param>
/// <param name="Duplicates">Those that got the first answer again.</param>
/// <param name="DuplicateRate">By all, 0 to 1; null: there were none.</param>
/// <param name="SignatureFailures">Those whose signature was refused.</param>
/// <param name="SignatureFailureRate">By all, 0 to 1; null: there were none.</param>
public sealed record DeliveryCounts(
    long Submissions, long Duplicates, double? DuplicateRate, long SignatureFailures, double? SignatureFailureRate);

public static class SummaryEndpoint
{
    const string RefusedPrefix = "refused.";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/pcs/summary", Get).WithSummary("How submissions went: counts and ratios")
            .RequirePermission(Scopes.PcsRead).Produces<SummaryAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (counts, position) = await store.QueryAsync(
            caller.TenantId,
            """
            select name, count from stet.pcs_count where tenant_id = $1
            union all
            select 'open', count(*) from stet.pcs_escalation where tenant_id = $1 and resolved_position is null
            union all
            select v.name, v.count from stet.pcs_delivery d
            cross join lateral (values ('submissions', d.submissions), ('duplicates', d.duplicates),
                ('signature_failures', d.signature_failures)) v(name, count)
            where d.tenant_id = $1
            """,
            [Scalar(caller.TenantId)],
            static async (row, position, cancel) =>
            {
                var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
                while (await row.ReadAsync(cancel)) counts[row.GetString(0)] = row.GetInt64(1);
                return (counts, position);
            },
            http.RequestAborted);

        var (accepted, escalated) = (Of("accepted"), Of("escalated"));
        var (submissions, duplicates, failures) = (Of("submissions"), Of("duplicates"), Of("signature_failures"));
        var answer = new SummaryAnswer(
            accepted, escalated, Ratio(escalated, accepted + escalated), Of("open"),
            Of("resolved_accepted"), Of("resolved_rejected"), Of("equivocated"), Of("equivocated_unsigned"),
            counts.Where(c => c.Key.StartsWith(RefusedPrefix, StringComparison.Ordinal))
                .ToDictionary(c => c.Key[RefusedPrefix.Length..], c => c.Value),
            Of("refused_suppressed"),
            new DeliveryCounts(submissions, duplicates, Ratio(duplicates, submissions), failures, Ratio(failures, submissions)), position);
        return JsonAnswer.Read(answer, PcsHttpJson.Default.SummaryAnswer, position);

        long Of(string name) => counts.GetValueOrDefault(name);
    }

    static double? Ratio(long part, long all) => all == 0 ? null : Math.Round((double)part / all, 6);
}
