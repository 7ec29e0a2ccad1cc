using System.Text.Json;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// What of a stored decision tells how it comes out again, but for the time: all members but its ids, its time, and the
/// notes of where attributes came from. Stored JSON has one order of members and one spelling of each value, so equal
/// texts are equal questions that were answered alike. For one thread at a time.
/// </summary>
sealed class DecisionKey
{
    byte[] text = new byte[2_048];
    int length;

    /// <summary>The members that count, one after another. Good until the next is read.</summary>
    public ReadOnlySpan<byte> Text => text.AsSpan(0, length);

    /// <summary>The time of the evaluation.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Takes a stored decision; what is no object counts whole.</summary>
    public void Read(ReadOnlySpan<byte> stored)
    {
        (length, Now) = (0, default);
        if (text.Length < stored.Length) text = new byte[stored.Length * 2];

        var json = new Utf8JsonReader(stored);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            Take(stored);
            return;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)json.TokenStartIndex;
            var counts = Counts(json.ValueSpan, out var isTime);
            json.Read();
            if (isTime && json.TokenType == JsonTokenType.String && json.TryGetDateTimeOffset(out var now)) Now = now.ToUniversalTime();
            json.Skip();
            if (counts) Take(stored[start..(int)json.BytesConsumed]);
        }
    }

    static bool Counts(ReadOnlySpan<byte> member, out bool isTime)
    {
        isTime = member.SequenceEqual("now"u8);
        return !isTime && !member.SequenceEqual("evaluation_id"u8) && !member.SequenceEqual("sources"u8)
            && !member.SequenceEqual("dropped"u8) && !member.SequenceEqual("batch_id"u8) && !member.SequenceEqual("item"u8)
            && !member.SequenceEqual("request_id"u8);
    }

    void Take(ReadOnlySpan<byte> part)
    {
        part.CopyTo(text.AsSpan(length));
        length += part.Length;
    }
}

/// <summary>Compares keys by their bytes, without a copy for looking one up.</summary>
sealed class DecisionKeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = new HashCode();
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
