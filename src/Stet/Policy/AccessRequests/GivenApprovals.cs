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

    /// <summary>Where policies find in it who gave it.</summary>
    internal const string ApprovedBy = "approved_by";

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
            ? (With(translated, ValueOf(request.EvaluationId, request.DecidedBy!, request.DecidedAt!.Value, request.ApprovedUntil!.Value, shape)), standing)
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

    /// <summary>A request as policies would see it with an approval of somebody; null: the schema has no place for one.</summary>
    /// <param name="request">The request.</param>
    /// <param name="schema">The schema.</param>
    /// <param name="held">For how long the approval would hold.</param>
    public static RecordedRequest? WithAny(RecordedRequest request, Cedar.Schema schema, TimeSpan held) =>
        ShapeIn(schema, request) is { } shape ? With(request, ValueOf(Guid.Empty, "", request.Now, request.Now + held, shape)) : null;

    static RecordValue ValueOf(Guid id, string approvedBy, DateTimeOffset approvedAt, DateTimeOffset approvedUntil, IValueShape shape)
    {
        var members = new List<KeyValuePair<string, Value>>(4);
        Add("id", ValueKind.String, new StringValue(id.ToString("D")));
        Add(ApprovedBy, ValueKind.String, new StringValue(approvedBy));
        Add("approved_at", ValueKind.DateTime, DateTimeValue.Of(approvedAt));
        Add("approved_until", ValueKind.DateTime, DateTimeValue.Of(approvedUntil));
        return new RecordValue([.. members]);

        void Add(string name, ValueKind kind, Value value)
        {
            if (shape.Attribute(name)?.Kind == kind) members.Add(new(name, value));
        }
    }

    static TranslatedRequest With(TranslatedRequest translated, RecordValue approval) => translated with
    {
        Request = With(translated.Request, approval),
        Sources = translated.Sources with { Governed = StringSet.Of([.. translated.Sources.Governed, $"context.{Member}"]) },
    };

    static RecordedRequest With(RecordedRequest request, RecordValue approval)
    {
        var context = request.Context;
        var members = new List<KeyValuePair<string, Value>>(context.Count + 1) { new(Member, approval) };
        for (var i = 0; i < context.Count; i++)
            if (context.Keys[i] != Member) members.Add(new(context.Keys[i], context.Values[i]));

        return request with { Context = new RecordValue([.. members]) };
    }
}
