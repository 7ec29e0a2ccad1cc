using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Stet.Observability;
using Stet.Testing;

namespace Stet.Tests.Http;

/// <summary>What generators of clients make of the description.</summary>
public class DescribedClientSpecs
{
    [Fact]
    public async Task Every_operation_has_a_name_of_its_own_in_a_chapter()
    {
        var description = await OpenApiSpecs.Description();
        var chapters = description["tags"]!.AsArray().Select(t => (string)t!["name"]!).ToArray();
        var operations = OpenApiSpecs.Operations(description).ToArray();

        var names = operations.Select(o => (string?)o.Operation["operationId"]).ToArray();

        operations.Length.ShouldBeGreaterThan(100);
        names.ShouldAllBe(n => n != null && Regex.IsMatch(n, "^[a-z][A-Za-z]+$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        names.ShouldBeUnique();
        operations.ShouldAllBe(o => chapters.Contains((string)o.Operation["tags"]!.AsArray().Single()!));
        chapters.Except(operations.Select(o => (string)o.Operation["tags"]![0]!)).ShouldBeEmpty();
        ((string?)description["paths"]!["/v1/corrections"]!["post"]!["operationId"]).ShouldBe("recordCorrection");
        ((string?)description["paths"]!["/as-of/{position}/access/v1/evaluation"]!["post"]!["operationId"]).ShouldBe("evaluateAsOf");
    }

    [Fact]
    public async Task The_description_names_the_version_and_is_sent_once()
    {
        using var http = (await TestService.SharedAsync()).AnonymousClient();

        using var answer = await http.GetAsync("/openapi/v1.json");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json");
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);

        ((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["info"]!["version"]).ShouldBe(ObservabilityModule.Version);
        (await http.SendAsync(again)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Theory]
    [InlineData(null, "/", "/t/{tenant_id}")]
    [InlineData("https://stet.example/pdp", "https://stet.example/pdp", "https://stet.example/pdp/t/{tenant_id}")]
    public async Task The_description_names_the_public_URL_and_without_one_no_host(string? publicUrl, string shared, string ofTenants)
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["AuthZen:PublicUrl"] = publicUrl } });
        using var http = service.AnonymousClient();

        var description = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!;

        Urls(description).ShouldBe([shared]);
        Urls(OpenApiSpecs.Operations(description).Single(o => (string)o.Operation["operationId"]! == "evaluate").Operation).ShouldBe([shared, ofTenants]);

