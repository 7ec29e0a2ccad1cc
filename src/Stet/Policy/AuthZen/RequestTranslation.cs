using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.Decisions;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.AuthZen;

/// <summary>A question in the words of the schema, and what became of its parts on the way.</summary>
/// <param name="Request">What is evaluated.</param>
/// <param name="Sources">Where each attribute came from.</param>
/// <param name="Dropped">Names that count for nothing.</param>
sealed record TranslatedRequest(RecordedRequest Request, RequestSources Sources, StringSet Dropped)
{
    /// <summary>A question that no schema was there for: nothing of its properties is kept.</summary>
    public static TranslatedRequest Untranslated(in AskedEvaluation asked, DateTimeOffset now)
    {
        List<string>? dropped = null;
        Drop("subject", asked.Subject.Properties);
        Drop("context.action", asked.ActionProperties);
        Drop("resource", asked.Resource.Properties);
        Drop("context", asked.Context);
        return new TranslatedRequest(
            new RecordedRequest(
                new Party(asked.Subject.Type, asked.Subject.Id, RecordValue.Empty), asked.Action,
                new Party(asked.Resource.Type, asked.Resource.Id, RecordValue.Empty), RecordValue.Empty, now, StringSet.Empty),
            RequestSources.None, dropped is null ? StringSet.Empty : StringSet.Of(dropped));

        void Drop(string at, JsonElement properties)
        {
            if (properties.ValueKind != JsonValueKind.Object) return;
            foreach (var member in properties.EnumerateObject()) (dropped ??= []).Add($"{at}.{member.Name}");
        }
    }
}

/// <summary>
/// Puts a question into the words of a schema: of each attribute's three sources, governed, request and recorded, the
/// first that has it wins; what the schema does not declare is dropped at any depth; values are converted to the
/// declared type.
/// </summary>
sealed class RequestTranslation
{
    /// <summary>Where policies find the action's properties in the context.</summary>
    internal const string ActionProperties = "action";

    const string Subject = "subject";
    const string Resource = "resource";

    readonly AuthZenSchema schema;
    readonly IEntities entities;
    readonly ValueConversion values;
    List<string>? governed;
    List<string>? fromRequest;
    List<string>? recorded;

    RequestTranslation(AuthZenSchema schema, IEntities entities) =>
        (this.schema, this.entities, values) = (schema, entities, new ValueConversion(schema));

    /// <summary>Translates one question.</summary>
    /// <param name="schema">In force; null: none is.</param>
    /// <param name="entities">On record.</param>
    /// <param name="asked">The question.</param>
    /// <param name="now">The time of the evaluation.</param>
    public static TranslatedRequest Of(CedarSchema? schema, IEntities entities, in AskedEvaluation asked, DateTimeOffset now)
    {
        if (schema is null) return TranslatedRequest.Untranslated(asked, now);

        var served = AuthZenSchema.Of(schema);
        return served.TryGetType(asked.Subject.Type, out var subject) && served.TryGetType(asked.Resource.Type, out var resource)
            && served.FindAction(asked.Action, subject.Name, resource.Name) is { } action
                ? new RequestTranslation(served, entities).Translate(asked, subject, action, resource, now)
                : TranslatedRequest.Untranslated(asked, now);
    }

    TranslatedRequest Translate(
        in AskedEvaluation asked, AuthZenType subjectType, AuthZenAction action, AuthZenType resourceType, DateTimeOffset now)
    {
        var subject = Stated(Subject, asked.Subject, subjectType);
        var resource = Stated(Resource, asked.Resource, resourceType);
        if (subjectType == resourceType && asked.Subject.Id == asked.Resource.Id) subject = resource = United(subject, resource);
        var context = TranslateContext(asked, action);
        return new TranslatedRequest(
            new RecordedRequest(
                Overlay(Subject, asked.Subject, subjectType, subject), asked.Action,
                Overlay(Resource, asked.Resource, resourceType, resource), context, now, SetOf(values.Invalid)),
            new RequestSources(SetOf(governed), SetOf(fromRequest), SetOf(recorded)), SetOf(values.Dropped));
    }

    /// <summary>What the request states of a party and has a say in; null: nothing.</summary>
    List<KeyValuePair<string, Value>>? Stated(string role, in AskedParty asked, AuthZenType type)
    {
        List<KeyValuePair<string, Value>>? stated = null;
        if (asked.Properties.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in asked.Properties.EnumerateObject())
                if (!type.Governed.Contains(member.Name)) Take(role, member, type.Shape, ref stated);
                else if (member.Value.ValueKind != JsonValueKind.Null) values.Drop($"{role}.{member.Name}");
        }

