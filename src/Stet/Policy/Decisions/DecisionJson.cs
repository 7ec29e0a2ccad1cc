using System.Text.Json;
using System.Text.Json.Serialization;
using Stet.Cedar;

namespace Stet.Policy.Decisions;

/// <summary>
/// <see cref="DecisionRecorded"/> as it is stored. Written by hand: it is by far the most frequent event, and a dry run
/// reads a million of them.
/// </summary>
sealed class DecisionRecordedConverter : JsonConverter<DecisionRecorded>
{
    public override DecisionRecorded Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DecisionReader.Read(ref reader);

    public override void Write(Utf8JsonWriter json, DecisionRecorded value, JsonSerializerOptions options) => Write(json, value, whole: true);

    /// <summary>Writes a decision, or what of it <see cref="ReplayDigest"/> covers.</summary>
    internal static void Write(Utf8JsonWriter json, DecisionRecorded value, bool whole)
    {
        json.WriteStartObject();
        if (whole) WriteIds(json, value);
        Write(json, value.Pep);
        Write(json, "subject"u8, value.Request.Subject);
        json.WriteStartObject("action"u8);
        json.WriteString("name"u8, value.Request.Action);
        json.WriteEndObject();
        Write(json, "resource"u8, value.Request.Resource);
        if (value.Request.Context.Count > 0)
        {
            json.WritePropertyName("context"u8);
            ValueJson.Write(json, value.Request.Context);
        }

        Texts(json, "invalid"u8, value.Request.Invalid);
        if (value.Request.Problem is { } problem) json.WriteString("problem"u8, problem);
        if (whole) WriteOrigins(json, value);
        if (value.PolicySetDigest is { } policies) json.WriteString("policy_set_digest"u8, policies);
        if (value.SchemaDigest is { } schema) json.WriteString("schema_digest"u8, schema);
        json.WriteNumber("entity_position"u8, value.EntityPosition);
        if (value.Request.Layer > 1) json.WriteNumber("layer"u8, value.Request.Layer);
        if (whole) json.WriteString("now"u8, UtcTimeConverter.Format(value.Request.Now));
        if (value.Raw is { } raw) Write(json, raw);
        Write(json, value.Effective);
        if (whole && value.ReplayDigest is { } digest) json.WriteString("replay_digest"u8, digest);
        json.WriteEndObject();
    }

    static void WriteIds(Utf8JsonWriter json, DecisionRecorded value)
    {
        json.WriteString("evaluation_id"u8, value.EvaluationId);
        if (value.BatchId is { } batch) json.WriteString("batch_id"u8, batch);
        if (value.Item is { } item) json.WriteNumber("item"u8, item);
        if (value.RequestId is { } request) json.WriteString("request_id"u8, request);
    }

    static void WriteOrigins(Utf8JsonWriter json, DecisionRecorded value)
    {
        if (value.Sources != RequestSources.None)
        {
            json.WriteStartObject("sources"u8);
            Texts(json, "governed"u8, value.Sources.Governed);
            Texts(json, "request"u8, value.Sources.Request);
            Texts(json, "recorded"u8, value.Sources.Recorded);
            json.WriteEndObject();
        }

        Texts(json, "dropped"u8, value.Dropped);
    }

    static void Write(Utf8JsonWriter json, PepSupport pep)
    {
        json.WriteStartObject("pep"u8);
        json.WriteString("id"u8, pep.Id);
        Texts(json, "obligations"u8, pep.Obligations);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, Party party)
    {
        json.WriteStartObject(name);
        json.WriteString("type"u8, party.Type);
        json.WriteString("id"u8, party.Id);
        if (party.Properties.Count > 0)
        {
            json.WritePropertyName("properties"u8);
            ValueJson.Write(json, party.Properties);
        }

        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, RawResult raw)
    {
        json.WriteStartObject("raw"u8);
        json.WriteBoolean("decision"u8, raw.Decision);
        json.WriteStartArray("determining"u8);
        foreach (var id in raw.Determining) json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteStartArray("errors"u8);
        foreach (var error in raw.Errors)
        {
            json.WriteStartObject();
            json.WriteString("policy"u8, error.Policy);
            json.WriteString("kind"u8, error.Kind);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, EffectiveResult effective)
    {
        json.WriteStartObject("effective"u8);
        json.WriteBoolean("decision"u8, effective.Decision);
        json.WriteString("class"u8, effective.Class.Name());
        if (effective.Code is { } code) json.WriteString("code"u8, code);
        json.WritePropertyName("obligations"u8);
        Write(json, effective.Obligations);
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, EquatableArray<Obligation> obligations)
    {
        json.WriteStartArray();
        foreach (var obligation in obligations)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, obligation.Id);
            json.WriteString("type"u8, obligation.Type);
            json.WritePropertyName("properties"u8);
            json.WriteRawValue(obligation.Properties, skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal static void Texts(Utf8JsonWriter json, ReadOnlySpan<byte> name, StringSet texts)
    {
        if (texts.Count == 0) return;

        json.WriteStartArray(name);
        for (var i = 0; i < texts.Count; i++) json.WriteStringValue(texts[i]);
        json.WriteEndArray();
    }
}

/// <summary>Canonical JSON of any size, stored as it is.</summary>
sealed class CanonicalJsonConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ValueJson.ReadCanonical(ref reader);

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value, skipInputValidation: true);
}

/// <summary>Shapes of stored events and states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(DecisionRecorded))]
[JsonSerializable(typeof(SearchAnswered))]
[JsonSerializable(typeof(PepRegistered))]
[JsonSerializable(typeof(PepRegistry))]
sealed partial class DecisionEventJson : JsonSerializerContext;
