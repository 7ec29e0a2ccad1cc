using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Stet.Authentication;
using Stet.Testing;

namespace Stet.Tests.Http;

public class OpenApiSpecs
{
    static readonly string[] WithoutBody =
    [
        "POST /v1/audit/keys", "POST /v1/policy/candidates/{candidate}/validation",
        "POST /v1/policy/decisions/{evaluation_id}/promotion",
    ];

    [Fact]
    public async Task Every_route_says_who_may_use_it()
    {
        var service = await TestService.SharedAsync();
        var routes = service.Services.GetRequiredService<EndpointDataSource>();

        routes.Endpoints.Count.ShouldBeGreaterThan(10);
        EndpointPermissions.Undecided(routes).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_route_is_described()
    {
        var service = await TestService.SharedAsync();
        var routes = service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<RequiredPermission>() is not null)
            .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single()} {e.RoutePattern.RawText!.Replace("{**", "{")}").Append("POST /v1/pcs/submit");

        var description = await Description();

        ((string?)description["openapi"]).ShouldStartWith("3.1.");
        Operations(description).Where(o => NeedsToken(o.Operation)).Select(o => $"{o.Method} {o.Path}")
            .Order().ShouldBe(routes.Order());
    }

    [Fact]
    public async Task Every_shape_that_a_route_names_has_generated_code()
    {
        var service = await TestService.SharedAsync();
        var json = service.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var generated = json.TypeInfoResolverChain.OfType<JsonSerializerContext>().Cast<IJsonTypeInfoResolver>().ToArray();
        var metadata = service.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(e => e.Metadata.GetMetadata<RequiredPermission>() is not null).SelectMany(e => e.Metadata).ToArray();

        var shapes = metadata.OfType<IProducesResponseTypeMetadata>().Select(m => m.Type)
            .Concat(metadata.OfType<IAcceptsMetadata>().Select(m => m.RequestType))
            .Where(t => t is not null && t != typeof(void)).Distinct().ToArray();

        // The product has no reflection to fall back on; tests have.
        shapes.Length.ShouldBeGreaterThan(8);
        shapes.Where(t => generated.All(g => g.GetTypeInfo(t!, json) is null)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_operation_describes_what_it_takes_and_answers()
    {
        var description = await Description();

        foreach (var (method, path, operation) in Operations(description).Where(o => NeedsToken(o.Operation)))
        {
            var name = $"{method} {path}";
            ((string?)operation["summary"]).ShouldNotBeNullOrEmpty(name);
            if (WithoutBody.Contains(name)) operation["requestBody"].ShouldBeNull();
            else if (method == "POST") operation["requestBody"]!["content"]!["application/json"]!["schema"].ShouldNotBeNull(name);

            var responses = operation["responses"]!.AsObject();
            var success = responses.First(r => r.Key[0] == '2');
            success.Value!["content"]!.AsObject().ShouldAllBe(c => c.Value!["schema"] != null, name);
            foreach (var status in (string[])["400", "401", "403", "429", "500", "503"])
                ((string?)responses[status]!["content"]!["application/problem+json"]!["schema"]!["$ref"])
                    .ShouldBe("#/components/schemas/Problem", name);
            foreach (var named in path.Split('{').Skip(1).Select(p => p.Split('}')[0]))
                operation["parameters"]!.AsArray().ShouldContain(p => (string)p!["name"]! == named && (string)p["in"]! == "path");
        }
    }

    [Fact]
    public async Task A_submission_takes_a_token_and_needs_none()
    {
        var submit = (await Description())["paths"]!["/v1/pcs/submit"]!["post"]!;

        // The signature is the credential.
        submit["security"]!.ToJsonString().ShouldBe("""[{},{"bearer":["pcs:submit"]}]""");
    }

    [Fact]
    public async Task No_two_shapes_share_a_name()
    {
        var service = await TestService.SharedAsync();
        var metadata = service.Services.GetRequiredService<EndpointDataSource>().Endpoints.SelectMany(e => e.Metadata).ToArray();
        var known = new HashSet<Type>();
        foreach (var type in metadata.OfType<IProducesResponseTypeMetadata>().Select(m => m.Type)
            .Concat(metadata.OfType<IAcceptsMetadata>().Select(m => m.RequestType)))
            Visit(type);

        known.Count.ShouldBeGreaterThan(100);
        known.Where(t => !t.IsGenericType).GroupBy(t => t.Name).Where(g => g.Count() > 1).Select(g => g.Key).ShouldBeEmpty();

        void Visit(Type? type)
        {
            foreach (var argument in type?.GenericTypeArguments ?? []) Visit(argument);
            if (type?.Namespace?.StartsWith("Stet", StringComparison.Ordinal) != true || !known.Add(type)) return;
            foreach (var member in type.GetProperties()) Visit(member.PropertyType);
        }
    }

    [Fact]
    public async Task Both_forms_of_the_block_are_described()
    {
        var answer = (await Description())["paths"]!["/v1/facts/context"]!["get"]!["responses"]!["200"]!;

        answer["content"]!.AsObject().Select(c => c.Key).Order().ShouldBe(["application/json", "text/markdown"]);
        ((string?)answer["content"]!["application/json"]!["schema"]!["$ref"]).ShouldBe("#/components/schemas/FactsBlock");
        answer["headers"]!.AsObject().Select(h => h.Key).Order()
            .ShouldBe(["ETag", "RateLimit", "RateLimit-Policy", "Stet-Estimated-Tokens", "Stet-Position", "Vary"]);
    }

    [Fact]
    public async Task A_write_says_that_its_tenant_may_be_unknown_its_body_too_slow_and_that_a_receipt_can_be_asked_for()
    {
        var write = (await Description())["paths"]!["/v1/enforcement/heartbeat"]!["post"]!;

        ((string[])["404", "408", "413", "415"]).ShouldBeSubsetOf(write["responses"]!.AsObject().Select(r => r.Key));
        write["parameters"]!.AsArray().Single(p => (string)p!["name"]! == "receipt")!["schema"]!.ToJsonString().ShouldContain("boolean");
    }

    [Fact]
    public async Task Whatever_takes_a_body_says_that_it_may_come_too_slowly() =>
        Operations(await Description()).Where(o => o.Operation["requestBody"] is not null && o.Operation["responses"]!["408"] is null)
            .Select(o => o.Path).ShouldBeEmpty();

    [Fact]
    public async Task Whatever_is_referred_to_is_there()
    {
        var description = await Description();

        var references = References(description).Distinct().ToArray();

        references.Length.ShouldBeGreaterThan(50);
        references.Where(r => At(description, r) is null).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_is_refused_with_an_answer_for_each_or_with_a_problem()
    {
        var refused = (await Description())["paths"]!["/v1/corrections/batch"]!["post"]!["responses"]!["409"]!["content"]!;

        refused.AsObject().Select(c => (c.Key, (string)c.Value!["schema"]!["$ref"]!)).ShouldBe([
            ("application/json", "#/components/schemas/CorrectionsAnswer"),
            ("application/problem+json", "#/components/schemas/Problem")]);
    }

    [Fact]
    public async Task A_contradiction_of_a_document_says_what_differs()
    {
        var description = await Description();

        var refused = description["paths"]!["/v1/pcs/submit"]!["post"]!["responses"]!["409"]!["content"]!["application/problem+json"]!["schema"]!;

        At(description, (string)refused["$ref"]!)!["properties"]!.AsObject().Select(p => p.Key).ShouldBe([
            "type", "title", "status", "detail", "code", "content_digest", "first_content_digest", "first_position",
            "signed_part_differs", "trace_id"]);
    }

    [Theory]
    [InlineData("post /v1/corrections", "201", "Idempotency-Key X-Correlation-Id X-Causation-Id Prefer", "Stet-Position Preference-Applied RateLimit-Policy RateLimit Location")]
    [InlineData("post /v1/corrections", "401", "Idempotency-Key X-Correlation-Id X-Causation-Id Prefer", "WWW-Authenticate")]
    [InlineData("post /v1/corrections", "429", "Idempotency-Key X-Correlation-Id X-Causation-Id Prefer", "Retry-After RateLimit-Policy RateLimit")]
    [InlineData("post /v1/corrections/batch", "409", "Idempotency-Key X-Correlation-Id X-Causation-Id Prefer", "Stet-Position RateLimit-Policy RateLimit Retry-After")]
    [InlineData("put /v1/pcs/keys/{kid}", "200", "X-Correlation-Id X-Causation-Id Prefer", "Stet-Position Preference-Applied RateLimit-Policy RateLimit")]
    [InlineData("post /v1/pcs/submit", "202", "X-Tenant-Id X-Correlation-Id X-Causation-Id Prefer", "Stet-Position Preference-Applied Stet-Duplicate")]
    [InlineData("post /v1/policy/audit", "200", "X-Correlation-Id X-Causation-Id Prefer", "Stet-Position Preference-Applied RateLimit-Policy RateLimit")]
    [InlineData("post /access/v1/evaluation", "200", "X-Correlation-Id X-Causation-Id Prefer X-Request-ID", "Stet-Position Preference-Applied RateLimit-Policy RateLimit X-Request-ID Stet-Evaluation-Id")]
    [InlineData("post /as-of/{position}/access/v1/search/action", "200", "X-Request-ID", "Stet-Position RateLimit-Policy RateLimit X-Request-ID Stet-As-Of")]
    [InlineData("post /v1/audit/keys", "200", "Idempotency-Key X-Correlation-Id X-Causation-Id Prefer", "Stet-Position Preference-Applied RateLimit-Policy RateLimit Location")]
    [InlineData("get /v1/facts", "200", "If-None-Match", "Stet-Position ETag RateLimit-Policy RateLimit")]
    [InlineData("get /v1/facts", "304", "If-None-Match", "Stet-Position ETag RateLimit-Policy RateLimit")]
    [InlineData("get /v1/tenants/{tenant_id}/audit/tile/{path}", "200", "If-None-Match", "ETag RateLimit-Policy RateLimit Vary")]
    [InlineData("get /v1/tenants/{tenant_id}/audit/checkpoint", "200", "If-None-Match", "Stet-Position ETag RateLimit-Policy RateLimit")]
    [InlineData("get /v1/tenants/{tenant_id}/audit/checkpoint", "410", "If-None-Match", "RateLimit-Policy RateLimit Link")]
    [InlineData("get /metrics", "200", "", "Vary")]
    [InlineData("get /metrics", "503", "", "Vary")]
    public async Task Headers_are_described(string route, string status, string taken, string answered)
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
        var operation = (await Description())["paths"]![path]![method]!;

        (operation["parameters"]?.AsArray() ?? []).Where(p => (string)p!["in"]! == "header").Select(p => (string)p!["name"]!)
            .ShouldBe(taken.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        operation["responses"]![status]!["headers"]!.AsObject().Select(h => h.Key).ShouldBe(answered.Split(' '));
    }

    [Fact]
    public async Task What_may_be_unchanged_takes_the_tag_of_what_the_client_has()
    {
        foreach (var (method, path, operation) in Operations(await Description()))
        {
            var takesTag = operation["parameters"]?.AsArray().Any(p => (string)p!["name"]! == "If-None-Match") == true;
            takesTag.ShouldBe(operation["responses"]!.AsObject().ContainsKey("304"), $"{method} {path}");
        }
    }

    [Fact]
    public async Task Members_that_a_body_must_have_are_not_null_and_descriptions_use_their_names()
    {
        var schemas = (await Description())["components"]!["schemas"]!;

        var correction = schemas["CorrectionRequest"]!["properties"]!;
        ((string?)correction["field_key"]!["type"]).ShouldBe("string");
        ((string?)correction["subject"]!["$ref"]).ShouldBe("#/components/schemas/Subject");
        correction["reason"]!["type"]!.ToJsonString().ShouldContain("null");
        ((string?)correction["effective_to"]!["description"]).ShouldBe("RFC 3339, after effective_from; null: for good.");
        schemas["KeyRequest"]!["required"]!.AsArray().Select(m => (string)m!).ShouldBe(["use", "alg"]);
        schemas["ParametersRequest"]!["required"].ShouldBeNull();
    }

    [Theory]
    [InlineData("HeartbeatRequest", "system_id enforced_correction_version")]
    [InlineData("SystemRequest", "")]
    [InlineData("DefaultsRequest", "")]
    [InlineData("CorrectionsRequest", "corrections")]
    [InlineData("RevocationRequest", "reason actor")]
    [InlineData("PolicyRequest", "policy")]
    [InlineData("ResolveRequest", "resolution")]
    [InlineData("DraftRequest", "policies schema")]
    [InlineData("DiffRequest", "")]
    [InlineData("ApprovalRequest", "diff_digest position")]
    [InlineData("ActivationRequest", "diff_digest position")]
    [InlineData("ReasonRequest", "reason")]
    [InlineData("RetirementRequest", "")]
    [InlineData("RollbackRequest", "candidate reason")]
    [InlineData("AuditRequest", "")]
    [InlineData("ChangesRequest", "from to request")]
    [InlineData("AccessApprovalRequest", "")]
    [InlineData("AccessReasonRequest", "reason")]
    public async Task A_body_s_required_members_are_those_without_which_it_is_refused(string body, string required)
    {
        var schema = (await Description())["components"]!["schemas"]![body]!;

        string[] names = [.. (schema["required"]?.AsArray() ?? []).Select(m => (string)m!)];
        names.ShouldBe(required.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        foreach (var name in names) schema["properties"]![name]!.ToJsonString().ShouldNotContain("null");
    }

    [Fact]
    public async Task Names_are_snake_case_and_our_types_have_their_words()
    {
        var schemas = (await Description())["components"]!["schemas"]!;

        foreach (var (type, schema) in schemas.AsObject())
        {
            foreach (var (member, _) in schema!["properties"]?.AsObject() ?? [])
                if (member != "recomputed_D_hat") member.ShouldMatch("^[a-z]+(_[a-z]+)*$", type); // the ecosystem's name
        }

        schemas["CorrectionRequest"]!["properties"]!.AsObject().Select(p => p.Key).ShouldBe([
            "subject", "field_key", "value", "class", "permissions", "actor", "idempotency_key", "supersedes",
            "effective_from", "effective_to", "reason"]);
        schemas["CorrectionRequest"]!["required"]!.AsArray().Select(m => (string)m!)
            .ShouldBe(["subject", "field_key", "value", "class", "permissions", "actor"]);
        schemas["PermissionsRequest"]!["required"].ShouldBeNull();
        var text = schemas.ToJsonString();
        text.ShouldContain("\"enum\":[\"FACT\",\"DISCARDABLE\"");
        text.ShouldContain("\"ENTERED_IN_ERROR\"");
        schemas["AccessStatus"]!["enum"]!.AsArray().Select(w => (string)w!).ShouldContain("pending");
        var receipt = schemas["CorrectionReceipt"]!["properties"]!;
        ((string?)receipt["created_at"]!["format"]).ShouldBe("date-time");
        schemas["Problem"]!["properties"]!.AsObject().Select(p => p.Key).ShouldContain("code");
    }

    internal static async Task<JsonNode> Description()
    {
        using var http = (await TestService.SharedAsync()).AnonymousClient();
        return JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!;
    }

    static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m is { Key: "$ref", Value: JsonValue reference } ? [(string)reference!] : References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    static JsonNode? At(JsonNode description, string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode?)description, (node, name) => node?[name]);

    static bool NeedsToken(JsonNode operation) => operation["security"] is JsonArray { Count: > 0 };

    internal static IEnumerable<(string Method, string Path, JsonNode Operation)> Operations(JsonNode description) =>
        from path in description["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!);
}
