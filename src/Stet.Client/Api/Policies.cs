using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>A whole set of rules, put up for use.</summary>
/// <param name="Policies">Policies and templates, one at least, each under an id of its own, which it keeps across versions.</param>
/// <param name="Schema">In Cedar's schema language; or in its JSON form, as a text.</param>
public sealed record NewCandidate(IReadOnlyList<NamedPolicy> Policies, string Schema)
{
    /// <summary>What fills the templates' slots.</summary>
    public IReadOnlyList<TemplateLink> Links { get; init; } = [];

    /// <summary>What <c>@obligation</c> and <c>@advice</c> name: <c>{name: {type, properties}}</c>; null: nothing.</summary>
    public JsonObject? Obligations { get; init; }

    /// <summary>What has to come out: a list of tests, see <see cref="PromotedDecision.Test"/>; null: none.</summary>
    public JsonArray? Tests { get; init; }

    /// <summary>What it is for, at most 2,000 characters.</summary>
    public string? Note { get; init; }
}

/// <summary>A policy or template.</summary>
/// <param name="Id">1 to 128 of <c>a-z 0-9 . _ -</c>, a letter or digit first; an <c>@id</c> in its text has to be the same.</param>
/// <param name="Text">One policy in Cedar.</param>
public sealed record NamedPolicy(string Id, string Text);

/// <summary>What fills the slots of a template.</summary>
/// <param name="Template">The template's id.</param>
/// <param name="Id">The id of the policy that it makes.</param>
/// <param name="Principal">For <c>?principal</c>; null: the template has no such slot.</param>
/// <param name="Resource">For <c>?resource</c>; null: the template has no such slot.</param>
public sealed record TemplateLink(string Template, string Id, EntityName? Principal = null, EntityName? Resource = null);

/// <summary>How far a candidate is.</summary>
[JsonConverter(typeof(LowerCase<CandidateState>))]
public enum CandidateState
{
    /// <summary>Nothing is said of it yet.</summary>
    Drafted,

    /// <summary>It is valid, and its tests pass.</summary>
    Validated,

    /// <summary>What it would change is on record: it can be approved.</summary>
    Diffed,

    /// <summary>It is not valid, or a test fails: it has ended.</summary>
    Invalid,

    /// <summary>An approver said no: it has ended.</summary>
    Rejected,

    /// <summary>It decides, will decide, or did.</summary>
    Activated,

    /// <summary>It was withdrawn.</summary>
    Retired,
}

/// <summary>Something the author of a candidate should know.</summary>
/// <param name="Code">Stable, snake_case, for programs.</param>
/// <param name="Part"><c>policies</c>, <c>links</c>, <c>schema</c>, <c>obligations</c> or <c>tests</c>.</param>
/// <param name="Name">The policy, link, obligation or test it concerns; null: none by itself.</param>
/// <param name="Line">In its text, from 1; null where there is no text.</param>
/// <param name="Column">In that line, from 1, in UTF-16 code units; null where there is no text.</param>
/// <param name="Message">What to change. The wording may change.</param>
public sealed record PolicyFinding(string Code, string Part, string? Name, int? Line, int? Column, string Message);

/// <summary>A candidate that is on record.</summary>
/// <param name="Candidate">Its digest, which names it.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations.</param>
/// <param name="SchemaDigest">Of the schema.</param>
/// <param name="TestsDigest">Of the tests.</param>
/// <param name="State"><see cref="CandidateState.Validated"/> or <see cref="CandidateState.Invalid"/>.</param>
/// <param name="Findings">Errors when it is not valid, and warnings.</param>
/// <param name="DraftedAgainst">What was in force; null: nothing was.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="Position">The log position of its validation.</param>
public sealed record DraftedCandidate(
    string Candidate, string PolicySetDigest, string SchemaDigest, string TestsDigest, CandidateState State,
    IReadOnlyList<PolicyFinding> Findings, string? DraftedAgainst, string Author, long Position);

