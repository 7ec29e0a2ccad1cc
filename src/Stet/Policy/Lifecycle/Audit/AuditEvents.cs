using Stet.Policy.Decisions;

namespace Stet.Policy.Lifecycle;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>Recorded decisions were evaluated again from their recorded inputs.</summary>
/// <param name="From">First position of the log that was looked at.</param>
/// <param name="To">Last position.</param>
/// <param name="Decisions">How many decisions there were.</param>
/// <param name="Unreplayable">How many of them could not be evaluated, their inputs being erased or not kept, or are not what their replay digest says.</param>
/// <param name="Mismatches">How many came out otherwise; each is an event of its own.</param>
/// <param name="Engine">Name and version of what evaluated them.</param>
/// <param name="AuditedAt">UTC, microseconds, by the server's clock.</param>
public sealed record DecisionsAudited(
    long From, long To, long Decisions, long Unreplayable, long Mismatches, string Engine, DateTimeOffset AuditedAt);

/// <summary>A recorded decision does not come out of its recorded inputs. Neither is corrected.</summary>
/// <param name="Position">Of the decision in the log.</param>
/// <param name="EvaluationId">Of the decision.</param>
/// <param name="Recorded">What was recorded.</param>
/// <param name="Replayed">What comes out.</param>
/// <param name="Engine">Name and version of what evaluated it.</param>
/// <param name="FoundAt">UTC, microseconds, by the server's clock.</param>
public sealed record DecisionMismatchFound(
    long Position, Guid EvaluationId, AuditedResult Recorded, AuditedResult Replayed, string Engine, DateTimeOffset FoundAt);

/// <summary>A result as the self-audit compares it.</summary>
/// <param name="Raw">Cedar's answer; null: the engine was not asked.</param>
/// <param name="Effective">What the enforcement point was told, or would be.</param>
public sealed record AuditedResult(RawResult? Raw, EffectiveResult Effective);
