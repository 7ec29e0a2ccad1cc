using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;

namespace Stet.Policy.AccessRequests;

/// <summary>
/// The approvals that questions refer to with <c>context.approval</c>, as the log has them. What a question says of an
/// approval beside its id counts for nothing: policies see what is on record, and only for the question it is about.
/// </summary>
sealed class GivenApprovals(IReadOnlyDictionary<Guid, AccessRequest> known)
{
    /// <summary>Where policies find the approval in the context.</summary>
    internal const string Member = "approval";

    /// <summary>The approval that a question refers to; null when it does not.</summary>
    public static Guid? IdIn(JsonElement context) =>
        context.ValueKind == JsonValueKind.Object && context.TryGetProperty(Member, out var approval) && approval.ValueKind == JsonValueKind.Object
            ? approval.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && id.TryGetGuid(out var named) ? named : Guid.Empty
            : null;

    /// <summary>Lets policies see the approval that a question refers to, if it is for this question and holds.</summary>
    /// <param name="asked">The question.</param>
    /// <param name="translated">The same in the words of the schema.</param>
    /// <param name="schema">The schema; null: none is in force.</param>
    /// <param name="now">The time of the decision.</param>
    /// <returns>What to evaluate; and what the approval is worth, null when the question refers to none.</returns>
    public (TranslatedRequest Translated, ApprovalStanding? Standing) Overlay(
        in AskedEvaluation asked, TranslatedRequest translated, Cedar.Schema? schema, DateTimeOffset now)
    {
        if (IdIn(asked.Context) is not { } id) return (translated, null);
        if (!known.TryGetValue(id, out var request)) return (translated, ApprovalStanding.Unverifiable);

        var standing = AccessOffer.ScopeOf(translated, asked) is { } scope
            ? request.StandingFor(scope, now)
            : ApprovalStanding.OutOfScope;
        return standing == ApprovalStanding.Holds && ShapeIn(schema, translated.Request) is { } shape
            ? (With(translated, ValueOf(request, shape)), standing)
            : (translated, standing);
    }

    static IValueShape? ShapeIn(Cedar.Schema? schema, RecordedRequest request)
    {
        if (schema is null) return null;

        var served = AuthZenSchema.Of(schema);
        return served.TryGetType(request.Subject.Type, out var subject) && served.TryGetType(request.Resource.Type, out var resource)
            && served.FindAction(request.Action, subject.Name, resource.Name) is { } action
            && action.Context.Attribute(Member) is { Kind: ValueKind.Record } shape
                ? shape
                : null;
    }

    static RecordValue ValueOf(AccessRequest request, IValueShape shape)
    {
        var members = new List<KeyValuePair<string, Value>>(4);
        Add("id", ValueKind.String, new StringValue(request.EvaluationId.ToString("D")));
        Add("approved_by", ValueKind.String, new StringValue(request.DecidedBy!));
        Add("approved_at", ValueKind.DateTime, DateTimeValue.Of(request.DecidedAt!.Value));
        Add("approved_until", ValueKind.DateTime, DateTimeValue.Of(request.ApprovedUntil!.Value));
        return new RecordValue([.. members]);

        void Add(string name, ValueKind kind, Value value)
        {
            if (shape.Attribute(name)?.Kind == kind) members.Add(new(name, value));
        }
    }

    static TranslatedRequest With(TranslatedRequest translated, RecordValue approval)
    {
        var context = translated.Request.Context;
        var members = new List<KeyValuePair<string, Value>>(context.Count + 1) { new(Member, approval) };
        for (var i = 0; i < context.Count; i++) members.Add(new(context.Keys[i], context.Values[i]));

        return translated with
        {
            Request = translated.Request with { Context = new RecordValue([.. members]) },
            Sources = translated.Sources with { Governed = StringSet.Of([.. translated.Sources.Governed, $"context.{Member}"]) },
        };
    }
}
