using System.Text.Json.Nodes;
using Stet.Cedar;

namespace AgentGate;

/// <summary>Puts the ready-made rules for agents in force: drafted by one person, approved by two others.</summary>
static class Setup
{
    static readonly string folder = Path.Combine(AppContext.BaseDirectory, "policies");

    /// <returns>The candidate that decides from now on.</returns>
    public static async Task<string> RunAsync(StetClient stet, CancellationToken cancel)
    {
        foreach (var approver in (string[])["bob", "carol"])
            await stet.SendAsync("admin", HttpMethod.Put, $"/v1/policy/approvers/{approver}", null, cancel);

        var drafted = await stet.SendAsync("alice", HttpMethod.Post, "/v1/policy/candidates", Candidate(), cancel);
        var candidate = drafted.GetProperty("candidate").GetString()!;
        if (drafted.GetProperty("state").GetString() != "validated") throw new InvalidOperationException($"The rules are not valid: {drafted}");

        var path = $"/v1/policy/candidates/{candidate}";
        var diffed = await stet.SendAsync("alice", HttpMethod.Post, $"{path}/diff", new JsonObject(), cancel);
        var approved = new JsonObject
        {
            ["diff_digest"] = diffed.GetProperty("diff_digest").GetString(),
            ["position"] = diffed.GetProperty("position").GetInt64(),
        };
        await stet.SendAsync("bob", HttpMethod.Post, $"{path}/approvals", approved, cancel);
        await stet.SendAsync("carol", HttpMethod.Post, $"{path}/approvals", approved, cancel);
        await stet.SendAsync("alice", HttpMethod.Post, $"{path}/activation", approved, cancel);

        await stet.SendAsync("admin", HttpMethod.Post, "/v1/policy/entities/import", JsonNode.Parse(Read("tests/entities.json")), cancel);
        await stet.SendAsync("admin", HttpMethod.Put, "/v1/policy/peps/gateway", new JsonObject { ["drafts"] = new JsonArray("access_request") }, cancel);
        return candidate;
    }

    static JsonObject Candidate()
    {
        var policies = new JsonArray();
        foreach (var file in Directory.GetFiles(folder, "*.cedar"))
        {
            var parsed = PolicySet.ParseAll(File.ReadAllText(file), [], CedarLimits.Default).Value
                ?? throw new InvalidOperationException($"{file} cannot be parsed");
            foreach (var policy in parsed.Policies)
                policies.Add(new JsonObject { ["id"] = policy.FindAnnotation("id")!.Value, ["text"] = policy.Source.PolicyText });
        }

        return new JsonObject
        {
            ["policies"] = policies,
            ["schema"] = Read("agents.cedarschema"),
            ["obligations"] = JsonNode.Parse(Read("obligations.json")),
        };
    }

    static string Read(string file) => File.ReadAllText(Path.Combine(folder, file));
}
