using System.Collections.Frozen;

namespace Stet.Cedar;

/// <summary>
/// Finds the policies whose scope a request may satisfy: by the action they name, then by the resource, its ancestors or
/// its type. A policy that names several actions stands under each, so it may be found twice.
/// </summary>
sealed class PolicyIndex
{
    readonly FrozenDictionary<EntityUid, Bucket> byAction;
    readonly Bucket anyAction;

    internal PolicyIndex(ReadOnlySpan<CompiledPolicy> policies)
    {
        var drafts = new Dictionary<EntityUid, BucketDraft>();
        var any = new BucketDraft();

        foreach (var policy in policies)
        {
            switch (policy.Policy.Action)
            {
                case ScopeEqual { Entity.Uid: { } action }: DraftOf(action).Add(policy); break;
                case ScopeIn { Entity.Uid: { } group }: DraftOf(group).Add(policy); break;

                case ScopeInList { Entities: var listed }:
                    foreach (var action in listed.Items.Distinct()) DraftOf(action).Add(policy);
                    break;

                default: any.Add(policy); break;
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
        anyAction.Test(ref evaluation, ref tally);
        if (byAction.TryGetValue(evaluation.Request.Action, out var bucket)) bucket.Test(ref evaluation, ref tally);
        if (evaluation.Action is not { } action) return;

        foreach (var group in action.Ancestors)
            if (!group.Equals(action.Uid) && byAction.TryGetValue(group, out bucket))
                bucket.Test(ref evaluation, ref tally);
    }

    sealed class Bucket(
        FrozenDictionary<EntityUid, CompiledPolicy[]> byResource, FrozenDictionary<string, CompiledPolicy[]> byType,
        CompiledPolicy[] open)
    {
        internal void Test(ref Evaluation evaluation, ref Tally tally)
        {
            tally.Test(open, ref evaluation);
            var uid = evaluation.Request.Resource;

            if (byType.Count > 0 && byType.TryGetValue(uid.Type, out var policies))
                tally.Test(policies, ref evaluation);
            if (byResource.Count == 0) return;
            if (byResource.TryGetValue(uid, out policies)) tally.Test(policies, ref evaluation);
            if (evaluation.Resource is not { } resource) return;

            foreach (var group in resource.Ancestors)
                if (!group.Equals(uid) && byResource.TryGetValue(group, out policies))
                    tally.Test(policies, ref evaluation);
        }
    }

    sealed class BucketDraft
    {
        readonly Dictionary<EntityUid, List<CompiledPolicy>> byResource = [];
        readonly Dictionary<string, List<CompiledPolicy>> byType = [];
        readonly List<CompiledPolicy> open = [];

        internal void Add(CompiledPolicy policy)
        {
            switch (policy.Policy.Resource)
            {
                case ScopeEqual { Entity.Uid: { } resource }: ListOf(byResource, resource).Add(policy); break;
                case ScopeIn { Entity.Uid: { } group }: ListOf(byResource, group).Add(policy); break;
                case ScopeIs { In.Uid: { } group }: ListOf(byResource, group).Add(policy); break;
                case ScopeIs { EntityType: var type }: ListOf(byType, type).Add(policy); break;
                default: open.Add(policy); break;
            }
        }

        internal Bucket Finish() => new(
            byResource.ToFrozenDictionary(entry => entry.Key, entry => entry.Value.ToArray()),
            byType.ToFrozenDictionary(entry => entry.Key, entry => entry.Value.ToArray()),
            [.. open]);

        static List<CompiledPolicy> ListOf<T>(Dictionary<T, List<CompiledPolicy>> lists, T key) where T : notnull
        {
            if (!lists.TryGetValue(key, out var list)) lists.Add(key, list = []);
            return list;
        }
    }
}
