using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>Whom or what corrections are about.</summary>
/// <param name="Type">Such as <c>patient</c>, 1 to 200 characters.</param>
/// <param name="Id">1 to 200 characters.</param>
public sealed record Subject(string Type, string Id);

/// <summary>Who did something.</summary>
/// <param name="Type">Such as <c>human</c> or <c>agent</c>, 1 to 200 characters.</param>
/// <param name="Id">1 to 200 characters.</param>
public sealed record Actor(string Type, string Id);

/// <summary>How binding a correction is.</summary>
[JsonConverter(typeof(Capitals<CorrectionClass>))]
public enum CorrectionClass
{
    /// <summary>Has to be held by every system that answers about the subject.</summary>
    Fact,

    /// <summary>Kept in history, may be dropped, never served as a fact.</summary>
    Discardable,
}

/// <summary>Whether a correction stands.</summary>
[JsonConverter(typeof(Capitals<CorrectionStatus>))]
public enum CorrectionStatus
{
    /// <summary>It stands.</summary>
    Active,

    /// <summary>Another took its place.</summary>
    Superseded,

    /// <summary>It was taken back.</summary>
    Revoked,
}

/// <summary>Why a correction is taken back.</summary>
[JsonConverter(typeof(Capitals<RevocationReason>))]
public enum RevocationReason
{
    /// <summary>Its author does not stand by it any more.</summary>
    Withdrawn,

    /// <summary>It was shown to be wrong.</summary>
    Refuted,

    /// <summary>It was never meant so.</summary>
    EnteredInError,

    /// <summary>Its time is over.</summary>
    Expired,
}

/// <summary>Who may read a correction: it needs a reader or a scope. The deny list beats both.</summary>
/// <param name="Readers">By their ids, 1 to 200 characters each.</param>
/// <param name="Scopes">One in common with the requester's is enough.</param>
/// <param name="DenyList">By their ids.</param>
public sealed record Permissions(
    IReadOnlyList<string>? Readers = null, IReadOnlyList<string>? Scopes = null, IReadOnlyList<string>? DenyList = null);

