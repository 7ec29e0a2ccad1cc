using Stet.Cedar;
using Stet.Policy.AccessRequests;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.AuthZen;

/// <summary>What a schema says to AuthZEN has to take effect, and to be recordable.</summary>
static class SchemaCheck
{
    /// <summary>Members of a context that Stet fills, what they have to be, and whether that is so without <c>@governed</c>.</summary>
    static readonly (string Name, ValueKind Kind, bool IsAlways, string Rule)[] filled =
    [
        (EngineQuestion.Now, ValueKind.DateTime, true, "a datetime, Stet's clock"),
        (EngineQuestion.Weekday, ValueKind.Long, false, "a Long, the clock's day of the week"),
        (GivenApprovals.Member, ValueKind.Record, true, "a record, what a person approved"),
        (RequestTranslation.ActionProperties, ValueKind.Record, true, "a record, the properties of the action"),
    ];

    /// <param name="schema">The schema.</param>
    /// <param name="isStored">It was found valid before: rules that came later do not apply.</param>
    /// <param name="found">Takes the findings.</param>
    public static void Check(CedarSchema schema, bool isStored, CandidateFindings found)
    {
        var served = AuthZenSchema.Of(schema);
        foreach (var name in served.Ambiguous)
            found.Error("ambiguous_type", "schema", name, "More than one entity type serves this name, so that none would: name them apart with `@authzen`.");
        if (isStored) return;

        foreach (var name in served.AmbiguousActions)
            found.Error("ambiguous_action", "schema", name, "More than one action of this name applies to the same types, so that none would: give them other names or types.");
        foreach (var name in schema.AttributeNames.Where(ValueJson.IsReserved).Distinct())
            found.Error("reserved_name", "schema", name, $"`{name}` marks a wrapper in recorded values: give the attribute another name.");
        CheckPlaces(schema, AuthZenSchema.GovernedAnnotation, DeclarationKind.Attribute, "an attribute", found);
        CheckPlaces(schema, AuthZenSchema.TypeAnnotation, DeclarationKind.EntityType, "an entity type", found);
        CheckContexts(schema, found);
    }

    static void CheckPlaces(CedarSchema schema, string annotation, DeclarationKind kind, string place, CandidateFindings found)
    {
        foreach (var (_, name) in schema.FindAnnotated(annotation).Where(annotated => annotated.Kind != kind))
            found.Error("misplaced_annotation", "schema", name, $"`@{annotation}` has no effect on `{name}`: it belongs on {place}.");
    }

    /// <summary>No request states what of a context is Stet's: it would be absent for ever if Stet did not fill it.</summary>
    static void CheckContexts(CedarSchema schema, CandidateFindings found)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var action in schema.Actions)
        {
            var (context, governed) = (schema.ContextShape(action)!, AuthZenSchema.Governed(schema, action));
            foreach (var (name, kind, isAlways, rule) in filled)
            {
                if (context.Attribute(name) is not { } declared || declared.Kind == kind || !(isAlways || governed.Contains(name))) continue;
                if (told.Add(name))
                    found.Error("context_type", "schema", name, $"`context.{name}` of the action `{action.Id}` has to be {rule}.");
            }

            foreach (var name in governed.Order(StringComparer.Ordinal))
            {
                if (name is EngineQuestion.Now or EngineQuestion.Weekday or GivenApprovals.Member || !told.Add(name)) continue;
                found.Error("ungoverned_context", "schema", name,
                    $"Nothing fills `context.{name}` of the action `{action.Id}`: leave `@governed` out, or have an attribute of an entity.");
            }
        }
    }
}
