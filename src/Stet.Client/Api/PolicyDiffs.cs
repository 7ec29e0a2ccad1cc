using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>What a candidate would have changed, on record.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="DiffDigest">SHA-256 of the report: see <see cref="PolicyClient.ReportAsync"/>.</param>
/// <param name="From">First position of the log that was looked at.</param>
/// <param name="Position">Last position that was looked at.</param>
/// <param name="Baseline">What was in force; null: nothing was.</param>
/// <param name="Counts">Decisions by what would change.</param>
/// <param name="Affected">Whose decisions would change.</param>
public sealed record PolicyDiff(
    string Candidate, string DiffDigest, long From, long Position, PolicyBaseline? Baseline, DiffCounts Counts, DiffAffected Affected)
{
    /// <summary>What those send back who approve it, and who activates it.</summary>
    [JsonIgnore]
    public ShownDiff Shown => new(Candidate, DiffDigest, Position);
}

/// <summary>What an approver answers for: a candidate, and a diff of it.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="DiffDigest">SHA-256 of the report.</param>
/// <param name="Position">Last position that it looked at.</param>
public sealed record ShownDiff(string Candidate, string DiffDigest, long Position);

/// <summary>What was in force when a candidate was compared with it.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="PolicySetDigest">Its policies.</param>
/// <param name="SchemaDigest">Its schema.</param>
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
    long Unreplayable, long SchemaInvalid, long NewError, long ErrorGone, long AllowToDeny, long DenyToAllow, long ReasonOnly,
    long Same);

/// <summary>Whose recorded decisions would change: of each kind the twenty with the most changes.</summary>
/// <param name="Subjects">Who asked.</param>
/// <param name="Resources">What was asked for.</param>
/// <param name="Agents">What <c>context.agent</c> names.</param>
public sealed record DiffAffected(
    IReadOnlyList<AffectedParty> Subjects, IReadOnlyList<AffectedParty> Resources, IReadOnlyList<AffectedParty> Agents);

/// <summary>One side of decisions that would change.</summary>
/// <param name="Type">As it was asked, such as <c>tool</c>; <c>agent</c> where a context names an agent by a text.</param>
/// <param name="Id">As it was asked.</param>
/// <param name="Counts">Its decisions by what would change; those that stay the same are not counted.</param>
public sealed record AffectedParty(string Type, string Id, DiffCounts Counts);

/// <summary>How far a diff has come.</summary>
/// <param name="Decisions">Evaluated so far.</param>
/// <param name="Position">The log has been looked at up to there.</param>
/// <param name="From">First position.</param>
/// <param name="To">Last position.</param>
/// <param name="PerSecond">Decisions a second, on average.</param>
public sealed record DiffProgress(long Decisions, long Position, long From, long To, double PerSecond);

sealed record DiffRange(long? From, long? To);

sealed record Approval(string DiffDigest, long Position);

sealed record Activation(string DiffDigest, long Position, DateTimeOffset? NotBefore);
