namespace Stet.Cedar;

/// <summary>Writes policies as JSON, members in ordinal order.</summary>
sealed class PolicyWriter(CanonicalWriter json)
{
    readonly ExpressionWriter expressions = new(json);

    internal void WriteSet(PolicySet set)
    {
        WritePolicies("{\"staticPolicies\":{"u8, set.Policies);
        WriteLinks(set.Links);
        WritePolicies("],\"templates\":{"u8, set.Templates);
        json.Raw("}"u8);
    }

    internal void Write(Policy policy)
    {
        json.Raw("{\"action\":"u8);
        WriteScope(policy.Action, slot: "?action");
        WriteAnnotations(policy.Annotations);
        json.Raw(",\"conditions\":["u8);
        var isFirst = true;

        foreach (var condition in policy.Conditions)
        {
            json.Raw(isFirst ? "{\"body\":"u8 : ",{\"body\":"u8);
            expressions.Write(condition.Body);
            json.Raw(",\"kind\":"u8).String(condition.IsUnless ? "unless" : "when").Raw("}"u8);
            isFirst = false;
        }

        json.Raw("],\"effect\":"u8).String(policy.Effect == Effect.Permit ? "permit" : "forbid");
        json.Raw(",\"principal\":"u8);
        WriteScope(policy.Principal, "?principal");
        json.Raw(",\"resource\":"u8);
        WriteScope(policy.Resource, "?resource");
        json.Raw("}"u8);
    }

    void WritePolicies(ReadOnlySpan<byte> before, IEnumerable<Policy> policies)
    {
        json.Raw(before);
        var isFirst = true;

        foreach (var policy in policies)
        {
            (isFirst ? json : json.Raw(","u8)).String(policy.Id.Value).Raw(":"u8);
            Write(policy);
            isFirst = false;
        }

        json.Raw("}"u8);
    }

    void WriteLinks(IEnumerable<TemplateLink> links)
    {
        json.Raw(",\"templateLinks\":["u8);
        var isFirst = true;

        foreach (var link in links)
        {
            json.Raw(isFirst ? "{\"newId\":"u8 : ",{\"newId\":"u8).String(link.Id.Value);
            json.Raw(",\"templateId\":"u8).String(link.Template.Value).Raw(",\"values\":{"u8);

            if (link.Principal is { } principal) ValueWriter.WriteUid(json.Raw("\"?principal\":"u8), principal);
            if (link.Principal is not null && link.Resource is not null) json.Raw(","u8);
            if (link.Resource is { } resource) ValueWriter.WriteUid(json.Raw("\"?resource\":"u8), resource);

            json.Raw("}}"u8);
            isFirst = false;
        }
    }

    void WriteAnnotations(EquatableArray<Annotation> annotations)
    {
        if (annotations.Count == 0) return;
        json.Raw(",\"annotations\":{"u8);
        var isFirst = true;

        foreach (var (name, value, _) in annotations.OrderBy(annotation => annotation.Name, StringComparer.Ordinal))
        {
            (isFirst ? json : json.Raw(","u8)).String(name).Raw(":"u8);
            if (value is null) json.Raw("null"u8);
            else json.String(value);
            isFirst = false;
        }

        json.Raw("}"u8);
    }

    void WriteScope(ScopeConstraint constraint, string slot)
    {
        switch (constraint)
        {
            case ScopeAny:
                json.Raw("{\"op\":\"All\"}"u8);
                break;

            case ScopeEqual equal:
                WriteReference(equal.Entity, slot, "{"u8, ",\"op\":\"==\"}"u8, "{\"op\":\"==\","u8);
                break;

            case ScopeIn within:
                WriteReference(within.Entity, slot, "{"u8, ",\"op\":\"in\"}"u8, "{\"op\":\"in\","u8);
                break;

            case ScopeIs { EntityType: var type, In: var group }:
                json.Raw("{\"entity_type\":"u8).String(type);
                if (group is { } reference) WriteReference(reference, slot, ",\"in\":{"u8, "}"u8, ",\"in\":{"u8);
                json.Raw(",\"op\":\"is\"}"u8);
                break;

            case ScopeInList { Entities: var entities }:
                json.Raw("{\"entities\":["u8);

                for (var i = 0; i < entities.Count; i++)
                    ValueWriter.WriteUid(i == 0 ? json : json.Raw(","u8), entities[i]);

                json.Raw("],\"op\":\"in\"}"u8);
                break;
        }
    }

    // `entity` sorts before `op`, and `slot` behind it.
    void WriteReference(
        EntityReference reference, string slot, ReadOnlySpan<byte> beforeEntity, ReadOnlySpan<byte> afterEntity,
        ReadOnlySpan<byte> beforeSlot)
    {
        if (reference.Uid is { } uid)
        {
            ValueWriter.WriteUid(json.Raw(beforeEntity).Raw("\"entity\":"u8), uid);
            json.Raw(afterEntity);
        }
        else json.Raw(beforeSlot).Raw("\"slot\":"u8).String(slot).Raw("}"u8);
    }
}
