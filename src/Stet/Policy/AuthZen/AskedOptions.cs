using System.Text.Json;

namespace Stet.Policy.AuthZen;

/// <summary>When a batch ends early.</summary>
enum BatchSemantic
{
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

/// <summary>The options of a request.</summary>
/// <param name="Semantic">When a batch ends early.</param>
/// <param name="Explain">Whether the answer is to say why.</param>
readonly record struct AskedOptions(BatchSemantic Semantic, bool Explain)
{
    /// <exception cref="Http.BadRequestException">They are not what the standard knows.</exception>
    public static AskedOptions Of(JsonElement body)
    {
        if (!body.TryGetProperty("options"u8, out var json) || json.ValueKind == JsonValueKind.Null) return default;
        if (json.ValueKind != JsonValueKind.Object) throw AuthZenBody.Bad("/options", "must be an object");

        return new AskedOptions(SemanticOf(json), ExplainOf(json));
    }

    static BatchSemantic SemanticOf(JsonElement options)
    {
        if (!options.TryGetProperty("evaluations_semantic"u8, out var json) || json.ValueKind == JsonValueKind.Null)
            return BatchSemantic.ExecuteAll;

        return json.ValueKind == JsonValueKind.String
            ? json.GetString() switch
            {
                "execute_all" => BatchSemantic.ExecuteAll,
                "deny_on_first_deny" => BatchSemantic.DenyOnFirstDeny,
                "permit_on_first_permit" => BatchSemantic.PermitOnFirstPermit,
                _ => throw NoSemantic(),
            }
            : throw NoSemantic();
    }

    static bool ExplainOf(JsonElement options)
    {
        if (!options.TryGetProperty("explain"u8, out var json) || json.ValueKind == JsonValueKind.Null) return false;

        return json.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? json.GetBoolean()
            : throw AuthZenBody.Bad("/options/explain", "must be true or false");
    }

    static Http.BadRequestException NoSemantic() => AuthZenBody.Bad(
        "/options/evaluations_semantic", "must be one of: execute_all, deny_on_first_deny, permit_on_first_permit");
}
