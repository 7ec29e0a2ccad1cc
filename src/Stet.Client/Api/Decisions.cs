using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>A subject or resource that a decision is about (AuthZEN 1.0, sections 5.1 and 5.2).</summary>
/// <param name="Type">As the policies' schema calls it, such as <c>identity</c> or <c>tool</c>.</param>
/// <param name="Id">1 to 1,024 bytes of UTF-8.</param>
public sealed record Entity(string Type, string Id)
{
    /// <summary>What the asker knows of it. What Stet governs itself, it takes from the log instead.</summary>
    public JsonObject? Properties { get; init; }
}

/// <summary>What somebody wants to do (AuthZEN 1.0, section 5.3).</summary>
/// <param name="Name">As the policies' schema calls it, such as <c>tools/call</c>.</param>
public sealed record AccessAction(string Name)
{
    /// <summary>Policies see them in <c>context.action</c>.</summary>
    public JsonObject? Properties { get; init; }

    /// <summary>An action without properties.</summary>
    public static implicit operator AccessAction(string name) => new(name);
}

/// <summary>A question for a decision: may the subject do this with the resource?</summary>
/// <param name="Subject">Who.</param>
/// <param name="Action">What.</param>
/// <param name="Resource">With what.</param>
public sealed record Evaluation(Entity Subject, AccessAction Action, Entity Resource)
{
    /// <summary>Under which circumstances.</summary>
    public JsonObject? Context { get; init; }

    /// <summary>The same question, which refers to what a person has approved.</summary>
    /// <param name="approval">Of <see cref="AccessAnswer.Result"/>.</param>
    public Evaluation With(AccessApproval approval)
    {
        var context = (JsonObject?)Context?.DeepClone() ?? [];
        context["approval"] = JsonSerializer.SerializeToNode(approval, ApiJson.Default.AccessApproval);
        return this with { Context = context };
    }
}

/// <summary>When a batch of questions ends early.</summary>
[JsonConverter(typeof(LowerCase<BatchSemantic>))]
public enum BatchSemantic
{
    /// <summary>It does not.</summary>
    ExecuteAll,

    /// <summary>With the first no.</summary>
    DenyOnFirstDeny,

    /// <summary>With the first yes.</summary>
    PermitOnFirstPermit,
}

/// <summary>A decision, which is on record.</summary>
/// <param name="Allowed">
/// Whether the enforcement point may go on. It must not when there are <see cref="DecisionContext.Obligations"/> that it cannot
/// do.
/// </param>
/// <param name="Context">What else there is to say; null when there is nothing.</param>
public sealed record Decision([property: JsonPropertyName("decision")] bool Allowed, DecisionContext? Context = null)
{
    /// <summary>Names the decision; null in a batch, whose items do not tell, unless an access request can refer to it.</summary>
    [JsonIgnore]
    public Guid? EvaluationId { get; init; }

    /// <summary>Whether it is a yes that asks nothing of the enforcement point.</summary>
    [JsonIgnore]
    public bool IsPlainAllow => Allowed && Context?.Obligations is null or [];

    /// <summary>Whether people can be asked to turn this denial: see <see cref="DecisionsClient.RequestAccessAsync"/>.</summary>
    [JsonIgnore]
    public bool IsRequestable => this is { Allowed: false, EvaluationId: not null, Context.AccessRequest: not null };
}

/// <summary>What a decision says beside yes or no. Most of it is sent to enforcement points that are registered for it.</summary>
public sealed record DecisionContext
{
    /// <summary>The position of the log that an answer about the past is of; null for a decision.</summary>
    public long? AsOf { get; init; }

    /// <summary>The decision's id, where an access request can refer to it, or the answer explains itself.</summary>
    public Guid? EvaluationId { get; init; }

    /// <summary>That people can be asked to allow what was denied.</summary>
    public AccessOffer? AccessRequest { get; init; }

    /// <summary>Why an approval that the question referred to did not help, such as <c>approval_expired</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>What to do about it: <c>request</c>, <c>retry</c> or <c>none</c>.</summary>
    public string? NextAction { get; init; }

    /// <summary>What the enforcement point has to do. If it cannot do all of them, the answer is a no.</summary>
    public IReadOnlyList<Obligation>? Obligations { get; init; }

    /// <summary>What the enforcement point may do.</summary>
    public IReadOnlyList<Obligation>? Advice { get; init; }

    /// <summary>Why, in the engine's words.</summary>
    public JsonElement? Explanation { get; init; }

    /// <summary>What is wrong with the question, which was denied for it.</summary>
    public EvaluationError? Error { get; init; }
}

/// <summary>That people can be asked.</summary>
/// <param name="ExpiresAt">Until when a request can refer to the denial.</param>
public sealed record AccessOffer(DateTimeOffset ExpiresAt);

/// <summary>Something to do with a decision.</summary>
/// <param name="Id">Its name in the catalogue.</param>
/// <param name="Type"><c>step-up</c>, <c>notification</c>, <c>session_termination</c> or <c>custom</c>.</param>
/// <param name="Properties">What it takes.</param>
public sealed record Obligation(string Id, string Type, JsonElement Properties);