        return stated;
    }

    /// <summary>What is stated of one entity in both roles. What is stated in two ways is invalid.</summary>
    List<KeyValuePair<string, Value>>? United(List<KeyValuePair<string, Value>>? subject, List<KeyValuePair<string, Value>>? resource)
    {
        if (subject is null || resource is null) return subject ?? resource;

        var all = new List<KeyValuePair<string, Value>>(subject);
        foreach (var stated in resource)
        {
            if (!subject.Exists(entry => entry.Key == stated.Key)) all.Add(stated);
            else if (!subject.Contains(stated)) values.Refuse($"{Resource}.{stated.Key}");
        }

        return all;
    }

    Party Overlay(string role, in AskedParty asked, AuthZenType type, List<KeyValuePair<string, Value>>? stated)
    {
        if (stated is not null)
            foreach (var (name, _) in stated) (fromRequest ??= []).Add($"{role}.{name}");

        return new Party(asked.Type, asked.Id, Overlay(role, asked.Id, type, stated));
    }

    /// <summary>What is on record of an entity, with what the request states lying over it.</summary>
    RecordValue Overlay(string role, string id, AuthZenType type, List<KeyValuePair<string, Value>>? stated)
    {
        if (!entities.TryGet(new EntityUid(type.Name, id), out var entity) || entity.Attributes.Count == 0)
            return stated is null ? RecordValue.Empty : new RecordValue([.. stated]);

        var known = entity.Attributes;
        var isWhole = stated is null;
        var all = stated is null ? new List<KeyValuePair<string, Value>>(known.Count) : new(stated);
        for (var i = 0; i < known.Count; i++)
        {
            var name = known.Keys[i];

            // What an earlier schema declared and this one does not is no attribute any more.
            if (type.Shape.Attribute(name) is null)
            {
                isWhole = false;
                continue;
            }

            if (stated is not null && stated.Exists(entry => entry.Key == name)) continue;

            all.Add(new(name, known.Values[i]));
            var list = type.Governed.Contains(name) ? governed ??= [] : recorded ??= [];
            list.Add($"{role}.{name}");
        }

        return isWhole ? known : new RecordValue([.. all]);
    }

    RecordValue TranslateContext(in AskedEvaluation asked, AuthZenAction action)
    {
        List<KeyValuePair<string, Value>>? context = null;
        if (asked.Context.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in asked.Context.EnumerateObject())
            {
                // The action's properties have their own place, and the time is Stet's.
                if (member.Name is not (ActionProperties or EngineQuestion.Now) && !action.Governed.Contains(member.Name))
                    Take("context", member, action.Context, ref context);
                else if (member.Value.ValueKind != JsonValueKind.Null) values.Drop($"context.{member.Name}");
            }
        }

        if (asked.ActionProperties.ValueKind == JsonValueKind.Object)
        {
            var shape = action.Governed.Contains(ActionProperties) ? null : action.Context.Attribute(ActionProperties);
            if (shape?.Kind != ValueKind.Record) values.DropMembers("context.action", asked.ActionProperties);
            else if (values.ConvertRecord(asked.ActionProperties, shape, "context.action") is { } properties)
                (context ??= []).Add(new(ActionProperties, properties));
        }

        if (context is not null)
            foreach (var (name, _) in context) (fromRequest ??= []).Add($"context.{name}");
        if (action.TakesNow) (governed ??= []).Add("context.now");
        if (action.TakesWeekday) (governed ??= []).Add("context.weekday");
        return context is null ? RecordValue.Empty : new RecordValue([.. context]);
    }

    void Take(string at, JsonProperty member, IValueShape shape, ref List<KeyValuePair<string, Value>>? into)
    {
        if (member.Value.ValueKind == JsonValueKind.Null) return; // null is absent
        var name = member.Name;
        if (shape.Attribute(name) is not { } declared) values.Drop($"{at}.{name}");
        else if (values.Convert(member.Value, declared, $"{at}.{name}") is { } value) (into ??= []).Add(new(name, value));
    }

    static StringSet SetOf(List<string>? names) => names is null ? StringSet.Empty : StringSet.Of(names);
}
