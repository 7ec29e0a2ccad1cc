using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary>Reports for people and, as one line of JSON, for programs.</summary>
static class ReportText
{
    public static string Lines(AuditReport report)
    {
        var text = new StringBuilder($"Verified {report.Origin}: size {report.Size}, root {report.Root}\n{report.Entries} entries read");
        if (report.Remembered is { } remembered) text.Append($", extending the {remembered} remembered");
        if (report.PayloadsIntact + report.PayloadsErased > 0) text.Append($"; payloads: {report.PayloadsIntact} intact, {report.PayloadsErased} erased");
        if (report.Cosigners.Count > 0) text.Append($"\nCosigned by {string.Join(", ", report.Cosigners)}, newest {Time(report.NewestCosignature!.Value)}");
        return text.ToString();
    }

    public static string Lines(ProofReport report) => string.Join('\n', report.Proved.Select(p =>
        $"Proved: position {p.Position} of {p.Size} in {p.Origin}, leaf hash {p.LeafHash}{(p.Payload is null ? "" : $", payload {p.Payload}")}"));

    public static string Json(AuditReport report) => Write(json =>
    {
        WriteOutcome(json, report.Outcome, report.Problem);
        json.WriteString("origin", report.Origin);
        WriteNumber(json, "size", report.Size);
        json.WriteString("root", report.Root);
        WriteNumber(json, "remembered", report.Remembered);
        json.WriteNumber("entries", report.Entries);
        json.WriteNumber("payloads_intact", report.PayloadsIntact);
        json.WriteNumber("payloads_erased", report.PayloadsErased);
        json.WriteStartArray("cosigners");
        foreach (var name in report.Cosigners) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteString("newest_cosignature", report.NewestCosignature is { } newest ? Time(newest) : null);
    });

    public static string Json(ProofReport report) => Write(json =>
    {
        WriteOutcome(json, report.Outcome, report.Problem);
        json.WriteStartArray("proved");
        foreach (var entry in report.Proved)
        {
            json.WriteStartObject();
            json.WriteString("origin", entry.Origin);
            json.WriteNumber("position", entry.Position);
            json.WriteNumber("size", entry.Size);
            json.WriteString("leaf_hash", entry.LeafHash);
            json.WriteString("payload", entry.Payload);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    static void WriteOutcome(Utf8JsonWriter json, AuditOutcome outcome, string? problem)
    {
        json.WriteString("outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString()));
        json.WriteNumber("code", (int)outcome);
        json.WriteString("problem", problem);
    }

    static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH':'mm':'ss'Z'", CultureInfo.InvariantCulture);

    static string Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
