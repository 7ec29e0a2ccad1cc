namespace Stet.Cedar;

sealed class InNode(Node left, Node right, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        if (!left.TryEntity(ref evaluation, out var uid) || right.Evaluate(ref evaluation) is not { } group)
            return Truth.Error;
        return Groups.Test(ref evaluation, uid, group, right.Where);
    }
}

sealed class IsNode(Node target, string entityType, Node? group, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        if (!target.TryEntity(ref evaluation, out var uid)) return Truth.Error;
        if (uid.Type != entityType) return Truth.False;
        if (group is null) return Truth.True;

        return group.Evaluate(ref evaluation) is { } groups
            ? Groups.Test(ref evaluation, uid, groups, group.Where)
            : Truth.Error;
    }
}

static class Groups
{
    /// <summary>Whether an entity is in a value: an entity, or a set of entities all of which are looked at.</summary>
    internal static Truth Test(ref Evaluation evaluation, EntityUid uid, Value value, TextSpan where)
    {
        if (value is EntityUid group) return evaluation.IsIn(uid, group) ? Truth.True : Truth.False;
        if (value is not SetValue set) return evaluation.FailType(where, ValueKind.Entity, value);

        foreach (var item in set.Items)
            if (item is not EntityUid) return evaluation.FailType(where, ValueKind.Entity, item);

        if (set.Contains(uid)) return Truth.True;
        if (evaluation.Find(uid) is not { } entity) return Truth.False;

        foreach (var item in set.Items)
            if (entity.IsDescendantOf((EntityUid)item)) return Truth.True;

        return Truth.False;
    }
}

sealed class AttributeNode(Node target, string name, TextSpan where) : Node(where)
{
    readonly bool isOfContext = target is VariableNode { IsContext: true };

    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        var holder = isOfContext ? evaluation.ContextFor(name) : target.Evaluate(ref evaluation);

        switch (holder)
        {
            case null: return null;
            case RecordValue record: return record.TryGet(name, out var value) ? value : Absent(ref evaluation);

            case EntityUid uid:
                if (evaluation.Find(uid) is not { } entity)
                    return evaluation.Fail(new EvaluationError(EvaluationErrorKind.EntityAbsent, Where, Name: uid.ToString()));

                return entity.Attributes.TryGet(name, out var attribute) ? attribute : Absent(ref evaluation);

            default:
                evaluation.FailType(target.Where, ValueKind.Record, holder);
                return null;
        }
    }

    Value? Absent(ref Evaluation evaluation) =>
        evaluation.Fail(new EvaluationError(EvaluationErrorKind.AttributeAbsent, Where, Name: name));
}

sealed class HasNode(Node target, string[] path, TextSpan where) : TestNode(where)
{
    readonly bool isOfContext = target is VariableNode { IsContext: true };

    internal override Truth Test(ref Evaluation evaluation)
    {
        var holder = isOfContext ? evaluation.ContextFor(path[0]) : target.Evaluate(ref evaluation);
        if (holder is null) return Truth.Error;

        foreach (var name in path)
        {
            var record = holder switch
            {
                RecordValue its => its,
                EntityUid uid => evaluation.Find(uid)?.Attributes ?? RecordValue.Empty,
                _ => null,
            };

            if (record is null) return evaluation.FailType(target.Where, ValueKind.Record, holder);
            if (!record.TryGet(name, out holder)) return Truth.False;
        }

        return Truth.True;
    }
}

sealed class HasTagNode(Node target, Node tag, TextSpan where) : TestNode(where)
{
    internal override Truth Test(ref Evaluation evaluation)
    {
        if (!target.TryEntity(ref evaluation, out var uid) || !tag.TryString(ref evaluation, out var name))
            return Truth.Error;
        return Of(evaluation.Find(uid) is { } entity && entity.Tags.Has(name));
    }
}

sealed class GetTagNode(Node target, Node tag, TextSpan where) : Node(where)
{
    internal override Value? Evaluate(ref Evaluation evaluation)
    {
        if (!target.TryEntity(ref evaluation, out var uid) || !tag.TryString(ref evaluation, out var name)) return null;

        if (evaluation.Find(uid) is not { } entity)
            return evaluation.Fail(new EvaluationError(EvaluationErrorKind.EntityAbsent, Where, Name: uid.ToString()));

        return entity.Tags.TryGet(name, out var value)
            ? value
            : evaluation.Fail(new EvaluationError(EvaluationErrorKind.TagAbsent, Where, Name: name));
    }
}
