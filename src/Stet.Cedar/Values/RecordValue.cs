using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>A record: values by string keys, without order.</summary>
public sealed class RecordValue : Value
{
    // Up to this many keys, comparing each (the lengths first) beats a search.
    const int ScannedUpTo = 12;

    readonly string[] keys;
    readonly Value[] values;
    int hash;

    /// <summary>The record of some entries.</summary>
    /// <exception cref="ArgumentException">A key occurs twice or holds a lone surrogate.</exception>
    public RecordValue(params ReadOnlySpan<KeyValuePair<string, Value>> entries)
    {
        keys = new string[entries.Length];
        values = new Value[entries.Length];

        for (var i = 0; i < entries.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(entries[i].Key, nameof(entries));
            ArgumentNullException.ThrowIfNull(entries[i].Value, nameof(entries));
            (keys[i], values[i]) = (entries[i].Key, entries[i].Value);
            if (!UnicodeText.IsWellFormed(keys[i])) throw new ArgumentException("A key holds a lone surrogate.", nameof(entries));
        }

        Array.Sort(keys, values, StringComparer.Ordinal);

        for (var i = 1; i < keys.Length; i++)
            if (keys[i] == keys[i - 1]) throw new ArgumentException($"The key `{keys[i]}` occurs twice.", nameof(entries));
    }

    /// <summary>The record without keys.</summary>
    public static RecordValue Empty { get; } = new();

    /// <summary>How many keys it has.</summary>
    public int Count => keys.Length;

    /// <summary>Its keys, in ordinal order.</summary>
    public ReadOnlySpan<string> Keys => keys;

    /// <summary>Its values, in the order of <see cref="Keys"/>.</summary>
    public ReadOnlySpan<Value> Values => values;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Record;

    /// <summary>The value of a key, if the record has it.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out Value? value)
    {
        var at = IndexOf(key);
        value = at < 0 ? null : values[at];
        return at >= 0;
    }

    /// <summary>Reads a record from JSON, such as the context of a request.</summary>
    /// <param name="utf8">The JSON text: an object.</param>
    /// <param name="limits">How large it may be.</param>
    /// <param name="shape">What a schema expects, so that wrappers may be left out; null without one.</param>
    /// <returns>The record, or the first finding. No text causes an exception.</returns>
    public static Outcome<RecordValue> ParseJson(ReadOnlySpan<byte> utf8, CedarLimits limits, IValueShape? shape = null)
    {
        var input = new JsonInput(limits);
        var record = input.TryParse(utf8, out var root)
            ? new ValueReader(input).ReadRecord(root, name => shape?.Attribute(name))
            : null;
        return new(record, record is null ? [input.Failure!] : []);
    }

    /// <summary>
    /// The record in the form <see cref="ParseJson"/> reads, with all wrappers, keys in ordinal order and no white space:
    /// canonical JSON (RFC 8785), but integers keep every digit and sets the order in which their elements were given.
    /// </summary>
    public byte[] WriteJson()
    {
        var json = new CanonicalWriter();
        ValueWriter.Write(json, this);
        return json.Written.ToArray();
    }

    /// <summary>Whether the record has a key.</summary>
    public bool Has(string key) => IndexOf(key) >= 0;

    /// <inheritdoc/>
    public override bool Equals(Value? other)
    {
        if (other is not RecordValue record || record.Count != Count) return false;
        if (ReferenceEquals(this, record)) return true;

        for (var i = 0; i < keys.Length; i++)
            if (keys[i] != record.keys[i] || !values[i].Equals(record.values[i])) return false;

        return true;
    }

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (hash != 0) return hash;

        var combined = new HashCode();
        combined.Add(ValueKind.Record);

        for (var i = 0; i < keys.Length; i++)
        {
            combined.Add(keys[i]);
            combined.Add(values[i]);
        }

        return hash = combined.ToHashCode();
    }

    int IndexOf(string key)
    {
        if (keys.Length > ScannedUpTo) return Array.BinarySearch(keys, key, StringComparer.Ordinal);

        for (var i = 0; i < keys.Length; i++)
            if (keys[i] == key) return i;

        return -1;
    }
}
