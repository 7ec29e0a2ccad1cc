using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>
/// A policy set ready to decide: compiled and indexed. Immutable, and used by many threads at once; another version is
/// another snapshot.
/// </summary>
public sealed partial class PolicySnapshot
{
    const int RanksOnStack = 32;

    readonly CompiledPolicy[] policies;
    readonly PolicyIndex index;
    readonly FrozenDictionary<EntityUid, Entity> actions;
    readonly ConcurrentDictionary<string, bool> attributeReads = new(StringComparer.Ordinal);

    /// <param name="active">Without slots, in the order of ids.</param>
    /// <param name="actions">
    /// The actions a schema declares, with their groups: they win over what a request's entities say of them.
    /// </param>
    PolicySnapshot(ImmutableArray<Policy> active, IEnumerable<Entity> actions)
    {
        var pool = new ConstantPool();
        policies = new CompiledPolicy[active.Length];
        for (var i = 0; i < policies.Length; i++) policies[i] = new CompiledPolicy(active[i], rank: i, pool);

        index = new PolicyIndex(policies);
        this.actions = actions.ToFrozenDictionary(action => action.Uid);
    }

    /// <summary>
    /// Compiles policies that no schema vouches for. For conformance data and tools: what decides in production has been
    /// validated.
    /// </summary>
    public static PolicySnapshot CompileUnvalidated(PolicySet policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        return new PolicySnapshot(policies.Active, actions: []);
    }

    /// <summary>The policy of an id, with its annotations; for a link, the template with its slots filled.</summary>
    public bool TryGetPolicy(PolicyId id, [NotNullWhen(true)] out Policy? policy)
    {
        var (low, high) = (0, policies.Length - 1);

        while (low <= high)
        {
            var middle = (low + high) / 2;
            policy = policies[middle].Policy;
            var order = policy.Id.CompareTo(id);
            if (order == 0) return true;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        policy = null;
        return false;
    }

    /// <summary>The entities that policies name, whatever a request is about; links included.</summary>
    public IReadOnlySet<EntityUid> NamedEntities() => EntityNames.In(policies.Select(policy => policy.Policy));

    /// <summary>Whether a condition of any policy reads an attribute of a name; looked for once for each name.</summary>
    public bool ReadsAttribute(string name) =>
        attributeReads.GetOrAdd(name, static (name, policies) => policies.Any(policy => policy.Policy.ReadsAttribute(name)), policies);

    /// <summary>Cedar's answer to a request.</summary>
    /// <param name="request">The question; no part of it may be null.</param>
    /// <param name="entities">What is known of entities. What it throws is passed on; nothing else throws.</param>
    public Authorization Authorize(in Request request, IEntities entities) =>
        Authorize(new Evaluation(request, entities, actions), out _);

    /// <summary>
    /// Cedar's answer, and whether it may rest on some attributes of the context: if not, any other values of them lead to
    /// the same answer. So what is asked at many times need not be evaluated at each of them.
    /// </summary>
    /// <param name="request">The question; no part of it may be null.</param>
    /// <param name="entities">What is known of entities. What it throws is passed on; nothing else throws.</param>
    /// <param name="watched">Names of attributes of the context.</param>
    /// <param name="isRead">Whether a policy looked at one of them, or at the context whole.</param>
    public Authorization Authorize(in Request request, IEntities entities, string[] watched, out bool isRead)
    {
        ArgumentNullException.ThrowIfNull(watched);
        return Authorize(new Evaluation(request, entities, actions, watched), out isRead);
    }

    /// <summary>
    /// What became of each policy, with the first clause that stands in its way. It looks at every policy: not for hot
    /// paths.
    /// </summary>
    /// <inheritdoc cref="Authorize(in Request, IEntities)"/>
    public Explanation Explain(in Request request, IEntities entities)
    {
        var evaluation = new Evaluation(request, entities, actions);
        var explained = ImmutableArray.CreateBuilder<PolicyExplanation>(policies.Length);
        foreach (var policy in policies) explained.Add(policy.Explain(ref evaluation));

        return new Explanation(explained.MoveToImmutable());
    }

    /// <summary>The same as <see cref="Authorize(in Request, IEntities)"/>, by testing every policy: what the index is held to.</summary>
    internal Authorization AuthorizeWithoutIndex(in Request request, IEntities entities)
    {
        var evaluation = new Evaluation(request, entities, actions);
        var tally = new Tally([], []);
        foreach (var policy in policies) tally.Add(policy, policy.Test(ref evaluation), ref evaluation);
        return tally.Decide(policies);
    }

    Authorization Authorize(Evaluation evaluation, out bool isWatchedRead)
    {
        var tally = new Tally(stackalloc int[RanksOnStack], stackalloc int[RanksOnStack]);
        index.Test(ref evaluation, ref tally);
        isWatchedRead = evaluation.HasReadWatched;
        return tally.Decide(policies);
    }
}
