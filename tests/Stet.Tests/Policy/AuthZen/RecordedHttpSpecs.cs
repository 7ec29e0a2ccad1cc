using System.Text.Json.Nodes;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.Lifecycle;
using static Stet.Tests.Policy.AuthZen.DecisionTenancy;

namespace Stet.Tests.Policy.AuthZen;

public class RecordedHttpSpecs
{
    [Fact]
    public async Task What_was_recorded_before_there_was_a_schema_allows_nothing_that_it_does_not_fit()
    {
        var tenant = await Tenant.NewAsync();
        (await tenant.PutAsync("/v1/policy/entities/Zone/dmz", """{"attrs":{"blocked":["10.1.2.3"]}}""")).Status.ShouldBe(201);
        await tenant.ActivateAsync(Scenarios.Text(
            """
            entity Zone { blocked: Set<ipaddr> };
            entity Host { zone: Zone };
            entity User;
            action connect appliesTo { principal: User, resource: Host, context: { ip: ipaddr } };
            """,
            "permit (principal, action, resource);",
            "forbid (principal, action, resource is Host) when { resource.zone.blocked.contains(context.ip) };"));
        var question = JsonNode.Parse("""
            {"subject":{"type":"User","id":"ada"},"action":{"name":"connect"},"context":{"ip":"10.1.2.3"},
             "resource":{"type":"Host","id":"h","properties":{"zone":{"type":"Zone","id":"dmz"}}},"options":{"explain":true}}
            """)!;

        var misfit = await tenant.PostAsync(Evaluation, question);
        await tenant.PutAsync("/v1/policy/entities/Zone/dmz", """{"attrs":{"blocked":["10.1.2.3"]}}""");
        var mended = await tenant.PostAsync(Evaluation, question);

        ((bool)misfit.Json["decision"]!, (string)misfit.Json["context"]!["explanation"]!["code"]!).ShouldBe((false, "request_invalid"));
        ((string)mended.Json["context"]!["explanation"]!["class"]!).ShouldBe("forbidden");
        var audited = await tenant.PostAsync("/v1/policy/audit", new JsonObject());
        ((long)audited.Json["progress"]!["mismatches"]!, (long)audited.Json["progress"]!["decisions"]!).ShouldBe((0, 2));
    }

