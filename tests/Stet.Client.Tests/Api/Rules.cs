using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Stet.Client.Tests.Api;

/// <summary>Rules in force for a tenant: tools may be called, a refund takes a person's yes, an export a second factor.</summary>
static class Rules
{
    const string Schema = """
        @authzen("identity") entity Identity;
        @authzen("tool") entity Tool;
        type Approval = { id: String, approved_until: datetime };
        action "tools/call" appliesTo { principal: Identity, resource: Tool, context: { @governed approval?: Approval, urgent?: Bool } };
        """;

    static readonly (string Id, string Text)[] policies =
    [
        ("calls", """permit (principal is Identity, action == Action::"tools/call", resource is Tool);"""),
        ("refunds", """
            @access_request("4h")
            forbid (principal, action, resource == Tool::"refund_order") unless { context has approval };
            """),
        ("exports", """
            @obligation("step-up")
            permit (principal, action, resource == Tool::"export_orders");
            """),
    ];

    /// <summary>Puts them in force, and registers an enforcement point for access requests and obligations.</summary>
    /// <param name="http">A client of the tenant, without an actor.</param>
    /// <param name="pep">The enforcement point.</param>
    public static async Task ActivateAsync(HttpClient http, string pep = "gateway")
    {
        foreach (var approver in (string[])["bob", "carol"]) await SendAsync(http, "admin", HttpMethod.Put, $"approvers/{approver}", []);
        var drafted = await SendAsync(http, "alice", HttpMethod.Post, "candidates", new JsonObject
        {
            ["policies"] = new JsonArray([.. policies.Select(p => new JsonObject { ["id"] = p.Id, ["text"] = p.Text })]),
            ["schema"] = Schema,
            ["obligations"] = JsonNode.Parse("""{"step-up":{"type":"step-up","properties":{"acr_value":"urn:example:strong"}}}"""),
        });
        var path = $"candidates/{(string)drafted["candidate"]!}";
        var diffed = await SendAsync(http, "alice", HttpMethod.Post, $"{path}/diff", []);
        foreach (var (step, person) in ((string, string)[])[("approvals", "bob"), ("approvals", "carol"), ("activation", "alice")])
        {
            await SendAsync(http, person, HttpMethod.Post, $"{path}/{step}", new JsonObject
            {
                ["diff_digest"] = (string)diffed["diff_digest"]!,
                ["position"] = (long)diffed["position"]!,
            });
        }

        foreach (var (type, id) in ((string, string)[])[("Identity", "ada"), ("Tool", "find_order"), ("Tool", "refund_order")])
            await SendAsync(http, "admin", HttpMethod.Put, $"entities/{type}/{id}", []);
        await SendAsync(http, "admin", HttpMethod.Put, $"peps/{pep}", new JsonObject { ["drafts"] = new JsonArray("access_request", "obligations") });
    }

    /// <summary>A person's yes to an access request.</summary>
    public static Task ApproveAsync(HttpClient http, Guid request) =>
        SendAsync(http, "carol", HttpMethod.Post, $"access-requests/{request:D}/approval", new JsonObject { ["note"] = "it arrived broken" });

    static async Task<JsonNode> SendAsync(HttpClient http, string actor, HttpMethod method, string path, JsonObject body)
    {
        using var request = new HttpRequestMessage(method, $"/v1/policy/{path}") { Content = JsonContent.Create(body) };
        request.Headers.Add("X-Actor", actor);
        using var response = await http.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {answer}");
        return JsonNode.Parse(answer)!;
    }
}