/// <summary>What a field of a subject really is.</summary>
/// <param name="Subject">Whose field.</param>
/// <param name="FieldKey">Dotted path within the subject, 1 to 200 characters.</param>
/// <param name="Value">Any JSON that RFC 8785 carries unchanged, null included, at most 16 KiB.</param>
/// <param name="Permissions">Who may read it.</param>
/// <param name="Actor">Who says so.</param>
public sealed record NewCorrection(
    Subject Subject, string FieldKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] JsonNode? Value, Permissions Permissions, Actor Actor)
{
    /// <summary>Whether it has to be held. Default: it has.</summary>
    public CorrectionClass Class { get; init; } = CorrectionClass.Fact;

    /// <summary>The correction that has to be the one standing; null: whatever stands.</summary>
    public Guid? Supersedes { get; init; }

    /// <summary>In effect from here on; null: at once.</summary>
    public DateTimeOffset? EffectiveFrom { get; init; }

    /// <summary>No longer in effect from here on; null: for good.</summary>
    public DateTimeOffset? EffectiveTo { get; init; }

    /// <summary>Why, at most 500 characters.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// A key of this correction's own in a batch. Alone it is sent as <see cref="WriteOptions.IdempotencyKey"/>, and has to be one.
    /// </summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>A correction is on record.</summary>
/// <param name="CorrectionId">Names it from now on.</param>
/// <param name="Status">As it was recorded.</param>
/// <param name="Supersedes">The correction that it took the place of; null when none stood.</param>
/// <param name="CreatedAt">By the server's clock.</param>
/// <param name="Position">In the tenant's log.</param>
public sealed record CorrectionReceipt(
    Guid CorrectionId, CorrectionStatus Status, Guid? Supersedes, DateTimeOffset CreatedAt, long Position);

/// <summary>Several corrections at once.</summary>
sealed record NewCorrections(IReadOnlyList<NewCorrection> Corrections, bool Atomic);

/// <summary>How the corrections of a batch went, in their order.</summary>
/// <param name="Results">One for each.</param>
/// <param name="Recorded">How many are on record, now or since an earlier time.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CorrectionResults(IReadOnlyList<CorrectionResult> Results, int Recorded, long Position);

/// <summary>How one correction of a batch went.</summary>
/// <param name="Status">The HTTP status that it would have been answered with alone.</param>
/// <param name="Correction">The receipt; null when it was not recorded.</param>
/// <param name="Problem">Why it was not; null when it was.</param>
public sealed record CorrectionResult(int Status, CorrectionReceipt? Correction, CorrectionProblem? Problem);

/// <summary>Why one correction of a batch was refused (RFC 9457).</summary>
/// <param name="Type">A URN that ends in the code.</param>
/// <param name="Title">In general.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What was wrong this time.</param>
/// <param name="Code">For programs.</param>
/// <param name="Errors">The members that were wrong; null when it is not about any.</param>
public sealed record CorrectionProblem(
    string Type, string Title, int Status, string Detail, string Code, IReadOnlyList<MemberError>? Errors = null);

/// <summary>Asks that a correction no longer stand.</summary>
/// <param name="Reason">Why, in general.</param>
/// <param name="Actor">Who takes it back.</param>
/// <param name="Note">Why, in words, at most 500 characters.</param>
public sealed record Revocation(RevocationReason Reason, Actor Actor, string? Note = null);

/// <summary>A correction was taken back; however often it is asked for, the first time counts.</summary>
/// <param name="CorrectionId">The correction.</param>
/// <param name="Status">REVOKED.</param>
/// <param name="Reason">As it was recorded.</param>
/// <param name="RevokedAt">By the server's clock.</param>
/// <param name="Position">Of the revocation in the tenant's log.</param>
public sealed record RevocationReceipt(
    Guid CorrectionId, CorrectionStatus Status, RevocationReason Reason, DateTimeOffset RevokedAt, long Position);

/// <summary>A correction and its place among those of its field.</summary>
/// <param name="CorrectionId">Its id.</param>
/// <param name="Subject">Whose field.</param>
/// <param name="FieldKey">Dotted path within the subject.</param>
/// <param name="Value">What the field is.</param>
/// <param name="Class">Whether it has to be held.</param>
/// <param name="Status">Whether it stands.</param>
/// <param name="Supersedes">The one whose place it took, of those that the requester may read; null when there is none.</param>
/// <param name="SupersededBy">The one that took its place, of those that the requester may read; null while there is none.</param>
/// <param name="RevocationReason">Why it was taken back; null when it was not.</param>
/// <param name="RevocationNote">The same in the words of who took it back; null when it was not, or nothing was said.</param>
/// <param name="RevokedBy">Who took it back; null when it was not.</param>
/// <param name="Actor">Who said so.</param>
/// <param name="Reason">Why, in the actor's words.</param>
/// <param name="EffectiveFrom">In effect from here on; null: at once.</param>
/// <param name="EffectiveTo">No longer in effect from here on; null: for good.</param>
/// <param name="CreatedAt">When it was recorded.</param>
/// <param name="EndedAt">When it stopped standing; null while it stands.</param>
/// <param name="Position">In the tenant's log.</param>
public sealed record Correction(
    Guid CorrectionId, Subject Subject, string FieldKey, JsonNode? Value, CorrectionClass Class, CorrectionStatus Status,
    Guid? Supersedes, Guid? SupersededBy, RevocationReason? RevocationReason, string? RevocationNote, Actor? RevokedBy,
    Actor Actor, string? Reason, DateTimeOffset? EffectiveFrom, DateTimeOffset? EffectiveTo, DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt, long Position);

/// <summary>A page of a subject's corrections.</summary>
/// <param name="Subject">Whose.</param>
/// <param name="Corrections">Newest first.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CorrectionHistory(
    Subject Subject, IReadOnlyList<Correction> Corrections, string? NextCursor, long Position);

/// <summary>On whose behalf corrections are read.</summary>
/// <param name="Id">What readers and deny lists name.</param>
/// <param name="Scopes">Of which one in common with a correction's is enough; none holds a comma.</param>
public sealed record Requester(string Id, params IReadOnlyList<string> Scopes);

/// <summary>Asks for a subject's corrections.</summary>
/// <param name="Subject">Whose.</param>
/// <param name="Requester">On whose behalf.</param>
public sealed record HistoryQuery(Subject Subject, Requester Requester)
{
    /// <summary>Only this field; null: all.</summary>
    public string? FieldKey { get; init; }

    /// <summary>Whether to list what was taken back, too.</summary>
    public bool IncludeRevoked { get; init; }
}

/// <summary>Which systems enforce a correction, of those whose scope its field is in; none for a discardable one.</summary>
/// <param name="CorrectionId">The correction.</param>
/// <param name="Enforced">Those whose last heartbeat covers it.</param>
/// <param name="NotEnforced">Those whose last heartbeat does not.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CorrectionEnforcement(
    Guid CorrectionId, IReadOnlyList<Enforcer> Enforced, IReadOnlyList<Delinquent> NotEnforced, long Position);

/// <summary>A system that enforces a correction.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Since">Its first heartbeat that covered the correction.</param>
/// <param name="ReportedAt">Its last heartbeat.</param>
public sealed record Enforcer(string SystemId, DateTimeOffset Since, DateTimeOffset ReportedAt);

/// <summary>A system that does not enforce a correction.</summary>
/// <param name="SystemId">Its name.</param>
/// <param name="Since">Since when it should: the correction was recorded, or the system registered, if that was later.</param>
/// <param name="EnforcedCorrectionVersion">As it reported last; null when it never did.</param>
/// <param name="ReportedAt">Its last heartbeat; null when it never reported.</param>
public sealed record Delinquent(
    string SystemId, DateTimeOffset Since, DateTimeOffset? EnforcedCorrectionVersion, DateTimeOffset? ReportedAt);
