namespace Stet.Audit;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>An event that changes, in its own transaction, which keys sign the log.</summary>
interface IChangesKeys;

/// <summary>A new key signs the log from this event on, beside the one whose place it takes.</summary>
/// <param name="Vkey">The new key (C2SP signed-note).</param>
/// <param name="Replaces">The key that it takes the place of.</param>
/// <param name="OverlapUntil">Until then both sign.</param>
/// <param name="AddedAt">UTC, microseconds.</param>
public sealed record AuditKeyAdded(string Vkey, string Replaces, DateTimeOffset OverlapUntil, DateTimeOffset AddedAt) : IChangesKeys;

/// <summary>A key signs no more from this event on.</summary>
/// <param name="Vkey">The key (C2SP signed-note).</param>
/// <param name="RetiredAt">UTC, microseconds.</param>
public sealed record AuditKeyRetired(string Vkey, DateTimeOffset RetiredAt) : IChangesKeys;

/// <summary>The log goes on under another origin, with another key: its database had forgotten what was signed.</summary>
/// <param name="Epoch">Counts the log's beginnings: 2 or more.</param>
/// <param name="Origin">The new one.</param>
/// <param name="Vkey">The new key (C2SP signed-note).</param>
/// <param name="OldOrigin">The one before.</param>
/// <param name="OldNote">The last known checkpoint of the old origin; null when none is known.</param>
/// <param name="Reason">Why, in the operator's words, 1 to 500 characters.</param>
/// <param name="StartedAt">UTC, microseconds.</param>
public sealed record AuditEpochStarted(
    int Epoch, string Origin, string Vkey, string OldOrigin, string? OldNote, string Reason, DateTimeOffset StartedAt) : IChangesKeys;

/// <summary>Salts are made with another secret from after this event's batch on: the one before has leaked.</summary>
/// <param name="KeyId">Names the new secret among the tenant's; it says nothing about it.</param>
/// <param name="Reason">Why, in the operator's words, 1 to 500 characters.</param>
/// <param name="ReplacedAt">UTC, microseconds.</param>
public sealed record AuditSecretReplaced(string KeyId, string Reason, DateTimeOffset ReplacedAt) : IChangesKeys;

/// <summary>What deciding about a log's keys takes.</summary>
/// <param name="Overlap">The key that was added last, while the one before still signs; null otherwise.</param>
/// <param name="Epoch">Counts the log's beginnings.</param>
public sealed record AuditKeyring(AuditKeyAdded? Overlap, int Epoch)
{
    public static AuditKeyring Create(AuditKeyAdded e) => new(e, 1);

    public static AuditKeyring Create(AuditEpochStarted e) => new(null, e.Epoch);

    public static AuditKeyring Create(AuditSecretReplaced _) => new(null, 1);

    public AuditKeyring Apply(AuditKeyAdded e) => this with { Overlap = e };

    public AuditKeyring Apply(AuditKeyRetired _) => this with { Overlap = null };

    public AuditKeyring Apply(AuditEpochStarted e) => new(null, e.Epoch);

    public AuditKeyring Apply(AuditSecretReplaced _) => this;
}
