namespace Stet.Cedar;

/// <summary>
/// Whether every entity type, enumerated id and action that a policy names is declared, and which variables its conditions
/// read.
/// </summary>
sealed class NameCheck(Schema schema, Action<FindingCode, TextSpan, string> report) : ExpressionWalk
{
    readonly bool[] reads = new bool[(int)Variable.Context + 1];

    public bool Reads(Variable variable) => reads[(int)variable];

    public void Check(Policy policy)
    {
        Check(policy.Principal);
        Check(policy.Action);
        Check(policy.Resource);
        foreach (var condition in policy.Conditions) Walk(condition.Body);
    }

    protected override void Visit(Expression expression)
    {
        switch (expression)
        {
            case Literal { Value: EntityUid uid }:
                Check(uid, expression.Where);
                break;
            case VariableReference reference:
                reads[(int)reference.Variable] = true;
                break;
            case Is test:
                CheckType(test.EntityType, test.Where);
                break;
        }
    }

    void Check(ScopeConstraint constraint)
    {
        if (constraint is ScopeIs test) CheckType(test.EntityType, test.Where);
        foreach (var uid in constraint.Named) Check(uid, constraint.Where);
    }

    void Check(EntityUid uid, TextSpan where)
    {
        if (!schema.ActionTypes.Contains(uid.Type))
        {
            if (CheckType(uid.Type, where) is { } type && !type.Admits(uid.Id))
                report(FindingCode.UnknownName, where, type.ExplainRefused(uid.Id));
        }
        else if (!schema.TryGet(uid, out _))
            report(
                FindingCode.UnknownName, where,
                $"The schema declares no action `{ValueText.Shown(uid.ToString())}`."
                + Suggestion.For(uid.Id, schema.Actions.Where(action => action.Type == uid.Type).Select(action => action.Id)));
    }

    EntityTypeDefinition? CheckType(string type, TextSpan where)
    {
        if (schema.TryGet(type, out var definition) || schema.ActionTypes.Contains(type)) return definition;

        report(
            FindingCode.UnknownName, where,
            $"The schema declares no entity type `{ValueText.Shown(type)}`."
            + Suggestion.For(type, schema.EntityTypes.Concat(schema.ActionTypes)));
        return null;
    }
}
