using System.Text;
using System.Text.Json.Nodes;
using Stet.Testing;
using Stet.Tests.Http;

namespace Stet.Tests.Enforcement;

/// <summary>What tests of enforcement ask of a tenant.</summary>
static class Tenancy
{
    public static Tenant Of(TestService service, string tenantId) => new(service.Client(tenantId));

    public static Task<Answer> PutAsync(this Tenant tenant, string systemId, string settings = "{}") =>
        tenant.SendAsync(HttpMethod.Put, $"/v1/enforcement/systems/{systemId}", Encoding.UTF8.GetBytes(settings));

    public static Task<Answer> DeleteAsync(this Tenant tenant, string systemId) =>
        tenant.SendAsync(HttpMethod.Delete, $"/v1/enforcement/systems/{systemId}", null);

    public static Task<Answer> BeatAsync(
        this Tenant tenant, string systemId, long? position = null, string version = "2020-01-01T00:00:00Z", string more = "") =>
        tenant.PostTextAsync(
            "/v1/enforcement/heartbeat",
            $$"""{"system_id":"{{systemId}}","enforced_correction_version":"{{version}}"{{(position is null ? "" : $",\"enforced_position\":{position}")}}{{more}}}""");

    public static async Task<JsonNode> StatusAsync(this Tenant tenant, string systemId)
    {
        var answer = await tenant.GetAsync($"/v1/enforcement/status?system_id={systemId}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json["systems"]!.AsArray().Single()!;
    }

    /// <summary>Records a correction of a field; another value each time.</summary>
    public static Task<JsonNode> CorrectAsync(this Tenant tenant, string fieldKey, string value = "a", string correctionClass = "FACT") =>
        tenant.RecordAsync(JsonNode.Parse($$"""
            {"subject":{"type":"patient","id":"p-17"},"field_key":"{{fieldKey}}","value":"{{value}}","class":"{{correctionClass}}",
             "permissions":{"readers":["bot"]},"actor":{"type":"human","id":"ada"},"idempotency_key":"{{fieldKey}}-{{value}}"}
            """)!);

    public static string Text(this JsonNode node, string member) => node[member]!.ToString();
}
