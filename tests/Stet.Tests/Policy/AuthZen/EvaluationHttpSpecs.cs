using System.Text;
using System.Text.Json.Nodes;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Policy.AuthZen.DecisionTenancy;

namespace Stet.Tests.Policy.AuthZen;

public class EvaluationHttpSpecs
{
    const string Sound = """{"subject":{"type":"user","id":"ada"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}""";

    public static TheoryData<string, string> Refused => new()
    {
        { "a member twice", Sound + ""","x":{"a":1,"a":2}}""" },
        { "half a surrogate pair", Sound + ""","x":"\ud800"}""" },
        { "the wrong half", Sound + ""","x":"\udc00\ud800"}""" },
        { "U+0000", Sound + ""","context":{"x":"\u0000"}}""" },
        { "an integer that doubles do not keep", Sound + ""","context":{"x":9007199254740992}}""" },
        { "a number without end", Sound + ""","context":{"x":1e999}}""" },
        { "more than 32 levels", Sound + ",\"x\":" + new string('[', 32) + new string(']', 32) + "}" },
        { "no JSON", "{" },
        { "nothing", "" },
        { "no object", "[]" },
        { "an empty id", """{"subject":{"type":"user","id":""},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}""" },
        { "an empty type", """{"subject":{"type":"","id":"ada"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}""" },
        { "an empty name", """{"subject":{"type":"user","id":"ada"},"action":{"name":""},"resource":{"type":"doc","id":"plan"}}""" },
        { "a long id", Sound.Replace("plan", new string('é', 513), StringComparison.Ordinal) + "}" },
        { "properties that are no object", Sound.Replace("\"ada\"", "\"ada\",\"properties\":[]", StringComparison.Ordinal) + "}" },
        { "a context that is no object", Sound + ""","context":"x"}""" },
        { "options that are no object", Sound + ""","options":[]}""" },
        { "an explanation that is no flag", Sound + ""","options":{"explain":"yes"}}""" },
        { "more than 256 KiB", Sound + ",\"x\":\"" + new string('x', 256 * 1024) + "\"}" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task A_body_that_is_wrong_as_a_whole_is_a_400(string what, string body)
    {
        var tenant = await Tenant.NewAsync();

        foreach (var url in (string[])[Evaluation, Evaluations])
        {
            var answer = await tenant.SendAsync(HttpMethod.Post, url, Encoding.UTF8.GetBytes(body), ("X-Request-ID", "r-1"));

            answer.ShouldBeProblem(400, "invalid_request");
            answer.Headers["X-Request-ID"].ShouldBe("r-1", what);
        }
    }

    [Theory]
    [InlineData(""","x":{"a":1,"a":2}}""", "/x/a", "occurs twice")]
    [InlineData(""","x":[1,"\ud800"]}""", "/x/1", "holds half a surrogate pair or bytes that are not UTF-8")]
    [InlineData(""","x":"\u0000"}""", "", "holds U+0000, which cannot be recorded")]
    [InlineData(""","x":tru}""", "/x", "is not valid JSON here")]
    public async Task What_is_wrong_with_a_body_is_told_by_its_place(string rest, string pointer, string message)
    {
        var answer = await (await Tenant.NewAsync()).PostTextAsync(Evaluation, Sound + rest);

        answer.ShouldBeProblem(400, "invalid_request");
        ((string)answer.Json["errors"]![0]!["pointer"]!).ShouldBe(pointer);
        ((string)answer.Json["errors"]![0]!["message"]!).ShouldBe(message);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF_8_are_a_400()
    {
        var tenant = await Tenant.NewAsync();
        byte[] body = [.. Encoding.UTF8.GetBytes(Sound + ",\"x\":\""), 0xC3, 0x28, .. "\"}"u8];

        (await tenant.SendAsync(HttpMethod.Post, Evaluation, body)).ShouldBeProblem(400, "invalid_request");
    }

    [Theory]
    [InlineData("Content-Type", "", "Content-Type")]
    [InlineData("Content-Type", "text/plain", "Content-Type")]
    [InlineData("Content-Encoding", "gzip", "Content-Encoding")]
    public async Task A_body_that_is_not_sent_as_plain_JSON_is_a_400_that_says_so(string header, string value, string named)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.SendAsync(HttpMethod.Post, Evaluation, Encoding.UTF8.GetBytes(Sound + "}"), (header, value));

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([""]);
        ((string)answer.Json["detail"]!).ShouldContain(named);
    }

    [Fact]
    public async Task An_id_of_1024_bytes_is_answered()
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.PostAsync(Evaluation, Question(resource: new string('é', 512)))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Without_policies_in_force_everything_is_denied_and_recorded_as_an_error()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync(Evaluation, Question());

        answer.Text.ShouldBe("""{"decision":false}""");
        var recorded = await tenant.RecordedAsync(answer);
        ((string)recorded["effective"]!["code"]!).ShouldBe("no_active_policy");
        recorded["raw"].ShouldBeNull();
        recorded["policy_set_digest"].ShouldBeNull();
    }

    [Fact]
    public async Task A_request_id_that_no_answer_can_carry_does_not_come_back()
    {
        var service = await TestService.SharedAsync();
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8 });
        http.BaseAddress = service.Address;
        http.DefaultRequestHeaders.Add("X-Tenant-Id", TestService.NewTenantId());