/// <summary>What a call recorded of a candidate.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="Steps">In log order.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CandidateSteps(string Candidate, IReadOnlyList<PolicyStep> Steps, long Position);

/// <summary>A step in the life of a candidate.</summary>
/// <param name="Step">The name of its event, such as <c>policy_approved</c>.</param>
/// <param name="Position">The event's position in the log.</param>
/// <param name="Event">The event as it is stored; of a draft, without its text.</param>
public sealed record PolicyStep(string Step, long Position, JsonElement Event);

/// <summary>A candidate with all that happened to it.</summary>
/// <param name="Candidate">Its digest.</param>
/// <param name="State">How far it is.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations.</param>
/// <param name="SchemaDigest">Of the schema.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="Steps">In log order.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CandidateHistory(
    string Candidate, CandidateState State, string PolicySetDigest, string SchemaDigest, string Author,
    IReadOnlyList<PolicyStep> Steps, long Position)
{
    /// <summary>What can be approved; null while there is nothing: the candidate has no diff, or has ended.</summary>
    [JsonIgnore]
    public ShownDiff? NewestDiff =>
        State == CandidateState.Diffed && Steps.LastOrDefault(s => s.Step == "policy_diffed") is { Event: var diffed }
            ? new ShownDiff(Candidate, diffed.GetProperty("diff_digest").GetString()!, diffed.GetProperty("to").GetInt64())
            : null;
}

/// <summary>A candidate in a list.</summary>
/// <param name="Candidate">Its digest.</param>
/// <param name="State">How far it is.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations.</param>
/// <param name="SchemaDigest">Of the schema.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="DraftedPosition">Where in the log.</param>
/// <param name="ChangedPosition">Where its newest event is.</param>
public sealed record CandidateItem(
    string Candidate, CandidateState State, string PolicySetDigest, string SchemaDigest, string Author, long DraftedPosition,
    long ChangedPosition);

/// <summary>A page of candidates.</summary>
/// <param name="Candidates">Those drafted last first.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CandidateList(IReadOnlyList<CandidateItem> Candidates, string? NextCursor, long Position);

/// <summary>The text of a candidate.</summary>
/// <param name="Policies">Policies and templates.</param>
/// <param name="Links">What fills the templates' slots.</param>
/// <param name="Obligations">Canonical JSON (RFC 8785) of the catalogue, as a text.</param>
/// <param name="Schema">In the schema language; or in JSON, which begins with a brace.</param>
/// <param name="Tests">Canonical JSON (RFC 8785) of the list, as a text.</param>
public sealed record CandidateText(
    IReadOnlyList<NamedPolicy> Policies, IReadOnlyList<TemplateLink> Links, string Obligations, string Schema, string Tests);

/// <summary>Whose approvals count.</summary>
/// <param name="Approvers">Subjects of credentials, in ordinal order.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record PolicyApprovers(IReadOnlyList<string> Approvers, long Position);

/// <summary>What decides, and what will.</summary>
/// <param name="Candidate">The candidate; null: nothing decides, so nothing is allowed.</param>
/// <param name="PolicySetDigest">Its policies.</param>
/// <param name="SchemaDigest">Its schema.</param>
/// <param name="Since">From when on it decides.</param>
/// <param name="Next">What is still to come, unless something is activated or rolled back before.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record PoliciesInForce(
    string? Candidate, string? PolicySetDigest, string? SchemaDigest, DateTimeOffset? Since, IReadOnlyList<PolicyActivation> Next,
    long Position);

/// <summary>Something that comes into force.</summary>
/// <param name="Candidate">What.</param>
/// <param name="PolicySetDigest">Its policies.</param>
/// <param name="SchemaDigest">Its schema.</param>
/// <param name="NotBefore">From when on.</param>
/// <param name="IsRetired">Whether it may not be rolled back to.</param>
public sealed record PolicyActivation(
    string Candidate, string PolicySetDigest, string SchemaDigest, DateTimeOffset NotBefore, bool IsRetired);

sealed record PolicyReason(string? Reason);

sealed record Rollback(string Candidate, string Reason);
