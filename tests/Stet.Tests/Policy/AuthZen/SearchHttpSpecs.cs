using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Policy.AuthZen.DecisionTenancy;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.AuthZen;

public class SearchHttpSpecs
{
    [Fact]
    public async Task A_search_gives_exactly_what_evaluates_to_true_in_ordinal_order()
    {
        var tenant = await NewAsync();

        (await IdsAsync(tenant, "subject", Query())).ShouldBe(["ada"]);
        (await IdsAsync(tenant, "resource", Query(resource: null))).ShouldBe(["plan"]);
        var actions = await tenant.PostAsync($"{Search}/action", Question());
        actions.Json["results"]!.ToJsonString().ShouldBe("""[{"name":"read"}]""");
    }

    [Fact]
    public async Task A_result_whose_obligation_nobody_can_do_is_left_out()
    {
        var tenant = await NewAsync();
        await tenant.PutAsync("/v1/policy/peps/able", """{"supported_obligations":["notification"],"drafts":["obligations"]}""");
        var query = Query(action: "write");

        var unable = await tenant.PostAsync($"{Search}/subject", query, ("X-Actor", "unable"));
        var able = await tenant.PostAsync($"{Search}/subject", query, ("X-Actor", "able"));

        unable.Json["results"]!.AsArray().ShouldBeEmpty();
        able.Json["results"]!.AsArray().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task All_pages_show_the_log_at_the_position_of_the_first()
    {
        var tenant = await NewAsync();
        await tenant.PostAsync("/v1/policy/entities/import", new JsonArray(
            [.. Enumerable.Range(0, 7).Select(n => Scenarios.Entity("user", $"u{n}", new JsonObject(), ("team", "blue")))]));
        var query = Query();
        query["page"] = new JsonObject { ["limit"] = 3 };

        var first = await tenant.PostAsync($"{Search}/subject", query);
        await tenant.SendAsync(HttpMethod.Delete, "/v1/policy/entities/user/u4", null);
        await tenant.PutAsync("/v1/policy/entities/user/u4a", """{"parents":[{"type":"team","id":"blue"}]}""");
        await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":false}}""");
        var ids = IdsOf(first);
        for (var page = first; (string)page.Json["page"]!["next_token"]! is { Length: > 0 } token;)
        {
            var next = Query();
            next["page"] = new JsonObject { ["token"] = token };
            page = await tenant.PostAsync($"{Search}/subject", next);
            page.Status.ShouldBe(200, page.Text);
            ids = [.. ids, .. IdsOf(page)];
        }

        ids.ShouldBe(["ada", "u0", "u1", "u2", "u3", "u4", "u5", "u6"]);
        (await IdsAsync(tenant, "subject", Query())).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_goes_on_with_its_own_search_of_its_own_tenant_alone()
    {
        var tenant = await NewAsync();
        var other = await NewAsync();
        await tenant.PutAsync("/v1/policy/entities/user/bob", """{"parents":[{"type":"team","id":"blue"}]}""");
        var query = Query();
        query["page"] = new JsonObject { ["limit"] = 1 };
        var token = (string)(await tenant.PostAsync($"{Search}/subject", query)).Json["page"]!["next_token"]!;
        var forged = (token[0] == 'A' ? 'B' : 'A') + token[1..];

        JsonObject With(JsonObject query, string token, int? limit = null)
        {
            query["page"] = new JsonObject { ["token"] = token, ["limit"] = limit };
            return query;
        }

        (await tenant.PostAsync($"{Search}/subject", With(Query(), token, 1))).Status.ShouldBe(200);
        (await tenant.PostAsync($"{Search}/subject", With(Query(), token, 2))).ShouldBeProblem(400, "page_token_refused");
        (await tenant.PostAsync($"{Search}/subject", With(Query(resource: "diary"), token))).ShouldBeProblem(400, "page_token_refused");
        (await tenant.PostAsync($"{Search}/resource", With(Question(), token))).ShouldBeProblem(400, "page_token_refused");
        (await tenant.PostAsync($"{Search}/subject", With(Query(), forged))).ShouldBeProblem(400, "page_token_refused");
        (await tenant.PostAsync($"{Search}/subject", With(Query(), "%"))).ShouldBeProblem(400, "page_token_refused");
        (await other.PostAsync($"{Search}/subject", With(Query(), token))).ShouldBeProblem(400, "page_token_refused");
    }

    [Fact]
    public async Task A_limit_of_nothing_gives_nothing_and_goes_on_from_there()
    {
        var tenant = await NewAsync();
        var query = Query();
        query["page"] = new JsonObject { ["limit"] = 0 };

        var answer = await tenant.PostAsync($"{Search}/subject", query);

        answer.Json["results"]!.AsArray().ShouldBeEmpty();
        ((string)answer.Json["page"]!["next_token"]!).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("""{"limit":-1}""")]
    [InlineData("""{"limit":"3"}""")]
    [InlineData("""{"limit":1.5}""")]
    [InlineData("""{"token":3}""")]
    [InlineData("[]")]
    public async Task A_page_that_is_none_is_a_400(string page)
    {
        var tenant = await Tenant.NewAsync();
        var query = Query();
        query["page"] = JsonNode.Parse(page);

        (await tenant.PostAsync($"{Search}/subject", query)).ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task A_search_is_on_record()
    {
        var service = await TestService.SharedAsync();
        var id = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(id));
        await Lifecycle.PolicyTenancy.ActivateAsync(tenant, Rules);
        await tenant.PostAsync("/v1/policy/entities/import", People.DeepClone());

        var answer = await tenant.PostAsync($"{Search}/subject", Query(), ("X-Actor", "gate"), ("X-Request-ID", "r-1"));

        answer.Headers["X-Request-ID"].ShouldBe("r-1");
        await using var connection = await service.Database.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(
            "select data::text from stet.mt_events where tenant_id = $1 and seq_id = $2 and type = 'search_answered'", connection)
        {
            Parameters = { new() { Value = id }, new() { Value = answer.Position() } },
        };
        var recorded = JsonNode.Parse((string)(await command.ExecuteScalarAsync())!)!;
        ((string)recorded["search"]!).ShouldBe("subject");
        ((string)recorded["pep"]!["id"]!).ShouldBe("gate");
        ((int)recorded["count"]!).ShouldBe(1);
        ((string)recorded["results_digest"]!).ShouldBe(Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData("""[{"id":"ada","type":"user"}]"""u8)));
    }

