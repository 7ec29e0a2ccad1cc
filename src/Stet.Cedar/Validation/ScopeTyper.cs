namespace Stet.Cedar;

/// <summary>
/// Which environments a scope leaves: those where no part of it is False. The parts do not depend on one another.
/// </summary>
sealed class ScopeTyper(Schema schema, Policy policy)
{
    readonly Dictionary<string, bool> principals = new(StringComparer.Ordinal);
    readonly Dictionary<string, bool> resources = new(StringComparer.Ordinal);

    public IEnumerable<TypingEnvironment> Environments()
    {
        foreach (var uid in schema.Actions)
        {
            if (!CanBeTrue(uid, policy.Action) || !schema.TryGet(uid, out var action)) continue;

            foreach (var principal in action.PrincipalTypes)
            {
                if (!CanBeTrue(principal, policy.Principal, principals)) continue;

                foreach (var resource in action.ResourceTypes)
                    if (CanBeTrue(resource, policy.Resource, resources))
                        yield return new TypingEnvironment(new EntityType(principal), uid, new EntityType(resource), action.Context);
            }
        }
    }

    bool CanBeTrue(EntityUid action, ScopeConstraint constraint) => constraint switch
    {
        ScopeEqual { Entity.Uid: { } uid } => action.Equals(uid),
        ScopeIn { Entity.Uid: { } uid } => schema.IsIn(action, uid),
        ScopeInList { Entities: var groups } => groups.Any(group => schema.IsIn(action, group)),
        _ => true,
    };

    bool CanBeTrue(string type, ScopeConstraint constraint, Dictionary<string, bool> known)
    {
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

    bool CanBeIn(string type, EntityReference reference) => reference.Uid is not { } uid || schema.CanBeIn(type, uid.Type);
}
