using Stet.AuditLog;
using Stet.EventStore;

namespace Stet.Audit;

/// <summary>What an entry says of an event, apart from the commitment to its data.</summary>
/// <param name="Position">In the tenant's log; the leaf's index is one less.</param>
/// <param name="Id">Of the event.</param>
/// <param name="StreamId">Of its stream.</param>
/// <param name="Version">In its stream.</param>
/// <param name="Timestamp">UTC, microseconds.</param>
/// <param name="StoredType">As <c>mt_events.type</c> has it.</param>
/// <param name="ActorClass">As the headers have it.</param>
public readonly record struct AuditedEvent(
    long Position, Guid Id, Guid StreamId, long Version, DateTimeOffset Timestamp, string StoredType, string ActorClass)
{
    /// <summary>The entry with a commitment.</summary>
    public AuditEntry Entry(LogHash commit) => new(ActorClass, Timestamp, commit, Id, StreamId, StoredType, Version);
}

/// <summary>A leaf of the audit log.</summary>
/// <param name="Audited">What its entry says.</param>
/// <param name="Hash">The hash of its entry as a leaf.</param>
/// <param name="Commit">The commitment to the event's data.</param>
/// <param name="Appended">The event, while it is being appended.</param>
public sealed record AuditLeaf(AuditedEvent Audited, LogHash Hash, LogHash Commit, AppendedEvent? Appended)
{
    /// <summary>Makes the leaf of an event whose canonical data is known.</summary>
    internal static AuditLeaf Of(TenantLog log, in AuditedEvent audited, ReadOnlySpan<byte> canonicalData, AppendedEvent? appended)
    {
        Span<byte> salt = stackalloc byte[Commitment.SaltSize];
        log.WriteSalt(audited.Position, audited.Id, salt);
        var commit = Commitment.Of(salt, canonicalData);
        return new AuditLeaf(audited, audited.Entry(commit).LeafHash(), commit, appended);
    }
}
