namespace Stet.Cedar;

/// <summary>Finds whether conditions read an attribute of a name, of whatever it is.</summary>
sealed class AttributeReads(string name) : ExpressionWalk
{
    bool found;

    public static bool In(Policy policy, string name)
    {
        var reads = new AttributeReads(name);
        foreach (var condition in policy.Conditions) reads.Walk(condition.Body);
        return reads.found;
    }

    protected override void Visit(Expression expression) =>
        found |= expression is AttributeAccess access && access.Name == name || expression is Has has && has.Path.Contains(name);
}
