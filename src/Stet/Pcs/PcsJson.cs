using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stet.Pcs.Service;

/// <summary>
/// Documents in events, as one text each: a number of a document may be a negative zero or beyond 2^53, and JSON that is
/// stored as such or made canonical would not keep it.
/// </summary>
sealed class PcsDocumentConverter : JsonConverter<PcsDocument>
{
    public override PcsDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("must be the text of a document");

        var text = ArrayPool<byte>.Shared.Rent(reader.HasValueSequence ? (int)reader.ValueSequence.Length : reader.ValueSpan.Length);
        try
        {
            return PcsDocument.TryRead(text.AsSpan(0, reader.CopyString(text)), out var document, out _)
                ? document
                : throw new JsonException("must be the text of a document");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    public override void Write(Utf8JsonWriter writer, PcsDocument value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToJson());
}

/// <summary>Findings as <c>code</c>, <c>severity</c>, <c>message</c>.</summary>
sealed class PcsFindingsConverter : JsonConverter<ValueList<PcsFinding>>
{
    public override ValueList<PcsFinding> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("must be an array of findings");

        var findings = new List<PcsFinding>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            using var finding = JsonDocument.ParseValue(ref reader);
            findings.Add(new PcsFinding(
                Text(finding, "code"),
                Text(finding, "severity") == PcsSeverity.Escalation.Name() ? PcsSeverity.Escalation : PcsSeverity.Warning,
                Text(finding, "message")));
        }

        return [.. findings];
    }

    public override void Write(Utf8JsonWriter writer, ValueList<PcsFinding> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var finding in value.AsSpan())
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, finding.Code);
            writer.WriteString("severity"u8, finding.Severity.Name());
            writer.WriteString("message"u8, finding.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    static string Text(JsonDocument finding, string name) =>
        finding.RootElement.ValueKind == JsonValueKind.Object && finding.RootElement.TryGetProperty(name, out var member)
        && member.ValueKind == JsonValueKind.String
            ? member.GetString()!
            : throw new JsonException($"a finding needs the text `{name}`");
}

/// <summary>Shapes of stored events and states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter), typeof(PcsDocumentConverter), typeof(PcsFindingsConverter)])]
[JsonSerializable(typeof(PcsAccepted))]
[JsonSerializable(typeof(PcsEscalated))]
[JsonSerializable(typeof(PcsEquivocated))]
[JsonSerializable(typeof(PcsEscalationResolved))]
[JsonSerializable(typeof(PcsRefused))]
[JsonSerializable(typeof(PcsKeyRegistered))]
[JsonSerializable(typeof(PcsKeyRevoked))]
[JsonSerializable(typeof(PcsSignaturePolicySet))]
[JsonSerializable(typeof(PcsParametersSet))]
[JsonSerializable(typeof(PcsRegistry))]
sealed partial class PcsEventJson : JsonSerializerContext;

/// <summary>Shapes of bodies and answers: unknown and repeated members are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 32, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(SubmissionAnswer))]
[JsonSerializable(typeof(RecordedSubmission))]
[JsonSerializable(typeof(SubmissionsOfId))]
[JsonSerializable(typeof(SubmissionsAnswer))]
[JsonSerializable(typeof(LatestAnswer))]
[JsonSerializable(typeof(ResolveRequest))]
[JsonSerializable(typeof(ResolveEscalation))]
[JsonSerializable(typeof(ResolutionAnswer))]
[JsonSerializable(typeof(DuplicatesAnswer))]
[JsonSerializable(typeof(EquivocationsAnswer))]
[JsonSerializable(typeof(SummaryAnswer))]
[JsonSerializable(typeof(UnreadDocument))]
[JsonSerializable(typeof(EquivocationProblem))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(KeysAnswer))]
[JsonSerializable(typeof(PolicyRequest))]
[JsonSerializable(typeof(PolicyAnswer))]
[JsonSerializable(typeof(ParametersRequest))]
[JsonSerializable(typeof(ParametersAnswer))]
sealed partial class PcsHttpJson : JsonSerializerContext;