    [Fact]
    public async Task A_search_may_be_as_large_as_a_question_and_is_read_back()
    {
        var service = await TestService.SharedAsync();
        var id = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(id));
        await Lifecycle.PolicyTenancy.ActivateAsync(tenant, Rules);
        var query = Query();
        query["context"] = new JsonObject { ["note"] = new string('n', 17_000) };

        var answer = await tenant.PostAsync($"{Search}/subject", query);

        answer.Status.ShouldBe(200, answer.Text);
        var recorded = await service.Services.GetRequiredService<Store>().ReadAsync(id, answer.Position() - 1, 1, CancellationToken.None);
        var asked = JsonNode.Parse(recorded.Single().Data.ShouldBeOfType<SearchAnswered>().Query);
        JsonNode.DeepEquals(asked!["context"], query["context"]).ShouldBeTrue();
    }

    static JsonObject Query(string action = "read", string? resource = "plan")
    {
        var query = Question(action: action, resource: resource ?? "");
        if (resource is null) query["resource"]!.AsObject().Remove("id");
        else query["subject"]!.AsObject().Remove("id");
        return query;
    }

    static async Task<string[]> IdsAsync(Tenant tenant, string kind, JsonObject query) =>
        IdsOf(await tenant.PostAsync($"{Search}/{kind}", query));

    static string[] IdsOf(Answer answer)
    {
        answer.Status.ShouldBe(200, answer.Text);
        return [.. answer.Json["results"]!.AsArray().Select(r => (string)r!["id"]!)];
    }
}
