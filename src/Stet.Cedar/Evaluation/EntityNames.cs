namespace Stet.Cedar;

/// <summary>Finds the entities that policies name.</summary>
sealed class EntityNames : ExpressionWalk
{
    readonly HashSet<EntityUid> found = [];

    public static HashSet<EntityUid> In(IEnumerable<Policy> policies)
    {
        var names = new EntityNames();
        foreach (var policy in policies)
        {
            names.Add(policy.Principal);
            names.Add(policy.Action);
            names.Add(policy.Resource);
            foreach (var condition in policy.Conditions) names.Walk(condition.Body);
        }

        return names.found;
    }

    protected override void Visit(Expression expression)
    {
        if (expression is Literal { Value: EntityUid uid }) found.Add(uid);
    }

    void Add(ScopeConstraint scope)
    {
        if (scope is ScopeInList list) found.UnionWith(list.Entities);

        var reference = scope switch
        {
            ScopeEqual equal => equal.Entity,
            ScopeIn within => within.Entity,
            ScopeIs { In: { } group } => group,
            _ => default,
        };
        if (reference.Uid is { } uid) found.Add(uid);
    }
}
