using System.Globalization;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AccessRequests;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.AuthZen;

/// <summary>What decisions rested on at a position of the log. Nothing that rests on it is a decision: nothing is recorded.</summary>
sealed class PastDecisions(Store store, ContextCatalog contexts, PoliciesInForce policies, PolicyEntities entities)
{
    /// <summary>The enforcement point whose answers are looked at: the caller, unless the query names another.</summary>
    /// <exception cref="BadRequestException">What it names is no subject of a credential.</exception>
    public static string PepOf(HttpContext http, Caller caller) =>
        !http.Request.Query.TryGetValue("pep", out var values) ? caller.Subject
        : values is [{ } pep] && Caller.IsSubject(pep) ? pep
        : throw RequestQuery.Bad("pep", PepRule);

    /// <summary>The parameter that names it.</summary>
    public static QueryParameter Pep { get; } =
        ("pep", "The enforcement point that was answered, by the subject of its credential; who asks unless it is given", false);

    /// <summary>What names an enforcement point.</summary>
    public const string PepRule = "must have 1 to 255 characters, none of them a control character";

    /// <summary>
    /// Policies, schema, entities, approvals and the enforcement point's registration as they were, at the time of the
    /// event at the position.
    /// </summary>
    /// <param name="tenantId">Whose.</param>
    /// <param name="pepId">The enforcement point whose answers are looked at.</param>
    /// <param name="approvalIds">The approvals that are referred to.</param>
    /// <param name="position">Of an event.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="BadRequestException">The log has no such position: 404.</exception>
    public async Task<DecisionBasis> BasisAsync(
        string tenantId, string pepId, IReadOnlyList<Guid> approvalIds, long position, CancellationToken cancel)
    {
        if (await store.ReadAsync(tenantId, position - 1, limit: 1, cancel) is not [var e] || e.Position != position)
            throw new BadRequestException(AuthZenProblems.NoPosition(position.ToString(CultureInfo.InvariantCulture)));

        return await BasisAsync(tenantId, pepId, approvalIds, position, e.Timestamp, cancel);
    }

    /// <summary>The same at any time.</summary>
    public async Task<DecisionBasis> BasisAsync(
        string tenantId, string pepId, IReadOnlyList<Guid> approvalIds, long position, DateTimeOffset now, CancellationToken cancel) =>
        await BasisAsync(
            tenantId, pepId, approvalIds, position, now, await entities.AtPositionAsync(tenantId, position, cancel), cancel);

    /// <summary>The same with what is known of entities.</summary>
    public async Task<DecisionBasis> BasisAsync(
        string tenantId, string pepId, IReadOnlyList<Guid> approvalIds, long position, DateTimeOffset now, TenantEntities known,
        CancellationToken cancel)
    {
        var policy = await policies.AsOfAsync(tenantId, position, now, cancel);
        var (pep, approvals) = await StatesAsync(tenantId, pepId, approvalIds, position, cancel);
        return new DecisionBasis(policy, known, pep, now, position, []) { Approvals = approvals };
    }

    async Task<(RegisteredPep Pep, GivenApprovals? Approvals)> StatesAsync(
        string tenantId, string pepId, IReadOnlyList<Guid> approvalIds, long position, CancellationToken cancel)
    {
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant) return (RegisteredPep.Unknown(pepId), null);

        var registrations = tenant.StreamId(PepSettings.Stream.Parts);
        Guid[] streams = [registrations, .. approvalIds.Select(id => tenant.StreamId(AccessRequestsModule.StreamOf(id).Parts))];
        var (registry, requests) = await store.QueryAsync(
            tenantId,
            """
            select stream_id, type, data from stet.mt_events
            where tenant_id = $1 and stream_id = any($2) and seq_id <= $3 order by seq_id
            """,
            [Scalar(tenantId), Column(streams, s => s), Scalar(position)],
            async (row, _, token) =>
            {
                PepRegistry? registry = null;
                var requests = new Dictionary<Guid, AccessRequest?>();
                while (await row.ReadAsync(token))
                {
                    var e = contexts.Catalog.Read(row.GetString(1), row.GetFieldValue<byte[]>(2));
                    if (row.GetGuid(0) is var stream && stream == registrations) registry = PepSettings.State.Fold(registry, e);
                    else requests[stream] = AccessRequestsModule.State.Fold(requests.GetValueOrDefault(stream), e);
                }

                return (registry, requests);
            },
            cancel);

        var pep = registry?.Find(pepId) ?? RegisteredPep.Unknown(pepId);
        return (pep, approvalIds.Count > 0 && pep.Drafts.Contains(RegisteredPep.AccessRequestDraft)
            ? new GivenApprovals(requests.Values.OfType<AccessRequest>().ToDictionary(request => request.EvaluationId))
            : null);
    }
}
