using System.Text;
using System.Text.Json.Nodes;
using Stet.Testing;
using Stet.Tests.Http;

namespace Stet.Tests.Policy.AuthZen;

/// <summary>The cases of the OpenID certification scenario and of the interop scenarios, over HTTP.</summary>
public class ConformanceSpecs
{
    [Fact]
    public async Task Every_certification_case_is_answered_as_it_expects() =>
        await RunAsync(
            await Scenarios.CertificationAsync(),
            [.. SharedData.Json("certification-cases.json").AsArray().Where(c => (string)c!["level"]! != "discovery")!], count: 70);

    [Fact]
    public async Task Every_todo_case_is_answered_as_it_expects() =>
        await RunAsync(await Scenarios.TodoAsync(), Interop("todo-1.0-draft01", "todo-1.0-draft02"), count: 83);

    [Fact]
    public async Task Every_gateway_case_is_answered_as_it_expects() =>
        await RunAsync(await Scenarios.GatewayAsync(), Interop("gateway"), count: 25);

    [Fact]
    public async Task Every_search_of_an_identity_provider_is_answered_as_it_expects() =>
        await RunAsync(await Scenarios.IdentityProviderAsync(), Interop("idp"), count: 6);

    [Fact]
    public async Task The_metadata_is_what_the_certification_expects()
    {
        var expected = SharedData.Json("certification-cases.json").AsArray().Single(c => (string)c!["level"]! == "discovery")!;
        const string Home = "https://pdp.example";
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["AuthZen:PublicUrl"] = Home },
        });
        var anybody = new Tenant(service.AnonymousClient());

        var answer = await anybody.GetAsync((string)expected["path"]!);

        answer.Status.ShouldBe((int)expected["expect"]!["status"]!);
        answer.Headers["Content-Type"].ShouldBe((string)expected["expect"]!["contentType"]!);
        foreach (var name in expected["expect"]!["metadata"]!["required"]!.AsArray()) answer.Json[(string)name!].ShouldNotBeNull();
        ((string)answer.Json["policy_decision_point"]!).ShouldBe(Home);
        answer.Json.AsObject().Where(m => m.Key.EndsWith("_endpoint", StringComparison.Ordinal))
            .ShouldAllBe(m => ((string)m.Value!).StartsWith(Home, StringComparison.Ordinal));
        foreach (var capability in answer.Json["capabilities"]?.AsArray() ?? []) ((string)capability!).ShouldStartWith("urn:");
    }

    [Fact]
    public async Task The_path_of_the_public_URL_stands_behind_the_well_known_one()
    {
        const string Home = "https://h.example/stet/pdp";
        const string Metadata = "/.well-known/authzen-configuration";
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["AuthZen:PublicUrl"] = Home },
        });
        var (anybody, tenantId) = (new Tenant(service.AnonymousClient()), TestService.NewTenantId());

        foreach (var (path, home) in new[] { ("", Home), ("/stet/pdp", Home), ($"/t/{tenantId}", $"{Home}/t/{tenantId}"), ($"/stet/pdp/t/{tenantId}", $"{Home}/t/{tenantId}") })
            ((string)(await anybody.GetAsync(Metadata + path)).Json["policy_decision_point"]!).ShouldBe(home, path);
        (await anybody.GetAsync(Metadata + "/stet")).Status.ShouldBe(404);
        (await anybody.GetAsync(Metadata + "/other/pdp")).Status.ShouldBe(404);
    }

    static JsonNode[] Interop(params string[] scenarios) =>
        [.. SharedData.Json("interop-cases.json").AsArray().Where(c => scenarios.Contains((string)c!["scenario"]!))!];

    static async Task RunAsync(Tenant tenant, JsonNode[] cases, int count)
    {
        cases.Length.ShouldBe(count);
        var failures = new List<string>();
        var results = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var one in cases)
        {
            for (var i = 0; i < ((int?)one["repeat"] ?? 1); i++)
            {
                var answer = await SendAsync(tenant, one, results);
                if (FailureOf(one, answer, results) is { } failure) failures.Add($"{(string)one["id"]!}: {failure}: {answer.Text}");
                if (answer.Status == 200) results[(string)one["id"]!] = answer.Json;
            }
        }

        failures.ShouldBeEmpty();
    }

    static Task<Answer> SendAsync(Tenant tenant, JsonNode one, Dictionary<string, JsonNode> results)
    {
        var headers = one["headers"]?.AsObject().Select(h => (h.Key, (string)h.Value!)).ToArray() ?? [];
        var body = (string?)one["rawBody"] ?? one["body"]!.ToJsonString();
        if (one["body"]?["page"]?["token"] is { } token)
        {
            // In angle brackets stands the case whose token it is; that of another query is any.
            var issuer = ((string)token!).Trim('<', '>').Split(' ')[^1];
            var issued = results.GetValueOrDefault(issuer, results["C-4-5-1"]);
            var sent = one["body"]!.DeepClone();
            sent["page"]!["token"] = (string)issued["page"]!["next_token"]!;
            body = sent.ToJsonString();
        }

        return tenant.SendAsync(new HttpMethod((string)one["method"]!), (string)one["path"]!, Encoding.UTF8.GetBytes(body), headers);
    }

    static string? FailureOf(JsonNode one, Answer answer, Dictionary<string, JsonNode> results)
    {
        var expect = one["expect"]!;
        if (answer.Status != (int)expect["status"]!) return $"status {answer.Status}";
        if (expect["contentType"] is { } type && answer.Headers["Content-Type"] != (string)type!) return "content type";
        foreach (var (name, value) in expect["responseHeaders"]?.AsObject() ?? [])
            if (answer.Headers.GetValueOrDefault(name) != (string?)value) return $"header {name}";
        if (expect["decision"] is { } decision && (bool)answer.Json["decision"]! != (bool)decision) return "decision";
        if (expect["evaluations"] is JsonArray evaluations && FailureOf(evaluations, answer.Json["evaluations"]!.AsArray())) return "evaluations";
        if (expect["exactJson"] is { } exact && !JsonNode.DeepEquals(exact, answer.Json["evaluations"])) return "exact JSON";
        if (expect["pageRequired"] is not null && answer.Json["page"]?["next_token"] is null) return "page";
        if (answer.Status != 200 || answer.Json["results"] is not JsonArray found) return null;

        var actual = found.Select(r => r!.ToJsonString()).ToHashSet();
        if (expect["resultsSetEquals"] is JsonArray all && !actual.SetEquals(Texts(all))) return "results";
        if (expect["resultsInclude"] is JsonArray some && !actual.IsSupersetOf(Texts(some))) return "results";
        if (expect["resultsAllOfType"] is { } only && found.Any(r => (string)r!["type"]! != (string)only!)) return "types";
        return expect["sameResultsAs"] is { } other && !actual.SetEquals(Texts(results[(string)other!]["results"]!.AsArray()))
            ? "other results"
            : null;
    }

    static bool FailureOf(JsonArray expected, JsonArray actual) =>
        expected.Count != actual.Count
        || expected.Where((e, i) => e is not null && (bool)e != (bool)actual[i]!["decision"]!).Any();

    static HashSet<string> Texts(JsonArray results) => [.. results.Select(r => r!.ToJsonString())];
}
