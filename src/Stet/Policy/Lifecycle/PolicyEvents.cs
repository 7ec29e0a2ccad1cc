using Stet.Cedar;

namespace Stet.Policy.Lifecycle;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>Somebody put a whole set of rules up for use. Any edit of it is another candidate.</summary>
/// <param name="Candidate">SHA-256 over the three digests, 64 hexadecimal digits: the candidate's name.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations, 64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
/// <param name="TestsDigest">64 hexadecimal digits.</param>
/// <param name="Text">What was sent.</param>
/// <param name="DraftedAgainst">The candidate that was in force then; null: none was.</param>
/// <param name="Author">Subject of the verified credential.</param>
/// <param name="Note">What it is for, at most 2,000 characters; null when nothing was said.</param>
/// <param name="DraftedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyDrafted(
    string Candidate, string PolicySetDigest, string SchemaDigest, string TestsDigest, CandidateText Text,
    string? DraftedAgainst, string Author, string? Note, DateTimeOffset DraftedAt);

/// <summary>A candidate passed strict validation and its own tests.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="Engine">Name and version of what validated it.</param>
/// <param name="Language">Version of the policy language.</param>
/// <param name="Warnings">What its author should know.</param>
/// <param name="ValidatedAt">UTC, microseconds, by the server's clock.</param>
public sealed record PolicyValidated(
    string Candidate, string Engine, string Language, EquatableArray<PolicyFinding> Warnings, DateTimeOffset ValidatedAt);

/// <summary>A candidate is not valid, which ends it.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="Engine">Name and version of what found it so.</param>
/// <param name="Language">Version of the policy language.</param>
/// <param name="Findings">At least one error, then warnings.</param>
/// <param name="FoundAt">UTC, microseconds, by the server's clock.</param>
public sealed record PolicyFoundInvalid(
    string Candidate, string Engine, string Language, EquatableArray<PolicyFinding> Findings, DateTimeOffset FoundAt);

/// <summary>Recorded decisions were evaluated under a candidate; what would change stands in the report.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="DiffDigest">SHA-256 of the report, 64 hexadecimal digits.</param>
/// <param name="From">The first position that was looked at.</param>
/// <param name="To">The last one: the position of the triple that approvers send back.</param>
/// <param name="Baseline">What was in force; null: nothing was.</param>
/// <param name="Counts">Decisions by what would change.</param>
/// <param name="DiffedBy">Subject of the verified credential.</param>
/// <param name="DiffedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyDiffed(
    string Candidate, string DiffDigest, long From, long To, PolicyBaseline? Baseline, DiffCounts Counts, string DiffedBy,
    DateTimeOffset DiffedAt);

/// <summary>Somebody answers for a candidate and for what its diff shows.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="DiffDigest">The report that the approver was shown.</param>
/// <param name="Position">The last position it looked at.</param>
/// <param name="Approver">Subject of the verified credential; never the author.</param>
/// <param name="ApprovedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyApproved(
    string Candidate, string DiffDigest, long Position, string Approver, DateTimeOffset ApprovedAt);

/// <summary>An approver said no, which ends the candidate.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="Reason">1 to 2,000 characters.</param>
/// <param name="RejectedBy">Subject of the verified credential.</param>
/// <param name="RejectedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyRejected(string Candidate, string Reason, string RejectedBy, DateTimeOffset RejectedAt);

/// <summary>A candidate decides from a time on, until another that is recorded later takes over.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="PolicySetDigest">64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
/// <param name="DiffDigest">The report that was approved.</param>
/// <param name="Position">The last position that it looked at.</param>
/// <param name="Approvers">Two people, neither the author.</param>
/// <param name="NotBefore">From when on.</param>
/// <param name="TailTo">The last position that was replayed before the activation, on top of the report.</param>
/// <param name="Tail">The decisions after <paramref name="Position"/>, by what would change.</param>
/// <param name="ActivatedBy">Subject of the verified credential.</param>
/// <param name="ActivatedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyActivated(
    string Candidate, string PolicySetDigest, string SchemaDigest, string DiffDigest, long Position, StringSet Approvers,
    DateTimeOffset NotBefore, long TailTo, DiffCounts Tail, string ActivatedBy, DateTimeOffset ActivatedAt);

/// <summary>What was in force lately is in force again, at once.</summary>
/// <param name="Candidate">What is in force from now on.</param>
/// <param name="PolicySetDigest">64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
/// <param name="From">What was in force until now.</param>
/// <param name="Reason">1 to 2,000 characters.</param>
/// <param name="RolledBackBy">Subject of the verified credential.</param>
/// <param name="RolledBackAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyRolledBack(
    string Candidate, string PolicySetDigest, string SchemaDigest, string From, string Reason, string RolledBackBy,
    DateTimeOffset RolledBackAt);

