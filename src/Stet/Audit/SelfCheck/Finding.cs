using Stet.AuditLog;

namespace Stet.Audit.SelfCheck;

/// <summary>What the self-check says of a position. Only the last two are findings.</summary>
public enum PositionState
{
    /// <summary>Everything stored leads to the leaf that the tree holds.</summary>
    Intact,

    /// <summary>
    /// The key of the salt was destroyed and a <c>subject_erased</c> event says so: data and commitment can no longer be
    /// compared, entry and leaf were and agree.
    /// </summary>
    Erased,

    /// <summary>A row or the salt is gone, and no event says why.</summary>
    Missing,

    /// <summary>What is stored is not what was logged.</summary>
    Altered,
}

/// <summary>What is stored of a log.</summary>
[Flags]
public enum LogParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The row of the event.</summary>
    Event = 1,

    /// <summary>The event's data.</summary>
    Data = 1 << 1,

    /// <summary>Id, stream, version, time, type or class of actor of the event.</summary>
    Envelope = 1 << 2,

    /// <summary>The key that salts are made with.</summary>
    Salt = 1 << 3,

    /// <summary>The commitment to the data in the leaf's row.</summary>
    Commit = 1 << 4,

    /// <summary>The leaf's hash in its row; as missing, the row.</summary>
    Leaf = 1 << 5,

    /// <summary>A hash of a full tile or its root; as missing, the row; beyond the head, a row that must not be there yet.</summary>
    Tile = 1 << 6,

    /// <summary>Root or peaks of a size that was reserved for signing; as missing, the row of the size that was signed last.</summary>
    Guard = 1 << 7,

    /// <summary>Position or peaks of the tenant's head; as missing, the row.</summary>
    Head = 1 << 8,
}

/// <summary>Something in a tenant's log is not what was written.</summary>
/// <param name="TenantId">Whose log.</param>
/// <param name="Position">
/// The first position concerned. A tile's root has the position of its last leaf, a hash of a higher tile that of the last
/// leaf under it, a guard its size.
/// </param>
/// <param name="Until">The last position concerned; neighbours with the same finding are one.</param>
/// <param name="State"><see cref="PositionState.Missing"/> or <see cref="PositionState.Altered"/>.</param>
/// <param name="Parts">
/// What is missing, or does not agree with the rest. Several when the rest cannot tell them apart: a changed event id shows
/// as data and envelope, because the salt hangs on it.
/// </param>
public sealed record Finding(string TenantId, long Position, long Until, PositionState State, LogParts Parts)
{
    /// <summary>The tile, when its root or a hash above level 0 is concerned.</summary>
    public Tile? Tile { get; init; }

    /// <summary>For a guard or head: the last size that a guard confirmed. What differs may lie anywhere behind it.</summary>
    public long? After { get; init; }

    /// <summary>How many positions are concerned.</summary>
    public long Count => Until - Position + 1;

    /// <summary>Snake-case names of the parts, in the order of <see cref="LogParts"/>.</summary>
    public IEnumerable<string> PartNames() => Enum.GetValues<LogParts>()
        .Where(part => part != LogParts.None && Parts.HasFlag(part))
        .Select(part => part.ToString().ToLowerInvariant());
}

/// <summary>Findings of one tenant; neighbours that say the same become one.</summary>
sealed class Findings(string tenantId)
{
    readonly List<Finding> all = [];

    public IReadOnlyList<Finding> All => all;

    public void Add(PositionState state, LogParts parts, long position, long? until = null, Tile? tile = null, long? after = null)
    {
        if (parts == LogParts.None) return;

        var found = new Finding(tenantId, position, until ?? position, state, parts) { Tile = tile, After = after };
        for (var i = all.Count - 1; i >= 0 && i >= all.Count - 2; i--)
        {
            // Two findings of a position, one missing and one altered, may both go on at the next.
            var last = all[i];
            if (last.Until + 1 != position || found != last with { Position = position, Until = found.Until }) continue;
            all[i] = last with { Until = found.Until };
            return;
        }

        all.Add(found);
    }
}
