using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>What became of a document.</summary>
[JsonConverter(typeof(Capitals<SubmissionOutcome>))]
public enum SubmissionOutcome
{
    /// <summary>Its values agree with each other, which says nothing about the data.</summary>
    Accepted,

    /// <summary>Somebody has to look at it.</summary>
    Escalated,
}

/// <summary>The service's word on a document that it recorded.</summary>
/// <param name="Accepted">Whether its values agree with each other.</param>
/// <param name="Escalated">Whether somebody has to look at it: the opposite.</param>
/// <param name="Outcome">The same as a word.</param>
/// <param name="PcsId">The document's identity.</param>
/// <param name="RecomputedDHat">D̂ out of the document's own counts.</param>
/// <param name="RecomputedBudget">Budget out of the claimed D̂, coh★ and r.</param>
/// <param name="Reason">The message of the first escalation; empty without one.</param>
/// <param name="Reasons">What was found, in the order of the checks.</param>
/// <param name="Position">In the tenant's log; of the first time, when the document came again.</param>
public sealed record SubmissionVerdict(
    bool Accepted, bool Escalated, SubmissionOutcome Outcome, string PcsId,
    [property: JsonPropertyName("recomputed_D_hat")] double RecomputedDHat, double RecomputedBudget, string Reason,
    IReadOnlyList<SubmissionReason> Reasons, long Position);

/// <summary>Something about a document's values that is not as it should be.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Severity"><c>warning</c> or <c>escalation</c>.</param>
/// <param name="Message">For people.</param>
public sealed record SubmissionReason(string Code, string Severity, string Message);

/// <summary>A recorded document and its verdict.</summary>
/// <param name="PcsId">The document's identity.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="Epoch">Which stretch of them.</param>
/// <param name="Outcome">The verdict; a resolution never changes it.</param>
/// <param name="Reasons">What was found, in the order of the checks.</param>
/// <param name="RecomputedDHat">D̂ out of the document's own counts.</param>
/// <param name="RecomputedBudget">Budget out of the claimed D̂, coh★ and r.</param>
/// <param name="ContentDigest">SHA-256 of what it says apart from delivery and signature, 64 hexadecimal digits.</param>
/// <param name="BodyHash">SHA-256 of the body that was received, 64 hexadecimal digits.</param>
/// <param name="Dialect">How it was signed; <c>none</c>: it was not.</param>
/// <param name="Kid">The key that verified it; null for dialect <c>none</c>.</param>
/// <param name="ParameterVersion">Which of the tenant's parameters were in force; 0: the defaults.</param>
/// <param name="ReceivedAt">By the server's clock.</param>
/// <param name="Position">In the tenant's log.</param>
/// <param name="Document">The document.</param>
/// <param name="Resolution">How its escalation was resolved; null: it was not.</param>
public sealed record RecordedSubmission(
    string PcsId, string ShardId, long Epoch, SubmissionOutcome Outcome, IReadOnlyList<SubmissionReason> Reasons,
    [property: JsonPropertyName("recomputed_D_hat")] double RecomputedDHat, double RecomputedBudget, string ContentDigest,
    string BodyHash, string Dialect, string? Kid, long ParameterVersion, DateTimeOffset ReceivedAt, long Position,
    JsonElement Document, Resolution? Resolution);

/// <summary>
/// The newest hundred recordings of one document, oldest first: more than one when it came again long after.
/// </summary>
/// <param name="Submissions">The recordings.</param>
/// <param name="Equivocations">How often the id came with other content.</param>
/// <param name="Redeliveries">How often these came again, and got their first answer; the last second may be missing.</param>
/// <param name="LastRedeliveredAt">When one did last; null: none did.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SubmissionsOfId(
    IReadOnlyList<RecordedSubmission> Submissions, int Equivocations, long Redeliveries, DateTimeOffset? LastRedeliveredAt,
    long Position);

/// <summary>A page of recorded documents.</summary>
/// <param name="Rows">The documents.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record Submissions(
    [property: JsonPropertyName("submissions")] IReadOnlyList<RecordedSubmission> Rows, string? NextCursor, long Position);

/// <summary>Asks for recorded documents: all, newest first, or of one shard or of some epochs, highest epoch first.</summary>
public sealed record SubmissionsQuery
{
    /// <summary>Only of this shard; null: of all.</summary>
    public string? ShardId { get; init; }

    /// <summary>Only this epoch and later ones.</summary>
    public long? EpochFrom { get; init; }

    /// <summary>Only this epoch and earlier ones.</summary>
    public long? EpochTo { get; init; }

    /// <summary>Only with this outcome; null: with any.</summary>
    public SubmissionOutcome? Outcome { get; init; }

    /// <summary>One epoch of a shard.</summary>
    public static SubmissionsQuery Of(string shardId, long epoch) => new() { ShardId = shardId, EpochFrom = epoch, EpochTo = epoch };
}

/// <summary>How far a shard has come.</summary>
/// <param name="Submitted">The highest epoch recorded.</param>
/// <param name="Accepted">The highest epoch accepted; null: none is.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record ShardProgress(RecordedSubmission Submitted, RecordedSubmission? Accepted, long Position);

