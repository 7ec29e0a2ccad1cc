using System.Text.Json;
using Stet.EventStore;
using Stet.Policy.Lifecycle;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy;

/// <summary>What the policy context consists of.</summary>
public static class PolicyModule
{
    internal const string LifeName = "policy_life";

    internal static readonly StateType<PolicyLife> LifeState =
        StateType.Snapshotted(LifeName, LifeName, PolicyEventJson.Default.PolicyLife);

    internal static StreamKey<PolicyLife> LifeOf { get; } = new(LifeState, LifeName);

    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("policy_drafted", PolicyEventJson.Default.PolicyDrafted)
            .Add("policy_validated", PolicyEventJson.Default.PolicyValidated)
            .Add("policy_found_invalid", PolicyEventJson.Default.PolicyFoundInvalid)
            .Add("policy_diffed", PolicyEventJson.Default.PolicyDiffed)
            .Add("policy_approved", PolicyEventJson.Default.PolicyApproved)
            .Add("policy_rejected", PolicyEventJson.Default.PolicyRejected)
            .Add("policy_activated", PolicyEventJson.Default.PolicyActivated)
            .Add("policy_rolled_back", PolicyEventJson.Default.PolicyRolledBack)
            .Add("policy_retired", PolicyEventJson.Default.PolicyRetired)
            .Add("policy_approver_named", PolicyEventJson.Default.PolicyApproverNamed)
            .Add("policy_approver_removed", PolicyEventJson.Default.PolicyApproverRemoved)
            .Add("decisions_audited", PolicyEventJson.Default.DecisionsAudited)
            .Add("decision_mismatch_found", PolicyEventJson.Default.DecisionMismatchFound))
        .State(LifeState)
        .State(TenantAudit.State)
        .Projection(new PolicyProjection());

    /// <summary>Reads the section <c>Policy</c>, which is validated when the host starts.</summary>
    public static IServiceCollection AddPolicy(this IServiceCollection services)
    {
        services.AddSection<PolicyOptions>(PolicyOptions.Section);
        services.AddSingleton<CandidateTexts>();
        services.AddSingleton<CompiledPolicies>();
        services.AddSingleton(provider => new PoliciesInForce(
            provider.GetRequiredService<Store>(), provider.GetRequiredService<CompiledPolicies>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PolicySteps>();
        services.AddSingleton<PolicyDiffRunner>();
        services.AddSingleton<DiffReports>();
        services.AddSingleton<PolicyDiffs>();
        services.AddSingleton<DecisionAudit>();
        services.AddSingleton<TenantAudit>();
        services.AddSingleton<PolicyAuditMetrics>();
        services.AddSingleton<BackgroundAudit>();
        services.AddHostedService(provider => provider.GetRequiredService<BackgroundAudit>());
        services.AddSingleton<DecisionPromotion>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, PolicyHttpJson.Default));
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        DraftPolicyEndpoint.Map(routes);
        CandidatesEndpoints.Map(routes);
        ValidatePolicyEndpoint.Map(routes);
        DiffEndpoints.Map(routes);
        ApprovePolicyEndpoint.Map(routes);
        RejectPolicyEndpoint.Map(routes);
        ActivatePolicyEndpoint.Map(routes);
        RollBackPolicyEndpoint.Map(routes);
        RetirePolicyEndpoint.Map(routes);
        ApproversEndpoints.Map(routes);
        AuditEndpoints.Map(routes);
        PromoteDecisionEndpoint.Map(routes);
    }

    /// <summary>The life of a tenant's policies as a query shows it.</summary>
    /// <returns>Beside it, the time: the clock's, or that of the newest event while the clock is behind.</returns>
    internal static Task<(PolicyLife Life, DateTimeOffset Now, long Position)> LifeAsync(
        Store store, TimeProvider clock, string tenantId, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId,
            """
            select l.state, greatest(h.last_at, $2)
            from stet.policy_life l join stet.tenant_head h on h.tenant_id = l.tenant_id
            where l.tenant_id = $1
            """,
            [Scalar(tenantId), Scalar(clock.GetUtcNow().UtcDateTime)],
            async (row, position, token) =>
                await row.ReadAsync(token)
                    ? (JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(0), PolicyEventJson.Default.PolicyLife)
                        ?? throw new UnreadableEventException("a tenant's stored policy life is null"),
                        row.GetFieldValue<DateTimeOffset>(1), position)
                    : (PolicyLife.Empty, clock.GetUtcNow(), position),
            cancel);
}