/// <summary>What was replaced cannot be rolled back to any more; or a candidate or an activation yet to come was withdrawn.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="Reason">At most 2,000 characters; null when nothing was said.</param>
/// <param name="RetiredBy">Subject of the verified credential.</param>
/// <param name="RetiredAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyRetired(string Candidate, string? Reason, string RetiredBy, DateTimeOffset RetiredAt);

/// <summary>Somebody's approvals count from now on.</summary>
/// <param name="Approver">Subject of credentials.</param>
/// <param name="NamedBy">Subject of the verified credential.</param>
/// <param name="NamedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyApproverNamed(string Approver, string NamedBy, DateTimeOffset NamedAt);

/// <summary>Somebody's approvals count no more, those given before included, until the person is named again.</summary>
/// <param name="Approver">Subject of credentials.</param>
/// <param name="RemovedBy">Subject of the verified credential.</param>
/// <param name="RemovedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PolicyApproverRemoved(string Approver, string RemovedBy, DateTimeOffset RemovedAt);

/// <summary>A candidate as it was sent.</summary>
/// <param name="Policies">Policies and templates, each under an id of its own.</param>
/// <param name="Links">What fills the templates' slots.</param>
/// <param name="Obligations">Canonical JSON (RFC 8785) of the catalogue: <c>{name: {type, properties}}</c>.</param>
/// <param name="Schema">In the schema language; or in JSON, which begins with a brace.</param>
/// <param name="Tests">Canonical JSON (RFC 8785): a list of tests.</param>
public sealed record CandidateText(
    EquatableArray<NamedPolicy> Policies, EquatableArray<NamedLink> Links, string Obligations, string Schema, string Tests);

/// <summary>A policy or template.</summary>
/// <param name="Id">1 to 128 characters, <c>[a-z0-9][a-z0-9._-]*</c>.</param>
/// <param name="Text">One policy in the policy language.</param>
public sealed record NamedPolicy(string Id, string Text);

/// <summary>What fills the slots of a template.</summary>
/// <param name="Template">The template's id.</param>
/// <param name="Id">The id of the policy that it makes.</param>
/// <param name="Principal">For <c>?principal</c>; null: the template has no such slot.</param>
/// <param name="Resource">For <c>?resource</c>; null: the template has no such slot.</param>
public sealed record NamedLink(string Template, string Id, EntityName? Principal = null, EntityName? Resource = null);

/// <summary>Names an entity.</summary>
/// <param name="Type">Full type path.</param>
/// <param name="Id">Within the type.</param>
public sealed record EntityName(string Type, string Id);

/// <summary>Something the author of a candidate should know.</summary>
/// <param name="Code">Stable, snake_case, for machines.</param>
/// <param name="Part"><c>policies</c>, <c>links</c>, <c>schema</c>, <c>obligations</c> or <c>tests</c>.</param>
/// <param name="Name">The policy, link, obligation or test it concerns; null: none by itself.</param>
/// <param name="Line">In its text, from 1; null where there is no text.</param>
/// <param name="Column">In that line, from 1, in UTF-16 code units; null where there is no text.</param>
/// <param name="Message">What to change. The wording may change.</param>
public sealed record PolicyFinding(string Code, string Part, string? Name, int? Line, int? Column, string Message);

/// <summary>What was in force when a candidate was compared with it.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="PolicySetDigest">64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
public sealed record PolicyBaseline(string Candidate, string PolicySetDigest, string SchemaDigest);

/// <summary>Decisions by what a candidate would change; the first that fits counts.</summary>
/// <param name="Unreplayable">Their inputs were erased or not kept.</param>
/// <param name="SchemaInvalid">The request or an entity does not fit the candidate's schema.</param>
/// <param name="NewError">A policy errors now and did not before.</param>
/// <param name="ErrorGone">The reverse.</param>
/// <param name="AllowToDeny">Would be denied.</param>
/// <param name="DenyToAllow">Would be allowed.</param>
/// <param name="ReasonOnly">The same decision for another reason.</param>
/// <param name="Same">Nothing of all that.</param>
public sealed record DiffCounts(
    long Unreplayable, long SchemaInvalid, long NewError, long ErrorGone, long AllowToDeny, long DenyToAllow,
    long ReasonOnly, long Same)
{
    /// <summary>No decision.</summary>
    public static DiffCounts None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0);
}
