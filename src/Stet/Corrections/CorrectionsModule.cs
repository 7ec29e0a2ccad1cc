using System.Text.Json.Serialization;
using Stet.EventStore;

namespace Stet.Corrections;

/// <summary>What the corrections context consists of.</summary>
public static class CorrectionsModule
{
    static readonly StateType<CorrectedField> Field = StateType.Latest<CorrectedField>("corrected_field");

    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("correction_recorded", CorrectionsEventJson.Default.CorrectionRecorded)
            .Add("correction_superseded", CorrectionsEventJson.Default.CorrectionSuperseded)
            .Add("correction_revoked", CorrectionsEventJson.Default.CorrectionRevoked))
        .State(Field)
        .Projection(new CorrectionsProjection());

    public static void Map(IEndpointRouteBuilder routes)
    {
        RecordCorrectionEndpoint.Map(routes);
        RecordCorrectionsEndpoint.Map(routes);
        RevokeCorrectionEndpoint.Map(routes);
        HistoryEndpoints.Map(routes);
        FactsEndpoint.Map(routes);
        FactsContextEndpoint.Map(routes);
    }

    internal static StreamKey<CorrectedField> FieldOf(RecordCorrection command) => FieldOf(command.Subject, command.FieldKey);

    internal static StreamKey<CorrectedField> FieldOf(Subject subject, string fieldKey) =>
        new(Field, "corrections", subject.Type, subject.Id, fieldKey);
}

/// <summary>Shapes of stored events: enumerations by their members' names.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(CorrectionRecorded))]
[JsonSerializable(typeof(CorrectionSuperseded))]
[JsonSerializable(typeof(CorrectionRevoked))]
sealed partial class CorrectionsEventJson : JsonSerializerContext;

/// <summary>Shapes of bodies and answers: enumerations in capitals, unknown and repeated members refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 36, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(UtcTimeConverter), typeof(CapitalsConverter<CorrectionClass>), typeof(CapitalsConverter<CorrectionStatus>), typeof(CapitalsConverter<RevocationReason>)])]
[JsonSerializable(typeof(CorrectionRequest))]
[JsonSerializable(typeof(CorrectionReceipt))]
[JsonSerializable(typeof(CorrectionsRequest))]
[JsonSerializable(typeof(CorrectionsAnswer))]
[JsonSerializable(typeof(RecordCorrection))]
[JsonSerializable(typeof(RevokeCorrection))]
[JsonSerializable(typeof(RevocationRequest))]
[JsonSerializable(typeof(RevocationReceipt))]
[JsonSerializable(typeof(FactsAnswer))]
[JsonSerializable(typeof(FactsBlock))]
[JsonSerializable(typeof(HistoryAnswer))]
[JsonSerializable(typeof(HistoricalCorrection))]
sealed partial class CorrectionsHttpJson : JsonSerializerContext;

/// <summary>The shape of a batch around its corrections: how deep one is nested is for that one alone to say.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = RecordCorrectionsEndpoint.BodyLimit,
    AllowDuplicateProperties = false, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(UnreadCorrections))]
sealed partial class CorrectionsBatchJson : JsonSerializerContext;
