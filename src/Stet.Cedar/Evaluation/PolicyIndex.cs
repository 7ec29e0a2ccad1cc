using System.Collections.Frozen;

namespace Stet.Cedar;

/// <summary>
/// Finds the policies whose scope a request satisfies but for its principal: by the action they name, then by the resource,
/// its ancestors or its type. A policy stands under each action it names, and an entity may be among its own ancestors:
/// so a policy may be found twice.
/// </summary>
sealed class PolicyIndex
{
    readonly FrozenDictionary<EntityUid, Bucket> byAction;
    readonly Bucket anyAction;

    internal PolicyIndex(CompiledPolicy[] policies)
    {
        var drafts = new Dictionary<EntityUid, BucketDraft>();
        var any = new BucketDraft();
        var tests = new SharedTests(policies);

        foreach (var policy in policies)
        {
            var candidate = new Candidate(policy, tests.BitOf(policy.FirstTest));

            switch (policy.Policy.Action)
            {
                case ScopeEqual { Entity.Uid: { } action }: DraftOf(action).Add(candidate); break;
                case ScopeIn { Entity.Uid: { } group }: DraftOf(group).Add(candidate); break;

                case ScopeInList { Entities: var listed }:
                    foreach (var action in listed.Items.Distinct()) DraftOf(action).Add(candidate);
                    break;

                default: any.Add(candidate); break;
            }
        }

        byAction = drafts.ToFrozenDictionary(draft => draft.Key, draft => draft.Value.Finish());
        anyAction = any.Finish();

        BucketDraft DraftOf(EntityUid action)
        {
            if (!drafts.TryGetValue(action, out var draft)) drafts.Add(action, draft = new BucketDraft());
            return draft;
        }
    }

    /// <summary>Tests every policy that may be satisfied, and notes what comes of it.</summary>
    internal void Test(ref Evaluation evaluation, ref Tally tally)
    {
        anyAction.Test(Found.Directly, ref evaluation, ref tally);
        if (byAction.TryGetValue(evaluation.Request.Action, out var bucket)) bucket.Test(Found.Directly, ref evaluation, ref tally);
        if (evaluation.Action is not { } action) return;

        foreach (var group in action.Ancestors)
            if (byAction.TryGetValue(group, out bucket)) bucket.Test(Found.ByActionGroup, ref evaluation, ref tally);
    }

    /// <summary>How a policy was found.</summary>
    [Flags]
    enum Found
    {
        Directly = 0, ByActionGroup = 1, ByResourceGroup = 2,
    }

    sealed class Bucket(
        FrozenDictionary<EntityUid, Candidate[]> byResource, FrozenDictionary<string, Candidate[]> byType, Candidate[] open)
    {
        internal void Test(Found found, ref Evaluation evaluation, ref Tally tally)
        {
            Candidate.Test(open, found, ref evaluation, ref tally);
            var uid = evaluation.Request.Resource;

            if (byType.Count > 0 && byType.TryGetValue(uid.Type, out var policies))
                Candidate.Test(policies, found, ref evaluation, ref tally);
            if (byResource.Count == 0) return;
            if (byResource.TryGetValue(uid, out policies)) Candidate.Test(policies, found, ref evaluation, ref tally);
            if (evaluation.Resource is not { } resource) return;

            foreach (var group in resource.Ancestors)
                if (byResource.TryGetValue(group, out policies))
                    Candidate.Test(policies, found | Found.ByResourceGroup, ref evaluation, ref tally);
        }
    }

    /// <summary>
    /// A policy, and what tells without a look at it that it is not satisfied, for most that are not: candidates lie side
    /// by side, policies anywhere.
    /// </summary>
    readonly struct Candidate(CompiledPolicy policy, ulong firstTest)
    {
        internal readonly CompiledPolicy Policy = policy;
        readonly ulong principalBit = policy.PrincipalBit;

        // The bit of what it begins with; 0 when that has none.
        readonly ulong firstTest = firstTest;

        // Who is named with `==` is not found by what is in it.
        readonly Found misleading = (policy.Policy.Action is ScopeEqual ? Found.ByActionGroup : Found.Directly)
            | (policy.Policy.Resource is ScopeEqual ? Found.ByResourceGroup : Found.Directly);

        internal static void Test(Candidate[] candidates, Found found, ref Evaluation evaluation, ref Tally tally)
        {
            foreach (ref readonly var candidate in candidates.AsSpan())
            {
                if ((evaluation.PrincipalBits & candidate.principalBit) != candidate.principalBit) continue;
                if ((evaluation.FalseTests & candidate.firstTest) != 0 || (found & candidate.misleading) != Found.Directly) continue;
                tally.Add(candidate.Policy, candidate.Policy.TestFound(candidate.firstTest, ref evaluation), ref evaluation);
            }
        }
    }

    sealed class BucketDraft
    {
        readonly Dictionary<EntityUid, List<Candidate>> byResource = [];
        readonly Dictionary<string, List<Candidate>> byType = [];
        readonly List<Candidate> open = [];

        internal void Add(Candidate candidate)
        {
            switch (candidate.Policy.Policy.Resource)
            {
                case ScopeEqual { Entity.Uid: { } resource }: ListOf(byResource, resource).Add(candidate); break;
                case ScopeIn { Entity.Uid: { } group }: ListOf(byResource, group).Add(candidate); break;
                case ScopeIs { In.Uid: { } group }: ListOf(byResource, group).Add(candidate); break;
                case ScopeIs { EntityType: var type }: ListOf(byType, type).Add(candidate); break;
                default: open.Add(candidate); break;
            }
        }

        internal Bucket Finish() => new(
            byResource.ToFrozenDictionary(entry => entry.Key, entry => entry.Value.ToArray()),
            byType.ToFrozenDictionary(entry => entry.Key, entry => entry.Value.ToArray()),
            [.. open]);

        static List<Candidate> ListOf<T>(Dictionary<T, List<Candidate>> lists, T key) where T : notnull
        {
            if (!lists.TryGetValue(key, out var list)) lists.Add(key, list = []);
            return list;
        }
    }
}
