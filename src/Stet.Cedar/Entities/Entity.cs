using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>What is known of an entity. Immutable.</summary>
/// <param name="uid">Its name.</param>
/// <param name="attributes">What <c>e.name</c> reads.</param>
/// <param name="ancestors">Everything it is in, the ancestors of its parents included; itself left out or not.</param>
/// <param name="tags">What <c>e.getTag("name")</c> reads.</param>
public sealed class Entity(EntityUid uid, RecordValue attributes, ReadOnlySpan<EntityUid> ancestors, RecordValue tags)
{
    readonly EntityUid[] ancestors = ancestors.ToArray();
    readonly int[] hashes = Hashes(ancestors);

    /// <summary>Its name.</summary>
    public EntityUid Uid { get; } = uid;

    /// <summary>What <c>e.name</c> reads.</summary>
    public RecordValue Attributes { get; } = attributes;

    /// <summary>What <c>e.getTag("name")</c> reads.</summary>
    public RecordValue Tags { get; } = tags;

    /// <summary>Everything it is in, in the order given.</summary>
    public ReadOnlySpan<EntityUid> Ancestors => ancestors;

    /// <summary>The mark of the schema that it was last found to fit: see <see cref="Schema.Check(Entity)"/>.</summary>
    internal object? Fits { get; set; }

    /// <summary>The bits of them all: see <see cref="BitOf"/>.</summary>
    internal ulong Bits { get; } = BitsOf(ancestors);

    /// <summary>Whether the other is one of its <see cref="Ancestors"/>.</summary>
    public bool IsDescendantOf(EntityUid other)
    {
        if ((Bits & BitOf(other)) == 0) return false;

        // A vectorised scan over hashes beats a hash table for the few ancestors that entities have, and stays well
        // below a microsecond for the most that limits allow by default.
        var sought = other.GetHashCode();
        var from = 0;

        while (hashes.AsSpan(from).IndexOf(sought) is var at and >= 0)
        {
            if (ancestors[from + at].Equals(other)) return true;
            from += at + 1;
        }

        return false;
    }

    /// <summary>One bit of 64 for an entity: whose <see cref="Bits"/> lack it is not in that entity.</summary>
    internal static ulong BitOf(EntityUid uid) => 1UL << (uid.GetHashCode() & 63);

    static ulong BitsOf(ReadOnlySpan<EntityUid> ancestors)
    {
        var bits = 0UL;
        foreach (var ancestor in ancestors) bits |= BitOf(ancestor);
        return bits;
    }

    static int[] Hashes(ReadOnlySpan<EntityUid> ancestors)
    {
        var codes = new int[ancestors.Length];
        for (var i = 0; i < codes.Length; i++) codes[i] = ancestors[i].GetHashCode();
        return codes;
    }
}

/// <summary>Where the evaluator finds entities: a loaded set, or projections at a position.</summary>
public interface IEntities
{
    /// <summary>What is known of an entity, if anything is. Called by many threads at once.</summary>
    bool TryGet(EntityUid uid, [NotNullWhen(true)] out Entity? entity);
}