        var answer = await new Tenant(http).PostAsync(Evaluation, Question(), ("X-Request-ID", "é"));

        answer.Status.ShouldBe(200, answer.Text);
        answer.Headers.Keys.ShouldNotContain("X-Request-ID");
    }

    [Fact]
    public async Task A_decision_is_recorded_with_all_that_determines_it()
    {
        var tenant = await NewAsync();
        var question = Question();
        question["subject"]!["properties"] = new JsonObject { ["name"] = "Ada", ["age"] = 36 };
        question["resource"]!["properties"] = new JsonObject { ["locked"] = true };

        var answer = await tenant.PostAsync(Evaluation, question, ("X-Request-ID", "r-7"), ("X-Actor", "gate"));

        answer.Text.ShouldBe("""{"decision":true}""");
        answer.Headers["X-Request-ID"].ShouldBe("r-7");
        var recorded = await tenant.RecordedAsync(answer);
        ((string)recorded["request_id"]!).ShouldBe("r-7");
        ((string)recorded["pep"]!["id"]!).ShouldBe("gate");
        recorded["subject"]!.ToJsonString().ShouldBe("""{"id":"ada","type":"user","properties":{"name":"Ada"}}""");
        recorded["resource"]!.ToJsonString().ShouldBe("""{"id":"plan","type":"doc","properties":{"open":true}}""");
        recorded["dropped"]!.AsArray().Select(n => (string)n!).ShouldBe(["resource.locked", "subject.age"]);
        recorded["raw"]!.ToJsonString().ShouldBe("""{"errors":[],"decision":true,"determining":["read-open"]}""");
        ((string)recorded["effective"]!["class"]!).ShouldBe("allow");
        ((string)recorded["policy_set_digest"]!).Length.ShouldBe(64);
        ((string)recorded["replay_digest"]!).Length.ShouldBe(64);
        ((long)recorded["entity_position"]!).ShouldBe(answer.Position() - 1);
    }

    [Theory]
    [InlineData("vault", "read", null, "forbidden", null)]
    [InlineData("diary", "read", null, "not_permitted", null)]
    [InlineData("plan", "write", null, "error", "obligation_unsupported")]
    [InlineData("plan", "spend", """{"amount":9007199254740991}""", "not_permitted", null, "eve")]
    [InlineData("plan", "spend", """{"amount":"much"}""", "error", "request_invalid")]
    [InlineData("plan", "spend", null, "error", "request_invalid")]
    [InlineData("plan", "fly", null, "not_permitted", "unknown_action")]
    public async Task Each_deny_has_its_class(string resource, string action, string? context, string kind, string? code, string subject = "ada")
    {
        var tenant = await NewAsync();
        var question = Question(subject, action, resource);
        if (context is not null) question["context"] = JsonNode.Parse(context);
        if (kind == "not_permitted" && action == "spend") question["context"] = JsonNode.Parse("""{"amount":1}""");

        var answer = await tenant.PostAsync(Evaluation, question);

        answer.Text.ShouldBe("""{"decision":false}""");
        var effective = (await tenant.RecordedAsync(answer))["effective"]!;
        ((string)effective["class"]!).ShouldBe(kind);
        ((string?)effective["code"]).ShouldBe(code);
    }

    [Fact]
    public async Task An_explanation_is_told_on_request_and_to_who_is_registered_for_it()
    {
        var tenant = await NewAsync();
        var question = Question(resource: "diary");
        question["options"] = new JsonObject { ["explain"] = true };

        var asked = await tenant.PostAsync(Evaluation, question);
        await tenant.PutAsync("/v1/policy/peps/curious", """{"explain":true}""");
        var registered = await tenant.PostAsync(Evaluation, Question(), ("X-Actor", "curious"));
        var other = await tenant.PostAsync(Evaluation, Question(), ("X-Actor", "other"));

        var explanation = asked.Json["context"]!["explanation"]!;
        ((string)explanation["class"]!).ShouldBe("not_permitted");
        var nearest = explanation["policies"]!.AsArray().Single(p => (string)p!["policy"]! == "read-open")!;
        ((string)nearest["first_failing"]!).ShouldBe("condition");
        ((string)nearest["text"]!).ShouldBe("resource.open");
        ((string)asked.Json["context"]!["evaluation_id"]!).ShouldBe(asked.Headers["Stet-Evaluation-Id"]);
        ((bool)registered.Json["context"]!["explanation"]!["policies"]![0]!["satisfied"]!).ShouldBeTrue();
        other.Text.ShouldBe("""{"decision":true}""");
    }

    [Fact]
    public async Task An_explanation_begins_with_what_the_answer_rests_on_and_counts_what_it_leaves_out()
    {
        var tenant = await Scenarios.NewAsync(
            Rules with
            {
                Policies = [.. Enumerable.Range(10, 21).Select(n => new NamedPolicy($"all-{n}", "permit (principal, action, resource);")), new("none", "forbid (principal, action, resource);")],
                Obligations = "{}",
            },
            People);
        var question = Question();
        question["options"] = new JsonObject { ["explain"] = true };

        var explanation = (await tenant.PostAsync(Evaluation, question)).Json["context"]!["explanation"]!;

        ((string)explanation["class"]!).ShouldBe("forbidden");
        var policies = explanation["policies"]!.AsArray();
        (policies.Count, (string)policies[0]!["policy"]!, (int)explanation["policies_left_out"]!).ShouldBe((20, "none", 2));
    }

    [Fact]
    public async Task An_explanation_of_a_link_names_whom_it_is_about()
    {
        var rules = Rules with
        {
            Policies = [new("one", "permit (principal == ?principal, action, resource);")],
            Links = [new("one", "eve-alone", new EntityName("user", "eve"))],
            Obligations = "{}",
        };
        var tenant = await Scenarios.NewAsync(rules, People);
        var question = Question();
        question["options"] = new JsonObject { ["explain"] = true };

        var answer = await tenant.PostAsync(Evaluation, question);

        var policy = answer.Json["context"]!["explanation"]!["policies"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)policy["policy"]!, (string)policy["text"]!).ShouldBe(("eve-alone", "principal == user::\"eve\""));
    }

    [Fact]
    public async Task Obligations_go_to_who_supports_them_while_the_draft_is_on()
    {
        var tenant = await NewAsync();
        var question = Question(action: "write");
        var asking = Question(action: "write");
        asking["context"] = JsonNode.Parse("""{"supported_obligations":["notification"]}""");
        async Task<string> AskedByAsync(string who, JsonObject what) =>
            (await tenant.PostAsync(Evaluation, what, ("X-Actor", who))).Text;

        await tenant.PutAsync("/v1/policy/peps/able", """{"supported_obligations":["notification"],"drafts":["obligations"]}""");
        await tenant.PutAsync("/v1/policy/peps/deaf", """{"supported_obligations":["notification"]}""");
        await tenant.PutAsync("/v1/policy/peps/asking", """{"drafts":["obligations"]}""");

        var told = """{"decision":true,"context":{"obligations":[{"id":"tell","type":"notification","properties":{"body":"written","to":"dpo"}}],"advice":[{"id":"hint","type":"custom","properties":{"n":1}}]}}""";
        (await AskedByAsync("able", question)).Replace("\"evaluation_id\":", "", StringComparison.Ordinal).ShouldContain("\"tell\"");
        var able = (await tenant.PostAsync(Evaluation, question, ("X-Actor", "able"))).Json;
        able["context"]!.AsObject().Remove("evaluation_id");
        able.ToJsonString().ShouldBe(told);
        (await AskedByAsync("deaf", question)).ShouldBe("""{"decision":false}""");
        (await AskedByAsync("deaf", asking)).ShouldBe("""{"decision":false}""");
        (await AskedByAsync("asking", question)).ShouldStartWith("""{"decision":false""");
        (await AskedByAsync("asking", asking)).ShouldStartWith("""{"decision":true""");
    }

    [Fact]
    public async Task A_base_URL_of_the_tenant_serves_its_own_credentials_alone()
    {
        var service = await TestService.SharedAsync();
        var (mine, other) = (TestService.NewTenantId(), TestService.NewTenantId());
        var tenant = new Tenant(service.Client(mine));

        var home = await tenant.PostAsync($"/t/{mine}{Evaluation}", Question());
        var away = await tenant.PostAsync($"/t/{other}{Evaluation}", Question(), ("X-Request-ID", "r-1"));
        var nowhere = await tenant.PostAsync($"/t/acme{Evaluation}", Question());

        home.Status.ShouldBe(200);
        away.ShouldBeProblem(403, "other_tenant");
        away.Headers["X-Request-ID"].ShouldBe("r-1");
        nowhere.Status.ShouldBe(404);
    }

    [Fact]
    public async Task Metadata_describes_a_tenants_base_URL()
    {
        var service = await TestService.SharedAsync();
        var tenant = TestService.NewTenantId();
        var home = $"{service.Address.ToString().TrimEnd('/')}/t/{tenant}";

        var answer = await new Tenant(service.AnonymousClient()).GetAsync($"/.well-known/authzen-configuration/t/{tenant}");

        answer.Headers["Cache-Control"].ShouldBe("public, max-age=300");
        answer.Json.AsObject().Where(m => m.Key != "supported_obligations").Select(m => $"{m.Key} {m.Value}").ShouldBe([
                $"policy_decision_point {home}", $"access_evaluation_endpoint {home}/access/v1/evaluation", $"access_evaluations_endpoint {home}/access/v1/evaluations",
                $"search_subject_endpoint {home}/access/v1/search/subject", $"search_resource_endpoint {home}/access/v1/search/resource",
                $"search_action_endpoint {home}/access/v1/search/action", $"access_request_endpoint {home}/access/v1/requests",
                $"capabilities {answer.Json["capabilities"]}"]);
        answer.Json["capabilities"]!.ToJsonString().ShouldBe("""["urn:openid:authzen:capability:access-request"]""");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("0190AAAA-0000-7000-8000-000000000000")]
    public async Task Metadata_of_what_is_no_tenant_are_told_apart_from_those_that_nobody_publishes(string tenant)
    {
        var answer = await new Tenant((await TestService.SharedAsync()).AnonymousClient()).GetAsync($"/.well-known/authzen-configuration/t/{tenant}");

        answer.ShouldBeProblem(404, "metadata_not_published");
        ((string)answer.Json["detail"]!).ShouldContain("lower-case UUID");
    }

    [Fact]
    public async Task Metadata_name_the_obligations_of_the_catalogue_in_force()
    {
        var (service, tenant) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var anybody = new Tenant(service.AnonymousClient());

        (await anybody.GetAsync($"/.well-known/authzen-configuration/t/{tenant}")).Json["supported_obligations"].ShouldBeNull();
        await Lifecycle.PolicyTenancy.ActivateAsync(new Tenant(service.Client(tenant)), Rules);

        (await anybody.GetAsync($"/.well-known/authzen-configuration/t/{tenant}")).Json["supported_obligations"]!.ToJsonString()
            .ShouldBe("""["custom","notification"]""");
        (await anybody.GetAsync("/.well-known/authzen-configuration")).Json["supported_obligations"].ShouldBeNull();
    }

    [Fact]
    public async Task Obligations_that_are_not_advertised_count_for_nothing()
    {
        var tenant = await NewAsync();
        await tenant.PutAsync("/v1/policy/peps/asking", """{"drafts":["obligations"]}""");
        var question = Question(action: "write");
        question["context"] = JsonNode.Parse("""{"supported_obligations":["notification","telepathy",7]}""");

        var answer = await tenant.PostAsync(Evaluation, question, ("X-Actor", "asking"));

        ((bool)answer.Json["decision"]!).ShouldBeTrue();
        (await tenant.RecordedAsync(answer))["pep"]!["obligations"]!.ToJsonString().ShouldBe("""["notification"]""");
    }

    [Fact]
    public async Task How_long_decisions_take_is_a_metric_by_class()
    {
        var service = await TestService.SharedAsync();
        await (await Tenant.NewAsync()).AskAsync(Question());

        using var anybody = service.AnonymousClient();
        (await anybody.GetStringAsync("/metrics")).ShouldMatch("stet_policy_decision_duration_seconds_count\\{[^}]*class=\"error\"");
    }

    [Fact]
    public async Task Decisions_of_one_tenant_are_nobody_elses()
    {
        var (mine, other) = (await NewAsync(), await Tenant.NewAsync());
        var answer = await mine.PostAsync(Evaluation, Question());

        (await other.AskAsync(Question())).ShouldBeFalse();
        (await other.GetAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}")).ShouldBeProblem(404, "decision_not_found");
        (await other.GetAsync("/v1/policy/decisions?subject_type=user&subject_id=ada")).Json["decisions"]!.AsArray().Count.ShouldBe(1);
        (await other.GetAsync("/v1/policy/entities/user/ada")).ShouldBeProblem(404, "entity_not_found");
    }

    [Fact]
    public async Task What_one_instance_is_told_counts_at_once_for_decisions_of_the_other()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var id = TestService.NewTenantId();
        var (here, there) = (new Tenant(first.Client(id)), new Tenant(second.Client(id)));
        (await there.AskAsync(Question())).ShouldBeFalse();

        await Lifecycle.PolicyTenancy.ActivateAsync(here, Rules);
        await here.PostAsync("/v1/policy/entities/import", People.DeepClone());
        (await there.AskAsync(Question())).ShouldBeTrue();

        await here.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":false}}""");
        (await there.AskAsync(Question())).ShouldBeFalse();

        await here.PutAsync("/v1/policy/peps/gate", """{"explain":true}""");
        (await there.PostAsync(Evaluation, Question(), ("X-Actor", "gate"))).Json["context"]!["explanation"].ShouldNotBeNull();
    }
}
