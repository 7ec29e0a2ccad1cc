using System.Globalization;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.AuthZen;

/// <summary>What decisions rested on at a position of the log. Nothing that rests on it is a decision: nothing is recorded.</summary>
sealed class PastDecisions(Store store, PoliciesInForce policies, PolicyEntities entities)
{
    /// <summary>
    /// Policies, schema and entities as they were, at the time of the event at the position. Whoever looks at the past is
    /// told of all obligations, and taken to support them.
    /// </summary>
    /// <exception cref="BadRequestException">The log has no such position: 404.</exception>
    public async Task<DecisionBasis> BasisAsync(Caller caller, long position, CancellationToken cancel)
    {
        if (await store.ReadAsync(caller.TenantId, position - 1, limit: 1, cancel) is not [var e] || e.Position != position)
            throw new BadRequestException(AuthZenProblems.NoPosition(position.ToString(CultureInfo.InvariantCulture)));

        return await BasisAsync(caller.TenantId, caller.Subject, position, e.Timestamp, cancel);
    }

    /// <summary>The same at any time.</summary>
    public async Task<DecisionBasis> BasisAsync(
        string tenantId, string pepId, long position, DateTimeOffset now, CancellationToken cancel)
    {
        var policy = await policies.AsOfAsync(tenantId, position, now, cancel);
        var pep = RegisteredPep.Unknown(pepId) with
        {
            Obligations = policy?.Obligations.Types ?? StringSet.Empty,
            Drafts = StringSet.Of(RegisteredPep.ObligationsDraft),
        };
        return new DecisionBasis(policy, await entities.AtPositionAsync(tenantId, position, cancel), pep, now, position, []);
    }
}