/// <summary>What is wrong with an item of a batch.</summary>
/// <param name="Status">An HTTP status.</param>
/// <param name="Message">What is wrong, and where.</param>
public sealed record EvaluationError(int Status, string Message);

/// <summary>What becomes of an access request. All but the first are for good.</summary>
[JsonConverter(typeof(LowerCase<AccessStatus>))]
public enum AccessStatus
{
    /// <summary>Nobody has decided yet.</summary>
    Pending,

    /// <summary>Somebody said yes.</summary>
    Approved,

    /// <summary>Somebody said no.</summary>
    Denied,

    /// <summary>Nobody decided in time.</summary>
    Expired,

    /// <summary>The enforcement point took it back.</summary>
    Cancelled,
}

/// <summary>How an access request stands.</summary>
/// <param name="Task">The request.</param>
/// <param name="Result">What to do now; null unless it was approved, and once the approval is revoked.</param>
public sealed record AccessAnswer(AccessTask Task, AccessResult? Result = null);

/// <summary>A request that people allow what was denied.</summary>
/// <param name="Id">The id of the denied decision.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="StatusEndpoint">Where it can be looked at: a URL, or a path of a service that has no public URL.</param>
/// <param name="ExpiresAt">Until when somebody may decide.</param>
public sealed record AccessTask(Guid Id, AccessStatus Status, string StatusEndpoint, DateTimeOffset ExpiresAt);

/// <summary>What to do after an approval.</summary>
/// <param name="Mode">Always <c>reevaluate</c>: ask again, see <see cref="Evaluation.With"/>.</param>
/// <param name="Approval">What the question then refers to.</param>
public sealed record AccessResult(string Mode, AccessApproval Approval);

/// <summary>Names an approval. It grants nothing by itself: Stet looks it up.</summary>
/// <param name="Id">The id of the denied decision.</param>
/// <param name="ApprovedAt">Since when.</param>
/// <param name="ApprovedUntil">The first moment it does not hold any more.</param>
public sealed record AccessApproval(Guid Id, DateTimeOffset ApprovedAt, DateTimeOffset ApprovedUntil);

/// <summary>A draft of AuthZEN that can be on for an enforcement point.</summary>
[JsonConverter(typeof(LowerCase<AuthZenDraft>))]
public enum AuthZenDraft
{
    /// <summary>It is told of obligations and advice.</summary>
    Obligations,

    /// <summary>It can ask people to turn a denial.</summary>
    AccessRequest,
}

/// <summary>How an enforcement point is to be answered.</summary>
public sealed record PepSettings
{
    /// <summary>Whether every answer says why.</summary>
    public bool Explain { get; init; }

    /// <summary>Types of obligations that it can do; they count while <see cref="AuthZenDraft.Obligations"/> is on.</summary>
    public IReadOnlyList<string> SupportedObligations { get; init; } = [];

    /// <summary>The drafts that are on for it.</summary>
    public IReadOnlyList<AuthZenDraft> Drafts { get; init; } = [];
}

/// <summary>How an enforcement point is answered.</summary>
/// <param name="PepId">Subject of its credential.</param>
/// <param name="Explain">Whether every answer says why.</param>
/// <param name="SupportedObligations">Types of obligations that it can do.</param>
/// <param name="Drafts">The drafts that are on for it.</param>
/// <param name="RegisteredAt">When this was said; null in the answer to who says what was said before.</param>
public sealed record RegisteredPep(
    string PepId, bool Explain, IReadOnlyList<string> SupportedObligations, IReadOnlyList<AuthZenDraft> Drafts,
    DateTimeOffset? RegisteredAt);

/// <summary>All registered enforcement points.</summary>
/// <param name="Peps">In the order in which they were first registered.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record RegisteredPeps(IReadOnlyList<RegisteredPep> Peps, long Position);

sealed record EvaluationBody(
    Entity Subject, AccessAction Action, Entity Resource, JsonObject? Context, EvaluationSettings? Options);

sealed record EvaluationsBody(IReadOnlyList<Evaluation> Evaluations, EvaluationSettings Options);

sealed record EvaluationSettings(BatchSemantic? EvaluationsSemantic = null, bool? Explain = null);

sealed record DecisionList(IReadOnlyList<Decision> Evaluations);

sealed record AccessRequestBody(
    Entity Subject, AccessAction Action, Entity Resource, JsonObject? Context, DenialReference Denial);

sealed record DenialReference(Guid EvaluationId, DateTimeOffset ExpiresAt);

sealed record SearchBody(SearchedEntity Subject, SearchedEntity Resource, AccessAction? Action, JsonObject? Context, SearchPageBody? Page);

sealed record SearchedEntity(string Type, string? Id = null, JsonObject? Properties = null)
{
    public static SearchedEntity Of(Entity known) => new(known.Type, known.Id, known.Properties);
}

sealed record SearchPageBody(string Token);

sealed record SearchAnswer(SearchPageAnswer Page, IReadOnlyList<SearchResult> Results, SearchContext? Context = null);

sealed record SearchContext(long AsOf);

sealed record SearchPageAnswer(string NextToken, int Count);

sealed record SearchResult(string? Type = null, string? Id = null, string? Name = null);
