using System.Text.Json.Nodes;

namespace Stet.Tests.Corrections;

/// <summary>Ordinary bodies, to be varied member by member.</summary>
static class OrdinaryJson
{
    static int last;

    /// <summary>A correction with a key of its own.</summary>
    public static JsonObject Correction(string fieldKey = "allergies.penicillin", JsonNode? value = null) => new()
    {
        ["subject"] = new JsonObject { ["type"] = "patient", ["id"] = "p-17" },
        ["field_key"] = fieldKey,
        ["value"] = value ?? "severe",
        ["class"] = "FACT",
        ["permissions"] = new JsonObject { ["readers"] = new JsonArray("allergy-bot") },
        ["actor"] = new JsonObject { ["type"] = "human", ["id"] = "dr-ada" },
        ["idempotency_key"] = $"key-{Interlocked.Increment(ref last)}",
    };

    public static JsonObject Revocation(string reason = "WITHDRAWN") => new()
    {
        ["reason"] = reason,
        ["actor"] = new JsonObject { ["type"] = "human", ["id"] = "dr-ada" },
    };

    public static JsonObject With(this JsonObject body, string member, JsonNode? value)
    {
        body[member] = value;
        return body;
    }

    public static JsonObject Without(this JsonObject body, string member)
    {
        body.Remove(member);
        return body;
    }

    public static JsonObject Permitting(this JsonObject body, string[]? readers = null, string[]? scopes = null, string[]? deny = null)
    {
        var permissions = new JsonObject();
        if (readers is not null) permissions["readers"] = Texts(readers);
        if (scopes is not null) permissions["scopes"] = Texts(scopes);
        if (deny is not null) permissions["deny_list"] = Texts(deny);
        return body.With("permissions", permissions);
    }

    public static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    /// <summary>The query of the ordinary subject and requester.</summary>
    public const string Query = "subject_type=patient&subject_id=p-17&requester_id=allergy-bot";
}
