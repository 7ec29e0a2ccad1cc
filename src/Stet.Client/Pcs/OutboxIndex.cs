using System.Runtime.InteropServices;
using System.Text.Json;

namespace Stet.Client.Pcs;

/// <summary>Up to where a source has been read and sent.</summary>
/// <param name="Source">Its name, such as the full path of a file; empty behind a document that comes from none.</param>
/// <param name="Offset">Where the next row begins, bytes.</param>
/// <param name="Epoch">The last epoch that is closed.</param>
public sealed record OutboxCheckpoint(string Source, long Offset, long Epoch)
{
    internal byte[] ToJson() => OutboxJson.Write(json =>
    {
        json.WriteString("source"u8, Source);
        json.WriteNumber("offset"u8, Offset);
        json.WriteNumber("epoch"u8, Epoch);
    });

    internal static OutboxCheckpoint? Parse(ReadOnlyMemory<byte> payload)
    {
        using var document = OutboxJson.TryParse(payload);
        return document?.RootElement is { } root && OutboxJson.Text(root, "source"u8) is { } source
            && OutboxJson.Integer(root, "offset"u8) is { } offset && OutboxJson.Integer(root, "epoch"u8) is { } epoch
            ? new OutboxCheckpoint(source, offset, epoch)
            : null;
    }
}

/// <summary>Where a record is.</summary>
/// <param name="Offset">Of its first byte.</param>
/// <param name="PayloadLength">Bytes of its payload.</param>
/// <param name="Time">When it was written, microseconds since 1970.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct OutboxPlace(long Offset, int PayloadLength, long Time)
{
    public int Size => OutboxFormat.LeastRecord + PayloadLength;

    public static OutboxPlace Of(in OutboxRecord record) => new(record.Offset, record.Payload.Length, record.Time);
}

/// <summary>A document whose fate is decided: where it is, and where the decision is.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct OutboxDecision(OutboxPlace Document, OutboxPlace Decision);

/// <summary>What the records of an outbox come to. Documents stay in the file: a pending one costs about 100 bytes.</summary>
/// <param name="path">For messages.</param>
/// <param name="ackedSince">From when on delivered documents are kept too, microseconds since 1970.</param>
sealed class OutboxIndex(string path, long ackedSince)
{
    public const long NoneAcked = long.MaxValue;

    public SortedDictionary<long, OutboxPlace> Pending { get; } = [];

    public SortedDictionary<long, OutboxDecision> Dead { get; } = [];

    /// <summary>Those delivered recently enough to be kept.</summary>
    public SortedDictionary<long, OutboxDecision> Acked { get; } = [];

    /// <summary>The last checkpoint of each source, and where it is.</summary>
    public SortedDictionary<string, (OutboxCheckpoint Checkpoint, OutboxPlace Place)> Checkpoints { get; } =
        new(StringComparer.Ordinal);

    /// <summary>How many documents the file says were delivered.</summary>
    public long AckedCount { get; private set; }

    public long HighestSeq { get; private set; }

    /// <summary>The last document, if no checkpoint stands behind it: a crash may have torn its own off.</summary>
    public long? Unmarked { get; private set; }

    /// <exception cref="OutboxException">The record contradicts the ones before it.</exception>
    public void Apply(in OutboxRecord record)
    {
        HighestSeq = Math.Max(HighestSeq, record.Seq);
        switch (record.Type)
        {
            case OutboxRecordType.Enqueue:
                if (Dead.ContainsKey(record.Seq) || !Pending.TryAdd(record.Seq, OutboxPlace.Of(record)))
                    throw OutboxException.Unknown(path, record.Offset);
                Unmarked = record.Seq;
                break;
            case OutboxRecordType.Ack:
                if (Remove(record.Seq) is not { } delivered) break;
                AckedCount++;
                if (record.Time >= ackedSince) Acked[record.Seq] = new OutboxDecision(delivered, OutboxPlace.Of(record));
                break;
            case OutboxRecordType.Dead:
                if (Remove(record.Seq) is { } refused) Dead[record.Seq] = new OutboxDecision(refused, OutboxPlace.Of(record));
                break;
            case OutboxRecordType.Retry:
                if (Dead.Remove(record.Seq, out var revived)) Pending[record.Seq] = revived.Document;
                break;
            case OutboxRecordType.Checkpoint:
                var checkpoint = OutboxCheckpoint.Parse(record.Payload) ?? throw OutboxException.Unknown(path, record.Offset);
                Checkpoints[checkpoint.Source] = (checkpoint, OutboxPlace.Of(record));
                Unmarked = null;
                break;
        }
    }

    OutboxPlace? Remove(long seq)
    {
        if (Pending.Remove(seq, out var pending)) return pending;
        return Dead.Remove(seq, out var dead) ? dead.Document : null;
    }
}

/// <summary>The small JSON texts in payloads.</summary>
static class OutboxJson
{
    static readonly JsonWriterOptions readable = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] Write(Action<Utf8JsonWriter> members)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, readable))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return text.ToArray();
    }

    /// <summary>The document, if it is an object.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> text)
    {
        try
        {
            var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The items of a list; none, if it is no list.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement json, ReadOnlySpan<byte> name)
    {
        try
        {
            if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array) return value.EnumerateArray();
        }
        catch (InvalidOperationException)
        {
            // As below.
        }

        return [];
    }

    public static string? Text(JsonElement json, ReadOnlySpan<byte> name)
    {
        try
        {
            return json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair or bytes that are no UTF-8, in the value or in another name: no text.
            return null;
        }
    }

    public static long? Integer(JsonElement json, ReadOnlySpan<byte> name)
    {
        try
        {
            return json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
                ? number
                : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
