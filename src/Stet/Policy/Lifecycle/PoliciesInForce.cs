using Npgsql;
using Stet.Cedar;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>What decides: policies ready to be evaluated, the schema that requests are translated by, the obligations.</summary>
/// <param name="Snapshot">The policies, compiled.</param>
/// <param name="Schema">What they were validated against.</param>
/// <param name="Obligations">What their annotations name.</param>
/// <param name="PolicySetDigest">64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
/// <param name="CandidateDigest">The candidate that they came from.</param>
/// <param name="Position">Of the event by which they came into force.</param>
public sealed record PolicyInForce(
    PolicySnapshot Snapshot, Schema Schema, ObligationCatalog Obligations, string PolicySetDigest, string SchemaDigest,
    string CandidateDigest, long Position);

/// <summary>
/// What decides in each tenant, in memory. A change made by this instance counts at once; one made by another counts
/// within a second, and at once for whoever appends <see cref="PolicyTimeline.Guard"/> with what was decided.
/// </summary>
public sealed class PoliciesInForce
{
    readonly FreshByTenant<PolicyTimeline> timelines;
    readonly Store store;
    readonly CompiledPolicies compiled;
    readonly TimeProvider clock;

    internal PoliciesInForce(Store store, CompiledPolicies compiled, TimeProvider clock)
    {
        (this.store, this.compiled, this.clock) = (store, compiled, clock);
        timelines = new FreshByTenant<PolicyTimeline>(ReadAsync, timeline => timeline.Version, () => store.Generation);
    }

    /// <summary>What decides in a tenant now.</summary>
    /// <returns>Null: nothing is in force, or it does not load; then nothing is allowed.</returns>
    /// <exception cref="StoreUnavailableException">It cannot be read.</exception>
    public async ValueTask<PolicyInForce?> NowAsync(string tenant, CancellationToken cancel)
    {
        // The clock after the timeline: what had given way when it was read is not in it.
        var current = await CurrentAsync(tenant, cancel);
        return await current.AtAsync(clock.GetUtcNow(), cancel);
    }

    /// <summary>What decides in a tenant now and later, and the guard of what is decided by it.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read.</exception>
    public ValueTask<PolicyTimeline> CurrentAsync(string tenant, CancellationToken cancel)
    {
        var current = timelines.GetAsync(tenant, cancel);
        return current.IsCompletedSuccessfully ? ValueTask.FromResult(current.Result ?? PolicyTimeline.OfNobody) : AwaitAsync(current);

        static async ValueTask<PolicyTimeline> AwaitAsync(ValueTask<PolicyTimeline?> current) => await current ?? PolicyTimeline.OfNobody;
    }

    /// <summary>What decided at a time, as the log had it at a position.</summary>
    /// <param name="tenant">The tenant's id.</param>
    /// <param name="position">Events after it have not happened.</param>
    /// <param name="now">The time of the decision.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Null: nothing was in force, or it does not load.</returns>
    /// <exception cref="StoreUnavailableException">It cannot be read.</exception>
    public async ValueTask<PolicyInForce?> AsOfAsync(string tenant, long position, DateTimeOffset now, CancellationToken cancel)
    {
        var activation = await store.QueryAsync(
            tenant,
            """
            select a.position, a.candidate, c.drafted_position, a.not_before, a.at_once
            from (select * from stet.policy_activation
                  where tenant_id = $1 and position <= $2 and (at_once or not_before <= $3)
                      and (withdrawn_position is null or withdrawn_position > $2)
                  order by position desc limit 1) a
            join stet.policy_candidate c on c.tenant_id = $1 and c.candidate = a.candidate
            """,
            [Scalar(tenant), Scalar(position), Scalar(now.UtcDateTime)],
            static async (row, _, token) => await row.ReadAsync(token) ? Activation.Read(row, 0) : null, cancel);
        return activation is null ? null : await InForceAsync(tenant, activation, cancel);
    }

    /// <summary>What decides has changed, or is not what the store has.</summary>
    public void Forget(string tenant) => timelines.Forget(tenant);

    async Task<PolicyTimeline?> ReadAsync(string tenantId, PolicyTimeline? before)
    {
        if (await store.FindTenantAsync(tenantId, CancellationToken.None) is not { } tenant) return null;

        var stream = tenant.StreamId(PolicyModule.LifeName);
        var (version, activations) = await store.QueryAsync(
            tenantId,
            """
            select l.version, a.position, a.candidate, a.drafted_position, a.not_before, a.at_once
            from (select coalesce((select version from stet.policy_life where tenant_id = $1 and stream_id = $2), 0) as version) l
            left join lateral (
                select a.position, a.candidate, c.drafted_position, a.not_before, a.at_once
                from stet.policy_activation a
                join stet.policy_candidate c on c.tenant_id = $1 and c.candidate = a.candidate
                where a.tenant_id = $1 and a.withdrawn_position is null and a.position >= coalesce((
                    select max(b.position) from stet.policy_activation b
                    where b.tenant_id = $1 and b.withdrawn_position is null and (b.at_once or b.not_before <= $3)), 0)) a on true
            order by a.position
            """,
            [Scalar(tenantId), Scalar(stream), Scalar(clock.GetUtcNow().UtcDateTime)], ActivationsAsync, CancellationToken.None);

        return before?.Version == version
            ? before
            : new PolicyTimeline(version, stream, activations, (activation, cancel) => InForceAsync(tenantId, activation, cancel));
    }

    async ValueTask<PolicyInForce?> InForceAsync(string tenantId, Activation activation, CancellationToken cancel) =>
        await compiled.LoadAsync(tenantId, activation.Candidate, activation.DraftedPosition, cancel) is { } found
            ? found with { Position = activation.Position }
            : null;

    static async Task<(long Version, Activation[] Activations)> ActivationsAsync(
        NpgsqlDataReader row, long position, CancellationToken cancel)
    {
        var (version, activations) = (0L, new List<Activation>());
        while (await row.ReadAsync(cancel))
        {
            version = row.GetInt64(0);
            if (!row.IsDBNull(1)) activations.Add(Activation.Read(row, 1));
        }

        return (version, [.. activations]);
    }
}