    [Fact]
    public async Task Decisions_are_listed_by_subject_class_and_policy_newest_first()
    {
        var tenant = await NewAsync();
        foreach (var (subject, resource) in new[] { ("ada", "plan"), ("ada", "diary"), ("eve", "plan"), ("ada", "vault") })
            await tenant.AskAsync(Question(subject, "read", resource));

        (await ListAsync(tenant, "")).ShouldBe(["ada vault", "eve plan", "ada diary", "ada plan"]);
        (await ListAsync(tenant, "?subject_type=user&subject_id=ada")).ShouldBe(["ada vault", "ada diary", "ada plan"]);
        (await ListAsync(tenant, "?class=not_permitted")).ShouldBe(["eve plan", "ada diary"]);
        (await ListAsync(tenant, "?class=not_permitted&subject_type=user&subject_id=ada")).ShouldBe(["ada diary"]);
        (await ListAsync(tenant, "?policy=locked")).ShouldBe(["ada vault"]);
        (await ListAsync(tenant, "?subject_type=user&subject_id=nobody")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_decision_is_proved_by_its_evaluation_id()
    {
        var tenant = await NewAsync();
        var listed = (await tenant.PostAsync(Evaluations, new JsonObject
        {
            ["evaluations"] = new JsonArray(Question(), Question("eve")),
            ["options"] = new JsonObject { ["explain"] = true },
        })).Json["evaluations"]!;
        var denied = (string)listed[1]!["context"]!["evaluation_id"]!;

        foreach (var id in (string[])[(await tenant.PostAsync(Evaluation, Question())).Headers["Stet-Evaluation-Id"], denied])
        {
            var pack = await tenant.GetAsync($"/v1/tenants/{tenant.Id}/audit/evidence/{id}");

            pack.Status.ShouldBe(200, pack.Text);
            ((string)pack.Json["data"]!["evaluation_id"]!).ShouldBe(id);
            ((string)pack.Json["entry"]!).ShouldContain(id);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("&subject_type=user&subject_id=ada")]
    public async Task A_list_goes_on_where_its_cursor_says(string filter)
    {
        var tenant = await NewAsync();
        for (var i = 0; i < 5; i++) await tenant.AskAsync(Question(resource: $"d{i}"));

        var listed = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await tenant.GetAsync($"/v1/policy/decisions?limit=2{filter}{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            page.Status.ShouldBe(200, page.Text);
            listed.AddRange(page.Json["decisions"]!.AsArray().Select(d => (string)d!["decision"]!["resource"]!["id"]!));
            cursor = (string?)page.Json["next_cursor"];
        }

        listed.ShouldBe(["d4", "d3", "d2", "d1", "d0"]);
    }

    [Fact]
    public async Task A_cursor_is_good_for_the_decisions_of_its_own_subject_or_for_all()
    {
        const string ofAll = "/v1/policy/decisions?limit=1";
        const string ofAda = $"{ofAll}&subject_type=user&subject_id=ada";
        const string ofEve = $"{ofAll}&subject_type=user&subject_id=eve";
        var tenant = await NewAsync();
        for (var i = 0; i < 2; i++) await tenant.AskAsync(Question());

        foreach (var (list, other) in new[] { (ofAll, ofAda), (ofAda, ofAll), (ofAda, ofEve) })
        {
            var cursor = (string)(await tenant.GetAsync(list)).Json["next_cursor"]!;
            (await tenant.GetAsync($"{other}&cursor={cursor}")).Pointers.ShouldBe(["cursor"]);
        }
    }

    [Fact]
    public async Task A_decision_has_an_etag_and_an_unknown_one_is_a_404()
    {
        var tenant = await NewAsync();
        var id = (await tenant.PostAsync(Evaluation, Question())).Headers["Stet-Evaluation-Id"];

        var found = await tenant.GetAsync($"/v1/policy/decisions/{id}");
        var same = await tenant.GetAsync($"/v1/policy/decisions/{id}", ("If-None-Match", found.ETag!));

        ((string)found.Json["decision"]!["evaluation_id"]!).ShouldBe(id);
        same.Status.ShouldBe(304);
        (await tenant.GetAsync($"/v1/policy/decisions/{TestService.NewTenantId()}")).ShouldBeProblem(404, "decision_not_found");
        (await tenant.GetAsync("/v1/policy/decisions/6fa459ea-ee8a-4ca4-894e-db77e160355e")).ShouldBeProblem(404, "decision_not_found");
        (await tenant.GetAsync("/v1/policy/decisions/x")).ShouldBeProblem(400, "invalid_request");
    }

    [Theory]
    [InlineData("e677d21f-dbff-7000-8000-000000000000")] // the last millisecond of the year 9999
    [InlineData("ffffffff-ffff-7fff-bfff-ffffffffffff")]
    public async Task An_id_of_the_end_of_time_is_a_404(string id) =>
        (await (await Tenant.NewAsync()).GetAsync($"/v1/policy/decisions/{id}")).ShouldBeProblem(404, "decision_not_found");

    [Theory]
    [InlineData("?class=maybe", "class")]
    [InlineData("?subject_id=ada", "subject_type")]
    [InlineData("?subject_type=user", "subject_id")]
    [InlineData("?cursor=x", "cursor")]
    [InlineData("?limit=501", "limit")]
    public async Task A_malformed_query_is_a_400_that_names_the_parameter(string query, string name)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.GetAsync($"/v1/policy/decisions{query}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([name]);
    }

    [Fact]
    public async Task Registrations_of_enforcement_points_are_told_and_checked()
    {
        var tenant = await Tenant.NewAsync();
        const string body = """{"explain":true,"supported_obligations":["step-up"],"drafts":["obligations"]}""";

        var put = await tenant.PutAsync("/v1/policy/peps/gate", body);
        var again = await tenant.PutAsync("/v1/policy/peps/gate", body);
        await tenant.PutAsync("/v1/policy/peps/gate", """{"explain":false}""");
        var got = await tenant.GetAsync("/v1/policy/peps/gate");
        var all = await tenant.GetAsync("/v1/policy/peps");

        put.Status.ShouldBe(200, put.Text);
        again.Position().ShouldBe(put.Position());
        ((bool)got.Json["explain"]!).ShouldBeFalse();
        all.Json["peps"]!.AsArray().ShouldHaveSingleItem();
        (await tenant.GetAsync("/v1/policy/peps/other")).ShouldBeProblem(404, "pep_not_found");
        (await tenant.PutAsync("/v1/policy/peps/gate", """{"drafts":["telepathy"]}""")).Pointers.ShouldBe(["/drafts"]);
        (await tenant.PutAsync("/v1/policy/peps/gate", """{"x":1}""")).ShouldBeProblem(400, "invalid_request");
    }

    static async Task<string[]> ListAsync(Tenant tenant, string query)
    {
        var answer = await tenant.GetAsync($"/v1/policy/decisions{query}");
        answer.Status.ShouldBe(200, answer.Text);
        return [.. answer.Json["decisions"]!.AsArray().Select(d => $"{(string)d!["decision"]!["subject"]!["id"]!} {(string)d["decision"]!["resource"]!["id"]!}")];
    }
}
