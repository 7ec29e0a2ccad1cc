using System.Text.Json.Serialization;
using Stet.Cedar;
using Stet.EventStore;

namespace Stet.Policy.Decisions;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>
/// An enforcement point asked and was answered. With the policies, the schema and the entities that it names, it
/// determines its own answer.
/// </summary>
/// <param name="EvaluationId">
/// The event's id, given out with the answer. That of an event of before it was so has the same time, and is another.
/// </param>
/// <param name="BatchId">The same for all items of one batch, version-7 UUID; null for a single evaluation.</param>
/// <param name="Item">Place in the batch, from 0; null for a single evaluation.</param>
/// <param name="RequestId">The <c>X-Request-ID</c> that came along; null without one.</param>
/// <param name="Pep">Who asked.</param>
/// <param name="Request">What was asked, as it was evaluated.</param>
/// <param name="Sources">Where each attribute came from.</param>
/// <param name="Dropped">Names that the request brought and the schema does not declare, or governs: <c>subject.age</c>.</param>
/// <param name="PolicySetDigest">SHA-256 of the policies in force, 64 hexadecimal digits; null when there were none.</param>
/// <param name="SchemaDigest">SHA-256 of their schema, likewise.</param>
/// <param name="EntityPosition">Position of the newest entity event that was taken into account; 0: none.</param>
/// <param name="Raw">Cedar's answer; null when the engine was not asked.</param>
/// <param name="Effective">What the enforcement point was told.</param>
/// <param name="ReplayDigest">See <see cref="Decisions.ReplayDigest"/>; null for a decision of before there was one.</param>
[JsonConverter(typeof(DecisionRecordedConverter))]
public sealed record DecisionRecorded(
    Guid EvaluationId, Guid? BatchId, int? Item, string? RequestId, PepSupport Pep, RecordedRequest Request,
    RequestSources Sources, StringSet Dropped, string? PolicySetDigest, string? SchemaDigest, long EntityPosition,
    RawResult? Raw, EffectiveResult Effective, string? ReplayDigest = null) : IIdentifiedEvent
{
    Guid IIdentifiedEvent.EventId => EvaluationId;
}

/// <summary>An enforcement point searched and was answered with one page.</summary>
/// <param name="Search"><c>subject</c>, <c>resource</c> or <c>action</c>: what was searched for.</param>
/// <param name="RequestId">The <c>X-Request-ID</c> that came along; null without one.</param>
/// <param name="Pep">Who asked.</param>
/// <param name="Query">What was asked without its page: canonical JSON (RFC 8785).</param>
/// <param name="PolicySetDigest">SHA-256 of the policies that were applied; null when there were none.</param>
/// <param name="SchemaDigest">SHA-256 of their schema, likewise.</param>
/// <param name="EntityPosition">Position of the newest entity event that was taken into account; 0: none.</param>
/// <param name="AsOf">Position of the log that all pages of this listing show; null for the first page: its own.</param>
/// <param name="Now">The time that all pages of this listing were evaluated at.</param>
/// <param name="After">Id of the last candidate of the page before; null for the first page.</param>
/// <param name="Count">Results of this page.</param>
/// <param name="ResultsDigest">SHA-256 of the canonical JSON of the results, 64 hexadecimal digits.</param>
public sealed record SearchAnswered(
    string Search, string? RequestId, PepSupport Pep,
    [property: JsonConverter(typeof(CanonicalJsonConverter))] string Query,
    string? PolicySetDigest, string? SchemaDigest, long EntityPosition, long? AsOf, DateTimeOffset Now, string? After, int Count, string ResultsDigest);

/// <summary>An enforcement point is known from now on, or known otherwise than before.</summary>
/// <param name="PepId">Subject of its credential, 1 to 255 characters.</param>
/// <param name="Explain">Whether every answer says why.</param>
/// <param name="Obligations">Types of obligations that it supports; they count while the draft is on.</param>
/// <param name="Drafts">Drafts of AuthZEN that are on for it: <c>obligations</c>, <c>access_request</c>.</param>
/// <param name="Actor">The verified caller.</param>
/// <param name="RegisteredAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PepRegistered(
    string PepId, bool Explain, StringSet Obligations, StringSet Drafts, string Actor, DateTimeOffset RegisteredAt);

/// <summary>A request as it was evaluated: filtered by the schema, converted, overlaid with what is known.</summary>
/// <param name="Subject">Who wants something.</param>
/// <param name="Action">What it wants to do: the action's name.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances; <c>action</c> holds the action's properties.</param>
/// <param name="Now">The time of the evaluation, UTC; policies see it in <c>context.now</c>, cut to milliseconds.</param>
/// <param name="Invalid">Names of attributes whose values do not convert to what the schema declares; they are left out.</param>
/// <param name="Problem">
/// Why it is no question at all: an item of a batch that lacks a part. What of it can be read is here, the rest is empty;
/// nothing is allowed. Null for every sound request.
/// </param>
public sealed record RecordedRequest(
    Party Subject, string Action, Party Resource, RecordValue Context, DateTimeOffset Now, StringSet Invalid,
    string? Problem = null)
{
    /// <summary>The version of the fail-closed layer that it is evaluated by; 1 for a decision of before there was another.</summary>
    /// <value>1 to <see cref="DecisionPoint.Layer"/>, which is the default.</value>
    public int Layer { get; init; } = DecisionPoint.Layer;
}

/// <summary>A subject or a resource.</summary>
/// <param name="Type">AuthZEN's name of the type.</param>
/// <param name="Id">Its id.</param>
/// <param name="Properties">All attributes it was evaluated with.</param>
public sealed record Party(string Type, string Id, RecordValue Properties);

/// <summary>Where attributes came from: <c>subject.role</c>, <c>context.ip</c>. The first source that has one wins.</summary>
/// <param name="Governed">Stet's own projections and clock, whatever the request says.</param>
/// <param name="Request">The request.</param>
/// <param name="Recorded">Entities on record.</param>
public sealed record RequestSources(StringSet Governed, StringSet Request, StringSet Recorded)
{
    /// <summary>There is no attribute.</summary>
    public static RequestSources None { get; } = new(StringSet.Empty, StringSet.Empty, StringSet.Empty);
}