        static IEnumerable<string> Urls(JsonNode node) => node["servers"]!.AsArray().Select(s => (string)s!["url"]!);
    }

    [Fact]
    public async Task Decisions_are_described_at_the_address_of_their_tenant_too()
    {
        var operations = OpenApiSpecs.Operations(await OpenApiSpecs.Description()).ToArray();
        var tenant = await Tenant.NewAsync();

        operations.Where(o => o.Operation["servers"] is not null).ShouldBe(
            operations.Where(o => o.Path.StartsWith("/access/", StringComparison.Ordinal) || o.Path.StartsWith("/as-of/", StringComparison.Ordinal)));
        var evaluate = operations.Single(o => (string)o.Operation["operationId"]! == "evaluate");
        foreach (var server in evaluate.Operation["servers"]!.AsArray())
        {
            var address = ((string)server!["url"]!).Replace("{tenant_id}", tenant.Id).TrimEnd('/');
            var answer = await tenant.PostAsync(address + evaluate.Path, evaluate.Operation["requestBody"]!["content"]!["application/json"]!["example"]!);
            answer.Status.ShouldBe(200, answer.Text);
        }

        evaluate.Operation["servers"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Described_examples_are_accepted()
    {
        var description = await OpenApiSpecs.Description();
        using var http = (await TestService.SharedAsync()).Client();
        var shown = new List<string>();
        foreach (var (method, path, operation) in OpenApiSpecs.Operations(description))
        {
            if (operation["requestBody"]?["content"]?["application/json"]?["example"] is not { } example) continue;

            shown.Add((string)operation["operationId"]!);
            using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{kid}", "example"));
            request.Content = new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json");
            using var response = await http.SendAsync(request);
            response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await response.Content.ReadAsStringAsync()}");
        }

        shown.Order().ShouldBe(["evaluate", "recordCorrection", "registerPcsKey", "reportHeartbeat"]);
    }

    [Theory]
    [InlineData("/v1/history", "limit", """{"maximum":500,"minimum":1,"type":"integer","default":50,"format":"int64"}""")]
    [InlineData("/v1/history", "include_revoked", """{"type":"boolean"}""")]
    [InlineData("/v1/facts", "min_position", """{"minimum":0,"type":"integer","format":"int64"}""")]
    [InlineData("/v1/facts", "field_keys", """{"maxItems":100,"type":"array","items":{"type":"string"}}""")]
    [InlineData("/v1/facts/context", "max_tokens", """{"maximum":100000,"minimum":64,"type":"integer","format":"int64"}""")]
    [InlineData("/v1/facts/context", "format", """{"enum":["markdown","json"],"type":"string"}""")]
    [InlineData("/v1/policy/decisions", "class", """{"enum":["allow","forbidden","not_permitted","error"],"type":"string"}""")]
    [InlineData("/v1/pcs/{pcs_id}", "pcs_id", """{"pattern":"^[0-9a-f]{64}$","type":"string"}""")]
    [InlineData("/v1/tenants/{tenant_id}/audit/epoch/{epoch}/inclusion", "epoch", """{"maximum":2147483647,"minimum":2,"type":"integer","format":"int64"}""")]
    [InlineData("/v1/tenants/{tenant_id}/audit/inclusion", "position", """{"minimum":1,"type":"integer","format":"int64"}""")]
    public async Task Parameters_have_their_types_and_bounds(string path, string name, string schema)
    {
        var parameters = (await OpenApiSpecs.Description())["paths"]![path]!["get"]!["parameters"]!.AsArray();

        var described = parameters.Single(p => (string)p!["name"]! == name)!["schema"];

        JsonNode.DeepEquals(described, JsonNode.Parse(schema)).ShouldBeTrue(described!.ToJsonString());
    }

    [Theory]
    [InlineData("KeyRequest", "use", "0.1 1.0")]
    [InlineData("KeyRequest", "alg", "HS256 Ed25519")]
    [InlineData("KeyAnswer", "state", "valid pending expired revoked")]
    [InlineData("PolicyRequest", "policy", "required none")]
    [InlineData("ResolveRequest", "resolution", "accepted rejected")]
    [InlineData("SubmissionAnswer", "outcome", "ACCEPTED ESCALATED")]
    [InlineData("CandidateItem", "state", "drafted validated diffed invalid rejected activated retired")]
    [InlineData("ResultAt", "class", "allow forbidden not_permitted error")]
    [InlineData("EvaluationOptions", "evaluations_semantic", "execute_all deny_on_first_deny permit_on_first_permit")]
    public async Task Members_that_hold_one_of_a_few_words_name_them(string schema, string member, string words)
    {
        var schemas = (await OpenApiSpecs.Description())["components"]!["schemas"]!;

        schemas[schema]!["properties"]![member]!["enum"]!.AsArray().Select(w => (string)w!).ShouldBe(words.Split(' '));
        schemas.ToJsonString().ShouldNotContain("CandidateState");
    }

    [Fact]
    public async Task Members_of_bodies_have_their_bounds()
    {
        var schemas = (await OpenApiSpecs.Description())["components"]!["schemas"]!;

        var fieldKey = schemas["CorrectionRequest"]!["properties"]!["field_key"]!;
        ((int)fieldKey["minLength"]!, (int)fieldKey["maxLength"]!).ShouldBe((1, 200));
        var interval = schemas["SystemRequest"]!["properties"]!["interval_seconds"]!;
        ((int)interval["minimum"]!, (int)interval["maximum"]!).ShouldBe((1, 604_800));
    }

    [Fact]
    public async Task A_batch_may_have_defaults_and_an_entity_an_id()
    {
        var description = await OpenApiSpecs.Description();
        var schemas = description["components"]!["schemas"]!;

        ((string?)schemas["EvaluationsRequest"]!["properties"]!["evaluations"]!["items"]!["$ref"]).ShouldBe("#/components/schemas/EvaluationItem");
        schemas["EvaluationItem"]!["required"].ShouldBeNull();
        Texts(schemas["AuthZenEntity"]!["required"]).ShouldBe(["type", "id"]);
        schemas["AuthZenEntity"]!["properties"]!["id"]!["type"]!.ToJsonString().ShouldBe("\"string\"");
        Texts(schemas["EvaluationRequest"]!["required"]).ShouldBe(["subject", "action", "resource"]);
        schemas["SubjectSearchRequest"]!["properties"]!["subject"]!["$ref"]!.ToJsonString().ShouldContain("AuthZenKind");
        schemas["SearchAnswer"]!["properties"]!["context"].ShouldNotBeNull();
        foreach (var path in (string[])["/access/v1/evaluations", "/as-of/{position}/access/v1/evaluations"])
        {
            var answer = description["paths"]![path]!["post"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;
            answer["oneOf"]!.AsArray().Select(s => (string)s!["$ref"]!)
                .ShouldBe(["#/components/schemas/EvaluationsAnswer", "#/components/schemas/EvaluationAnswer"]);
        }
    }

    [Fact]
    public async Task Receipts_and_evidence_have_the_members_that_are_sent()
    {
        var schemas = (await OpenApiSpecs.Description())["components"]!["schemas"]!;
        var tenantId = TestService.NewTenantId();
        using var http = (await TestService.SharedAsync()).Client(tenantId);
        using var response = await http.PostAsJsonAsync(
            "/v1/enforcement/heartbeat?receipt=true", new { system_id = "care-agent", enforced_correction_version = "2026-01-31T12:00:00Z" });

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        var receipt = answer["receipts"]![0]!;
        var id = (string)JsonNode.Parse((string)receipt["entry"]!)!["id"]!;
        var pack = JsonNode.Parse(await http.GetStringAsync($"/v1/tenants/{tenantId}/audit/evidence/{id}"))!;

        Members("HeartbeatReceipt").ShouldBe([.. Names(answer), "receipt_error"]);
        Members("AuditReceipt").ShouldBe(Names(receipt));
        Members("EvidencePack").ShouldBe(Names(pack));

        IEnumerable<string> Members(string schema) => Names(schemas[schema]!["properties"]!);
        static IEnumerable<string> Names(JsonNode node) => node.AsObject().Select(m => m.Key);
    }

    [Fact]
    public async Task A_problem_has_the_members_of_every_refusal()
    {
        var problem = (await OpenApiSpecs.Description())["components"]!["schemas"]!["Problem"]!;

        Texts(problem["required"]).ShouldBe(["type", "title", "status", "detail", "code"]);
        ((string[])["errors", "findings", "diff_digest", "diff_position", "reason", "trace_id"])
            .ShouldBeSubsetOf(problem["properties"]!.AsObject().Select(p => p.Key));
        ((string?)problem["properties"]!["findings"]!["items"]!["$ref"]).ShouldBe("#/components/schemas/PolicyFinding");
    }

    [Theory]
    [InlineData("/health", "200", "application/json")]
    [InlineData("/health", "503", "application/json")]
    [InlineData("/livez", "200", "application/json")]
    [InlineData("/metrics", "200", "text/plain application/openmetrics-text")]
    [InlineData("/metrics", "503", "")]
    [InlineData("/.well-known/authzen-configuration", "200", "application/json")]
    [InlineData("/.well-known/authzen-configuration/t/{tenant_id}", "404", "application/problem+json")]
    public async Task What_is_open_to_all_says_so_and_what_it_answers(string path, string status, string content)
    {
        var operation = (await OpenApiSpecs.Description())["paths"]![path]!["get"]!;

        operation["security"]!.ToJsonString().ShouldBe("[]");
        var answers = operation["responses"]![status]!["content"]?.AsObject();
        (answers?.Select(c => c.Key) ?? []).ShouldBe(content.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        foreach (var (_, answer) in answers ?? []) answer!["schema"].ShouldNotBeNull();
    }

    [Fact]
    public async Task The_health_has_the_members_that_are_sent()
    {
        var schemas = (await OpenApiSpecs.Description())["components"]!["schemas"]!;
        using var http = (await TestService.SharedAsync()).AnonymousClient();

        using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative)); // 503 while another spec's log is frozen
        var health = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        var configuration = JsonNode.Parse(await http.GetStringAsync("/.well-known/authzen-configuration"))!;

        schemas["HealthAnswer"]!["properties"]!.AsObject().Select(m => m.Key).ShouldBe(health.AsObject().Select(m => m.Key), ignoreOrder: true);
        Texts(schemas["AuthZenConfiguration"]!["required"]).ShouldBe(configuration.AsObject().Select(m => m.Key));
    }

    [Theory]
    [InlineData("/v1/enforcement/status")]
    [InlineData("/v1/enforcement/escalation")]
    public async Task What_is_new_each_time_promises_no_304(string path)
    {
        var responses = (await OpenApiSpecs.Description())["paths"]![path]!["get"]!["responses"]!.AsObject();

        responses.Select(r => r.Key).ShouldNotContain("304");
        responses["200"]!["headers"]!.AsObject().Select(h => h.Key).ShouldBe(["Stet-Position", "RateLimit-Policy", "RateLimit"]);
    }

    static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(t => (string)t!);
}
