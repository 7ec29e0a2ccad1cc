using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>How a question was answered.</summary>
[JsonConverter(typeof(LowerCase<DecisionClass>))]
public enum DecisionClass
{
    /// <summary>Something permits it, nothing forbids it.</summary>
    Allow,

    /// <summary>A policy forbids it.</summary>
    Forbidden,

    /// <summary>Nothing permits it.</summary>
    NotPermitted,

    /// <summary>It could not be decided, and is denied for it.</summary>
    Error,
}

/// <summary>Asks for recorded decisions.</summary>
public sealed record DecisionsQuery
{
    /// <summary>Those about this subject, by type and id; null: about any.</summary>
    public Entity? Subject { get; init; }

    /// <summary>Those of this class; null: of any.</summary>
    public DecisionClass? Class { get; init; }

    /// <summary>Those that this policy determined, by its id; null: any did.</summary>
    public string? Policy { get; init; }
}

/// <summary>A recorded decision.</summary>
/// <param name="Position">Of its event in the log.</param>
/// <param name="RecordedAt">When it was recorded.</param>
/// <param name="Decision">
/// The event as it is stored: the request as it was evaluated, the source of each attribute, digests, clock, result.
/// </param>
public sealed record RecordedDecision(long Position, DateTimeOffset RecordedAt, JsonElement Decision)
{
    /// <summary>Names the decision.</summary>
    [JsonIgnore]
    public Guid EvaluationId => Decision.GetProperty("evaluation_id").GetGuid();
}

/// <summary>A page of recorded decisions.</summary>
/// <param name="Decisions">Newest first; there may be few, and none, while there is a next page.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record RecordedDecisions(IReadOnlyList<RecordedDecision> Decisions, string? NextCursor, long Position);

/// <summary>A recorded decision as a test.</summary>
/// <param name="Test">For <see cref="NewCandidate.Tests"/>, as it is.</param>
/// <param name="Position">Of the decision in the log.</param>
public sealed record PromotedDecision(JsonObject Test, long Position);

/// <summary>How the answer to a question changed between two positions.</summary>
/// <param name="Changed">Whether the two answers differ.</param>
/// <param name="From">The answer at the first position.</param>
/// <param name="To">The answer at the second.</param>
/// <param name="Flips">What changed the answer on the way, in log order; there may be some although both ends agree.</param>
public sealed record DecisionChanges(bool Changed, DecisionAt From, DecisionAt To, IReadOnlyList<DecisionFlip> Flips);

/// <summary>An answer at a position.</summary>
/// <param name="Position">Of the log.</param>
/// <param name="Now">The time that it was evaluated at.</param>
/// <param name="Allowed">Whether it is a yes.</param>
/// <param name="Class">Of which kind it is.</param>
/// <param name="Code">Why, for what is no plain answer of policies, such as <c>no_active_policy</c>; null for one that is.</param>
/// <param name="Determining">The policies that it rests on.</param>
/// <param name="PolicySetDigest">The policies that were in force; null: none were.</param>
public sealed record DecisionAt(
    long Position, DateTimeOffset Now, [property: JsonPropertyName("decision")] bool Allowed, DecisionClass Class, string? Code,
    IReadOnlyList<string> Determining, string? PolicySetDigest);

/// <summary>Something changed an answer.</summary>
/// <param name="Cause">The event's name, such as <c>entity_recorded</c>; <c>time</c>: no event, but what policies say of the time.</param>
/// <param name="EventId">The event; null for the time.</param>
/// <param name="Before">The answer before it.</param>
/// <param name="After">The answer after it.</param>
public sealed record DecisionFlip(string Cause, Guid? EventId, DecisionAt Before, DecisionAt After);

/// <summary>Recorded decisions were evaluated again.</summary>
/// <param name="Progress">How far it has come; of a run with a first position, of that run alone.</param>
/// <param name="Mismatches">The newest hundred decisions that came out otherwise, newest first.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record DecisionAudit(AuditProgress Progress, IReadOnlyList<DecisionMismatch> Mismatches, long Position);

/// <summary>How far the evaluation of recorded decisions has come with one engine.</summary>
/// <param name="Engine">Name and version of the engine; another one begins anew.</param>
/// <param name="Position">The log has been looked at up to there.</param>
/// <param name="Decisions">Decisions evaluated.</param>
/// <param name="Unreplayable">How many of them could not be.</param>
/// <param name="Mismatches">How many came out otherwise.</param>
/// <param name="AuditedAt">When it last reached the log's end; null: it has not yet.</param>
public sealed record AuditProgress(
    string Engine, long Position, long Decisions, long Unreplayable, long Mismatches, DateTimeOffset? AuditedAt);

/// <summary>A decision that came out otherwise.</summary>
/// <param name="DecisionPosition">Of the decision in the log.</param>
/// <param name="FoundPosition">Where what was found is on record, with both results.</param>
public sealed record DecisionMismatch(long DecisionPosition, long FoundPosition);

sealed record ChangesBody(long From, long To, EvaluationBody Request, string? Pep);

sealed record AuditBody(long? From);
