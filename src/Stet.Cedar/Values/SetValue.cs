using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>A set: no order, no element twice, elements of any kinds.</summary>
public sealed class SetValue : Value
{
    // Up to this many elements, a scan over their hashes beats a hash table.
    const int ScannedUpTo = 32;

    readonly Value[] items;
    readonly int[] hashes;
    readonly HashSet<Value>? index;
    int hash;

    /// <summary>The set of some values; repeated ones count once.</summary>
    public SetValue(params ReadOnlySpan<Value> values)
    {
        index = values.Length > ScannedUpTo ? new HashSet<Value>(values.Length) : null;
        items = new Value[values.Length];
        hashes = index is null ? new int[values.Length] : [];
        var count = 0;

        foreach (var value in values)
        {
            ArgumentNullException.ThrowIfNull(value, nameof(values));

            if (index is not null)
            {
                if (index.Add(value)) items[count++] = value;
                continue;
            }

            if (Scan(items, hashes.AsSpan(0, count), value)) continue;
            hashes[count] = value.GetHashCode();
            items[count++] = value;
        }

        Array.Resize(ref items, count);
        if (index is null) Array.Resize(ref hashes, count);
    }

    /// <summary>How many elements it has.</summary>
    public int Count => items.Length;

    /// <summary>Its elements, in the order in which they were given.</summary>
    public ReadOnlySpan<Value> Items => items;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Set;

    /// <summary>Whether a value is an element.</summary>
    public bool Contains(Value value) => index is not null ? index.Contains(value) : Scan(items, hashes, value);

    /// <summary>Whether every element of another set is one of this.</summary>
    public bool ContainsAll(SetValue other)
    {
        foreach (var item in other.items)
            if (!Contains(item)) return false;

        return true;
    }

    /// <summary>Whether some element of another set is one of this.</summary>
    public bool ContainsAny(SetValue other)
    {
        foreach (var item in other.items)
            if (Contains(item)) return true;

        return false;
    }

    /// <inheritdoc/>
    public override bool Equals(Value? other) =>
        other is SetValue set && (ReferenceEquals(this, set) || (Count == set.Count && ContainsAll(set)));

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (hash != 0) return hash;

        // A sum, because equal sets may hold their elements in any order.
        var sum = 0;
        foreach (var item in items) sum += item.GetHashCode();
        return hash = HashCode.Combine(ValueKind.Set, sum);
    }

    static bool Scan(Value[] items, ReadOnlySpan<int> hashes, Value value)
    {
        var sought = value.GetHashCode();
        var from = 0;

        while (hashes[from..].IndexOf(sought) is var at and >= 0)
        {
            if (items[from + at].Equals(value)) return true;
            from += at + 1;
        }

        return false;
    }
}
