using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// Which environments a scope leaves: those where no part of it is False. The parts do not depend on one another. It ends
/// early when the work is spent.
/// </summary>
sealed class ScopeTyper(Schema schema, Policy policy, ValidationWork work)
{
    readonly Dictionary<string, bool> principals = new(StringComparer.Ordinal);
    readonly Dictionary<string, bool> resources = new(StringComparer.Ordinal);

    public IEnumerable<TypingEnvironment> Environments()
    {
        foreach (var uid in Actions())
        {
            if (work.IsSpent) yield break;
            if (!CanBeTrue(uid, policy.Action) || !schema.TryGet(uid, out var action)) continue;

            var left = Left(action.ResourceTypes, policy.Resource, resources);
            if (left.Count == 0) continue;

            foreach (var principal in Left(action.PrincipalTypes, policy.Principal, principals))
                foreach (var resource in left)
                    yield return new TypingEnvironment(new EntityType(principal), uid, new EntityType(resource), action.Context);
        }
    }

    List<string> Left(ImmutableArray<string> types, ScopeConstraint constraint, Dictionary<string, bool> known)
    {
        var left = new List<string>();
        foreach (var type in types)
        {
            if (work.IsSpent) break;
            if (CanBeTrue(type, constraint, known)) left.Add(type);
        }

        return left;
    }

    ImmutableArray<EntityUid> Actions() => policy.Action is ScopeEqual { Entity.Uid: { } only } ? [only] : schema.Actions;

    bool CanBeTrue(EntityUid action, ScopeConstraint constraint)
    {
        work.Look(constraint is ScopeInList list ? list.Entities.Count : 1);
        return constraint switch
        {
            ScopeIn { Entity.Uid: { } uid } => schema.IsIn(action, uid),
            ScopeInList { Entities: var groups } => groups.Any(group => schema.IsIn(action, group)),
            _ => true,
        };
    }

    bool CanBeTrue(string type, ScopeConstraint constraint, Dictionary<string, bool> known)
    {
        work.Look(1);
        if (known.TryGetValue(type, out var answer)) return answer;

        answer = constraint switch
        {
            ScopeEqual { Entity: var entity } => CanBe(type, entity),
            ScopeIn { Entity: var group } => CanBeIn(type, group),
            ScopeIs { EntityType: var tested, In: var group } => type == tested && (group is null || CanBeIn(type, group.Value)),
            _ => true,
        };
        known.Add(type, answer);
        return answer;
    }

    static bool CanBe(string type, EntityReference reference) => reference.Uid is not { } uid || uid.Type == type;

    bool CanBeIn(string type, EntityReference reference) => reference.Uid is not { } uid || work.CanBeIn(type, uid.Type);
}
