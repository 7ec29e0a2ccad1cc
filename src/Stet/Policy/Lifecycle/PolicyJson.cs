using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Stet.Cedar;
using Stet.Policy.Decisions;

namespace Stet.Policy.Lifecycle;

/// <summary>Lists that compare by their items, as arrays.</summary>
sealed class EquatableArrayConverter<T> : JsonConverter<EquatableArray<T>> where T : class, IEquatable<T>
{
    public override EquatableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("must be an array");

        var item = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        var items = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(JsonSerializer.Deserialize(ref reader, item) ?? throw new JsonException("must be an array without null"));
        return new([.. items]);
    }

    public override void Write(Utf8JsonWriter writer, EquatableArray<T> value, JsonSerializerOptions options)
    {
        var type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        writer.WriteStartArray();
        foreach (var item in value) JsonSerializer.Serialize(writer, item, type);
        writer.WriteEndArray();
    }
}

static class PolicyJson
{
    /// <summary>Writes findings as a member of a problem document.</summary>
    public static void WriteFindings(Utf8JsonWriter json, IReadOnlyList<PolicyFinding> findings)
    {
        json.WriteStartArray("findings");
        foreach (var finding in findings) JsonSerializer.Serialize(json, finding, PolicyHttpJson.Default.PolicyFinding);
        json.WriteEndArray();
    }
}

/// <summary>Shapes of stored events and states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters =
    [
        typeof(UtcTimeConverter), typeof(EquatableArrayConverter<NamedPolicy>), typeof(EquatableArrayConverter<NamedLink>),
        typeof(EquatableArrayConverter<PolicyFinding>), typeof(EquatableArrayConverter<string>),
        typeof(EquatableArrayConverter<RawError>), typeof(EquatableArrayConverter<Obligation>), typeof(SnakeCaseConverter<DecisionClass>),
    ])]
[JsonSerializable(typeof(PolicyDrafted))]
[JsonSerializable(typeof(PolicyValidated))]
[JsonSerializable(typeof(PolicyFoundInvalid))]
[JsonSerializable(typeof(PolicyDiffed))]
[JsonSerializable(typeof(PolicyApproved))]
[JsonSerializable(typeof(PolicyRejected))]
[JsonSerializable(typeof(PolicyActivated))]
[JsonSerializable(typeof(PolicyRolledBack))]
[JsonSerializable(typeof(PolicyRetired))]
[JsonSerializable(typeof(PolicyApproverNamed))]
[JsonSerializable(typeof(PolicyApproverRemoved))]
[JsonSerializable(typeof(DecisionsAudited))]
[JsonSerializable(typeof(DecisionMismatchFound))]
[JsonSerializable(typeof(NamedPolicy))]
[JsonSerializable(typeof(NamedLink))]
[JsonSerializable(typeof(PolicyFinding))]
[JsonSerializable(typeof(RawError))]
[JsonSerializable(typeof(Obligation))]
[JsonSerializable(typeof(PolicyLife))]
sealed partial class PolicyEventJson : JsonSerializerContext;

/// <summary>Shapes of bodies and answers: unknown and repeated members are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 40, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters =
    [
        typeof(UtcTimeConverter), typeof(EquatableArrayConverter<NamedPolicy>), typeof(EquatableArrayConverter<NamedLink>),
        typeof(EquatableArrayConverter<string>),
    ])]
[JsonSerializable(typeof(DraftRequest))]
[JsonSerializable(typeof(DraftAnswer))]
[JsonSerializable(typeof(ApprovalRequest))]
[JsonSerializable(typeof(ReasonRequest))]
[JsonSerializable(typeof(RetirementRequest))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(ActivationRequest))]
[JsonSerializable(typeof(DiffRequest))]
[JsonSerializable(typeof(DiffAnswer))]
[JsonSerializable(typeof(DiffProgress))]
[JsonSerializable(typeof(AuditRequest))]
[JsonSerializable(typeof(AuditAnswer))]
[JsonSerializable(typeof(PromotionAnswer))]
[JsonSerializable(typeof(StepAnswer))]
[JsonSerializable(typeof(ApproversAnswer))]
[JsonSerializable(typeof(CandidatesAnswer))]
[JsonSerializable(typeof(CandidateAnswer))]
[JsonSerializable(typeof(CandidateText))]
[JsonSerializable(typeof(NamedPolicy))]
[JsonSerializable(typeof(NamedLink))]
[JsonSerializable(typeof(InForceAnswer))]
[JsonSerializable(typeof(PolicyFinding))]
sealed partial class PolicyHttpJson : JsonSerializerContext;
