namespace Stet.Cedar;

/// <summary>Warns of deceptive text wherever a policy holds text of its author's choice.</summary>
sealed class TextCheck(Action<TextSpan, string> warn) : ExpressionWalk
{
    public void Check(Policy policy)
    {
        foreach (var annotation in policy.Annotations) Check(annotation.Value, annotation.Where);

        foreach (var constraint in (ReadOnlySpan<ScopeConstraint>)[policy.Principal, policy.Action, policy.Resource])
            foreach (var uid in constraint.Named) Check(uid.Id, constraint.Where);

        foreach (var condition in policy.Conditions) Walk(condition.Body);
    }

    protected override void Visit(Expression expression)
    {
        switch (expression)
        {
            case Literal { Value: StringValue { Value: var text } }:
                Check(text, expression.Where);
                break;
            case Literal { Value: EntityUid uid }:
                Check(uid.Id, expression.Where);
                break;
            case AttributeAccess access:
                Check(access.Name, access.Where);
                break;
            case Has has:
                foreach (var name in has.Path) Check(name, has.Where);
                break;
            case Like like:
                foreach (var piece in like.Pattern.Pieces) Check(piece, like.Where);
                break;
            case RecordExpression record:
                foreach (var entry in record.Entries) Check(entry.Key, record.Where);
                break;
        }
    }

    void Check(string? text, TextSpan where)
    {
        if (text is not null && DeceptiveText.Explain(text) is { } problem) warn(where, problem);
    }
}
