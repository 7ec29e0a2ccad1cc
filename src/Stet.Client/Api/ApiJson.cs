using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>Shapes of bodies and answers. Members of an answer that this client does not know are left alone.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(ReceiptPart))]
[JsonSerializable(typeof(AuditReceipt))]
[JsonSerializable(typeof(TenantCreated))]
[JsonSerializable(typeof(NewCorrection))]
[JsonSerializable(typeof(CorrectionReceipt))]
[JsonSerializable(typeof(NewCorrections))]
[JsonSerializable(typeof(CorrectionResults))]
[JsonSerializable(typeof(Revocation))]
[JsonSerializable(typeof(RevocationReceipt))]
[JsonSerializable(typeof(Correction))]
[JsonSerializable(typeof(CorrectionHistory))]
[JsonSerializable(typeof(CorrectionEnforcement))]
[JsonSerializable(typeof(SubjectFacts))]
[JsonSerializable(typeof(FactsBlock))]
[JsonSerializable(typeof(SystemSettings))]
[JsonSerializable(typeof(EnforcingSystem))]
[JsonSerializable(typeof(EnforcingSystems))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(HeartbeatReceipt))]
[JsonSerializable(typeof(EnforcementStatus))]
[JsonSerializable(typeof(Escalation))]
[JsonSerializable(typeof(NewDefaults))]
[JsonSerializable(typeof(EnforcementDefaults))]
[JsonSerializable(typeof(SubmissionVerdict))]
[JsonSerializable(typeof(NewSigningKey))]
[JsonSerializable(typeof(SigningKey))]
[JsonSerializable(typeof(SigningKeys))]
[JsonSerializable(typeof(NewSignaturePolicy))]
[JsonSerializable(typeof(SignaturePolicyInForce))]
[JsonSerializable(typeof(SubmissionParameters))]
[JsonSerializable(typeof(ParametersInForce))]
[JsonSerializable(typeof(SubmissionsOfId))]
[JsonSerializable(typeof(Submissions))]
[JsonSerializable(typeof(ShardProgress))]
[JsonSerializable(typeof(NewResolution))]
[JsonSerializable(typeof(Resolution))]
[JsonSerializable(typeof(Duplicates))]
[JsonSerializable(typeof(Equivocations))]
[JsonSerializable(typeof(SubmissionSummary))]
[JsonSerializable(typeof(LogKeys))]
[JsonSerializable(typeof(InclusionProof))]
[JsonSerializable(typeof(ConsistencyProof))]
[JsonSerializable(typeof(EvidencePack))]
[JsonSerializable(typeof(EvaluationBody))]
[JsonSerializable(typeof(Decision))]
[JsonSerializable(typeof(EvaluationsBody))]
[JsonSerializable(typeof(DecisionList))]
[JsonSerializable(typeof(SearchBody))]
[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(AccessRequestBody))]
[JsonSerializable(typeof(AccessAnswer))]
sealed partial class ApiJson : JsonSerializerContext;

/// <summary>Enumerations in capitals with underscores.</summary>
sealed class Capitals<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false) where T : struct, Enum;

/// <summary>Enumerations in lower case with underscores.</summary>
sealed class LowerCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) where T : struct, Enum;
