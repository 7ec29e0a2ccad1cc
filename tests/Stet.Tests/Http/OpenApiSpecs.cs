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
            .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single()} {e.RoutePattern.RawText!.Replace("{**", "{").Replace(":guid}", "}")}");

        var description = await Description();

        ((string?)description["openapi"]).ShouldStartWith("3.1.");
        Operations(description).Where(o => o.Operation["security"] is not null).Select(o => $"{o.Method} {o.Path}")
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

        foreach (var (method, path, operation) in Operations(description).Where(o => o.Operation["security"] is not null))
        {
            var name = $"{method} {path}";
            ((string?)operation["summary"]).ShouldNotBeNullOrEmpty(name);
            if (WithoutBody.Contains(name)) operation["requestBody"].ShouldBeNull();
            else if (method == "POST") operation["requestBody"]!["content"]!["application/json"]!["schema"].ShouldNotBeNull(name);

            var responses = operation["responses"]!.AsObject();
            var success = responses.First(r => r.Key[0] == '2');
            success.Value!["content"]!.AsObject().ShouldAllBe(c => c.Value!["schema"] != null, name);
            foreach (var status in (string[])["401", "403", "429", "500", "503"])
                ((string?)responses[status]!["content"]!["application/problem+json"]!["schema"]!["$ref"])
                    .ShouldBe("#/components/schemas/Problem", name);
            foreach (var named in path.Split('{').Skip(1).Select(p => p.Split('}')[0]))
                operation["parameters"]!.AsArray().ShouldContain(p => (string)p!["name"]! == named && (string)p["in"]! == "path");
        }
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
        var receipt = schemas["CorrectionReceipt"]!["properties"]!;
        ((string?)receipt["created_at"]!["format"]).ShouldBe("date-time");
        schemas["Problem"]!["properties"]!.AsObject().Select(p => p.Key).ShouldContain("code");
    }

    static async Task<JsonNode> Description()
    {
        using var http = (await TestService.SharedAsync()).AnonymousClient();
        return JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!;
    }

    static IEnumerable<(string Method, string Path, JsonNode Operation)> Operations(JsonNode description) =>
        from path in description["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!);
}