/// <summary>Which escalations to list.</summary>
public enum EscalationState
{
    /// <summary>That somebody has to look at.</summary>
    Open,

    /// <summary>That somebody has looked at.</summary>
    Resolved,

    /// <summary>All.</summary>
    All,
}

/// <summary>Somebody's word on an escalated document.</summary>
[JsonConverter(typeof(LowerCase<ResolutionKind>))]
public enum ResolutionKind
{
    /// <summary>It is all right.</summary>
    Accepted,

    /// <summary>It is not.</summary>
    Rejected,
}

sealed record NewResolution(ResolutionKind Resolution, string? Comment);

/// <summary>How an escalation was resolved.</summary>
/// <param name="PcsId">Which document.</param>
/// <param name="Kind">Which way.</param>
/// <param name="Comment">Why; null when nothing was said.</param>
/// <param name="ResolvedBy">Subject of the verified credential.</param>
/// <param name="ResolvedAt">By the server's clock.</param>
/// <param name="Position">In the tenant's log.</param>
public sealed record Resolution(
    string PcsId, [property: JsonPropertyName("resolution")] ResolutionKind Kind, string? Comment, string ResolvedBy,
    DateTimeOffset ResolvedAt, long Position);

/// <summary>An id came with other content.</summary>
/// <param name="PcsId">The id.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="ContentDigest">Of the new document.</param>
/// <param name="FirstContentDigest">Of the document that came first.</param>
/// <param name="FirstPosition">Where that is in the log.</param>
/// <param name="Members">Names of the members that differ.</param>
/// <param name="SignedPartDiffers">False: a third party may have altered one copy; do not blame the shard.</param>
/// <param name="Dialect">How the new document was signed.</param>
/// <param name="Kid">The key that verified it; null for dialect <c>none</c>.</param>
/// <param name="ReceivedAt">By the server's clock.</param>
/// <param name="Position">In the tenant's log.</param>
public sealed record Equivocation(
    string PcsId, string ShardId, string ContentDigest, string FirstContentDigest, long FirstPosition,
    IReadOnlyList<string> Members, bool SignedPartDiffers, string Dialect, string? Kid, DateTimeOffset ReceivedAt, long Position);

/// <summary>A page of contradictions, oldest first.</summary>
/// <param name="Rows">The contradictions.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record Equivocations(
    [property: JsonPropertyName("equivocations")] IReadOnlyList<Equivocation> Rows, string? NextCursor, long Position);

/// <summary>A recorded document that came again.</summary>
/// <param name="PcsId">Its id.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="Epoch">Which of the shard's.</param>
/// <param name="Redeliveries">How often it came again, and got its first answer.</param>
/// <param name="LastRedeliveredAt">When it did last, by the server's clock.</param>
/// <param name="Position">Where it was recorded in the tenant's log.</param>
public sealed record Duplicate(
    string PcsId, string ShardId, long Epoch, long Redeliveries, DateTimeOffset LastRedeliveredAt, long Position);

/// <summary>A page of documents that came again, the newest recorded first.</summary>
/// <param name="Rows">The documents.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects; what came in the last second may be missing.</param>
public sealed record Duplicates(
    [property: JsonPropertyName("duplicates")] IReadOnlyList<Duplicate> Rows, string? NextCursor, long Position);

/// <summary>How a tenant's submissions went.</summary>
/// <param name="Accepted">Documents accepted.</param>
/// <param name="Escalated">Documents escalated.</param>
/// <param name="EscalationRate">Escalated by all recorded, 0 to 1; null: none is recorded.</param>
/// <param name="OpenEscalations">Documents that somebody has to look at.</param>
/// <param name="ResolvedAccepted">Escalations resolved as accepted.</param>
/// <param name="ResolvedRejected">Escalations resolved as rejected.</param>
/// <param name="Equivocated">Contradictions that signatures cover.</param>
/// <param name="EquivocatedUnsigned">Contradictions that no signature covers: no shard's fault.</param>
/// <param name="Refused">Refusals recorded, by code.</param>
/// <param name="RefusedSuppressed">Refusals that were not recorded because there were too many.</param>
/// <param name="Deliveries">How documents were delivered.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SubmissionSummary(
    long Accepted, long Escalated, double? EscalationRate, long OpenEscalations, long ResolvedAccepted, long ResolvedRejected,
    long Equivocated, long EquivocatedUnsigned, IReadOnlyDictionary<string, long> Refused, long RefusedSuppressed,
    DeliveryCounts Deliveries, long Position);

/// <summary>How a tenant's documents were delivered; what came in the last second may be missing.</summary>
/// <param name="Submissions">All of the tenant, refused ones included.</param>
/// <param name="Duplicates">Those that got the first answer again.</param>
/// <param name="DuplicateRate">By all, 0 to 1; null: there were none.</param>
/// <param name="SignatureFailures">Those whose signature was refused.</param>
/// <param name="SignatureFailureRate">By all, 0 to 1; null: there were none.</param>
public sealed record DeliveryCounts(
    long Submissions, long Duplicates, double? DuplicateRate, long SignatureFailures, double? SignatureFailureRate);
