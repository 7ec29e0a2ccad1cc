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
            names.found.UnionWith(policy.Principal.Named);
            names.found.UnionWith(policy.Action.Named);
            names.found.UnionWith(policy.Resource.Named);
            foreach (var condition in policy.Conditions) names.Walk(condition.Body);
        }

        return names.found;
    }

    protected override void Visit(Expression expression)
    {
        if (expression is Literal { Value: EntityUid uid }) found.Add(uid);
    }
}
