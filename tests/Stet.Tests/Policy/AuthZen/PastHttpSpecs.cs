using System.Text.Json.Nodes;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.AccessRequests;
using Stet.Tests.Policy.Lifecycle;
using static Stet.Tests.Policy.AuthZen.DecisionTenancy;

namespace Stet.Tests.Policy.AuthZen;

public class PastHttpSpecs
{
    [Fact]
    public async Task Around_a_change_the_past_answers_as_it_was_and_records_nothing()
    {
        var tenant = await NewAsync();
        var before = (await tenant.PostAsync(Evaluation, Question())).Position();
        var change = (await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":false}}""")).Position();

        var was = await tenant.PostAsync($"/as-of/{before}{Evaluation}", Question());
        var justBefore = await tenant.PostAsync($"/as-of/{change - 1}{Evaluation}", Question());
        var justAfter = await tenant.PostAsync($"/as-of/{change}{Evaluation}", Question());

        was.Text.ShouldBe($$$"""{"decision":true,"context":{"as_of":{{{before}}}}}""");
        was.Headers["Stet-As-Of"].ShouldBe($"{before}");
        was.Headers.ContainsKey("Stet-Evaluation-Id").ShouldBeFalse();
        ((bool)justBefore.Json["decision"]!).ShouldBeTrue();
        ((bool)justAfter.Json["decision"]!).ShouldBeFalse();
        (await tenant.GetAsync("/v1/policy/decisions")).Json["decisions"]!.AsArray().ShouldHaveSingleItem();
        ((long)(await tenant.GetAsync("/v1/policy/decisions")).Json["position"]!).ShouldBe(change);
    }

    [Fact]
    public async Task Batches_and_searches_have_a_past_too()
    {
        var tenant = await NewAsync();
        var position = (await tenant.PostAsync(Evaluation, Question())).Position();
        await tenant.SendAsync(HttpMethod.Delete, "/v1/policy/entities/doc/plan", null);
        var batch = Question();
        batch["evaluations"] = JsonNode.Parse("""[{}, {"resource":{"type":"doc","id":"diary"}}, {"resource":{}}]""");
        var search = Question();
        search["resource"]!.AsObject().Remove("id");

        var items = (await tenant.PostAsync($"/as-of/{position}{Evaluations}", batch)).Json["evaluations"]!.AsArray();
        var found = await tenant.PostAsync($"/as-of/{position}{Search}/resource", search);
        var now = await tenant.PostAsync($"{Search}/resource", search);

        items.Select(i => (bool)i!["decision"]!).ShouldBe([true, false, false]);
        ((long)items[0]!["context"]!["as_of"]!).ShouldBe(position);
        ((long)found.Json["context"]!["as_of"]!).ShouldBe(position);
        found.Json["results"]!.ToJsonString().ShouldBe("""[{"type":"doc","id":"plan"}]""");
        now.Json["results"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_listing_of_the_past_goes_on_in_the_past_and_one_of_the_present_in_the_present()
    {
        var tenant = await NewAsync();
        await tenant.PutAsync("/v1/policy/entities/doc/plot", """{"attrs":{"open":true}}""");
        var search = Question();
        search["resource"]!.AsObject().Remove("id");
        search["page"] = new JsonObject { ["limit"] = 1 };
        var first = await tenant.PostAsync($"{Search}/resource", search);
        var past = $"/as-of/{first.Position()}{Search}/resource";
        var ofPast = await NextAsync(past, await tenant.PostAsync(past, search));
        var ofPresent = await NextAsync($"{Search}/resource", first);

        ofPast.Right.Json["results"]!.ToJsonString().ShouldBe("""[{"type":"doc","id":"plot"}]""");
        ((long)ofPast.Right.Json["context"]!["as_of"]!).ShouldBe(first.Position());
        ofPresent.Right.Json["results"]!.ToJsonString().ShouldBe("""[{"type":"doc","id":"plot"}]""");
        ofPast.Wrong.ShouldBeProblem(400, "page_token_refused");
        ofPresent.Wrong.ShouldBeProblem(400, "page_token_refused");

        async Task<(Answer Right, Answer Wrong)> NextAsync(string path, Answer page)
        {
            search["page"] = new JsonObject { ["token"] = (string)page.Json["page"]!["next_token"]! };
            return (await tenant.PostAsync(path, search), await tenant.PostAsync(path == past ? $"{Search}/resource" : past, search));
        }
    }

    [Fact]
    public async Task A_position_that_the_log_does_not_have_is_a_404()
    {
        var tenant = await NewAsync();

        (await tenant.PostAsync($"/as-of/1000000{Evaluation}", Question())).ShouldBeProblem(404, "position_unknown");
        (await tenant.PostAsync($"/as-of/0{Evaluation}", Question())).Status.ShouldBe(404);
        (await tenant.PostAsync($"/as-of/1{Evaluation}", Question())).Json["decision"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task What_changed_names_the_events_that_flipped_the_answer()
    {
        var tenant = await NewAsync();
        var from = (await tenant.PostAsync(Evaluation, Question())).Position();
        await tenant.PutAsync("/v1/policy/entities/user/eve", """{"parents":[{"type":"team","id":"blue"}]}""");
        var closed = (await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":false}}""")).Position();
        var opened = (await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":true}}""")).Position();
        await tenant.ActivateAsync(Rules with
        {
            Policies = [.. Rules.Policies, new NamedPolicy("freeze", """forbid (principal, action, resource);""")],
        });
        var to = (await tenant.PostAsync(Evaluation, Question())).Position();

        var answer = await tenant.PostAsync(
            "/v1/policy/changes", new JsonObject { ["from"] = from, ["to"] = to, ["request"] = Question() });

        answer.Status.ShouldBe(200, answer.Text);
        ((bool)answer.Json["changed"]!).ShouldBeTrue();
        ((bool)answer.Json["from"]!["decision"]!).ShouldBeTrue();
        ((string)answer.Json["to"]!["class"]!).ShouldBe("forbidden");
        var flips = answer.Json["flips"]!.AsArray();
        flips.Select(f => (string)f!["cause"]!).ShouldBe(["entity_recorded", "entity_recorded", "policy_activated"]);
        flips.Take(2).Select(f => (long)f!["after"]!["position"]!).ShouldBe([closed, opened]);
        flips[2]!["after"]!["determining"]!.AsArray().Select(p => (string)p!).ShouldBe(["freeze"]);
    }

    [Fact]
    public async Task A_policy_that_was_activated_for_later_changes_answers_when_its_time_comes()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = await NewAsync(service);
        clock.Advance(TimeSpan.FromMinutes(1));
        var frozen = Rules with { Policies = [.. Rules.Policies, new NamedPolicy("freeze", "forbid (principal, action, resource);")] };
        await tenant.ActivateAsync(frozen, clock.GetUtcNow().AddHours(1));
        var from = (await tenant.PostAsync(Evaluation, Question())).Position();
        clock.Advance(TimeSpan.FromHours(2));
        var closed = (await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":false}}""")).Position();
        await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":true}}""");
        var to = (await tenant.PostAsync(Evaluation, Question())).Position();

        var answer = await tenant.PostAsync(
            "/v1/policy/changes", new JsonObject { ["from"] = from, ["to"] = to, ["request"] = Question() });

        answer.Status.ShouldBe(200, answer.Text);
        var flip = answer.Json["flips"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)flip["cause"]!, (long)flip["after"]!["position"]!).ShouldBe(("time", closed - 1));
        flip["after"]!["determining"]!.AsArray().Select(p => (string)p!).ShouldBe(["freeze"]);
    }

    [Fact]
    public async Task What_a_person_approved_counts_in_the_past_until_it_was_revoked()
    {
        var agents = await AgentTenancy.NewAsync();
        var approval = await agents.ApprovedAsync();
        var call = AgentTenancy.Call(approval: approval);
        var allowed = (await AskAsync("gateway", Evaluation, call)).Position();
        await agents.DecideAsync((string)approval["id"]!, "revocation");
        var denied = (await AskAsync("gateway", Evaluation, call)).Position();

        var changes = await agents.Tenant.PostAsync(
            "/v1/policy/changes", new JsonObject { ["from"] = 1, ["to"] = denied, ["request"] = call.DeepClone(), ["pep"] = "gateway" });

        ((bool)(await AskAsync("gateway", $"/as-of/{allowed}{Evaluation}", call)).Json["decision"]!).ShouldBeTrue();
        ((bool)(await AskAsync("auditor", $"/as-of/{allowed}{Evaluation}?pep=gateway", call)).Json["decision"]!).ShouldBeTrue();
        ((bool)(await AskAsync("auditor", $"/as-of/{allowed}{Evaluation}", call)).Json["decision"]!).ShouldBeFalse();
        var was = (await AskAsync("gateway", $"/as-of/{denied}{Evaluation}", call)).Json;
        ((bool)was["decision"]!).ShouldBeFalse();
        was["context"]!["access_request"].ShouldBeNull();
        (await AskAsync("auditor", $"/as-of/{allowed}{Evaluation}?pep=", call)).ShouldBeProblem(400, "invalid_request");
        changes.Json["flips"]!.AsArray().Select(f => (string)f!["cause"]!).TakeLast(2).ShouldBe(["access_approved", "access_approval_revoked"]);

        Task<Answer> AskAsync(string who, string url, JsonObject question) => agents.Tenant.PostAsync(url, question, ("X-Actor", who));
    }

    [Fact]
    public async Task The_past_knows_what_an_enforcement_point_supported()
    {
        var tenant = await NewAsync();
        var write = Question(action: "write");
        var asking = Question(action: "write");
        asking["context"] = JsonNode.Parse("""{"supported_obligations":["notification"]}""");
        var unknown = (await AskAsync(Evaluation, write)).Position();
        await tenant.PutAsync("/v1/policy/peps/gate", """{"drafts":["obligations"]}""");
        var without = (await AskAsync(Evaluation, asking)).Position();
        await tenant.PutAsync("/v1/policy/peps/gate", """{"drafts":["obligations"],"supported_obligations":["notification"]}""");
        var with = (await AskAsync(Evaluation, write)).Position();

        var changes = await tenant.PostAsync(
            "/v1/policy/changes", new JsonObject { ["from"] = unknown, ["to"] = with, ["request"] = write.DeepClone(), ["pep"] = "gate" });

        ((bool)(await AskAsync($"/as-of/{unknown}{Evaluation}", asking)).Json["decision"]!).ShouldBeFalse();
        ((bool)(await AskAsync($"/as-of/{without}{Evaluation}", write)).Json["decision"]!).ShouldBeFalse();
        ((bool)(await AskAsync($"/as-of/{without}{Evaluation}", asking)).Json["decision"]!).ShouldBeTrue();
        var allowed = (await AskAsync($"/as-of/{with}{Evaluation}", write)).Json;
        ((bool)allowed["decision"]!).ShouldBeTrue();
        ((string)allowed["context"]!["obligations"]![0]!["id"]!).ShouldBe("tell");
        ((string)changes.Json["from"]!["code"]!).ShouldBe("obligation_unsupported");
        changes.Json["flips"]!.AsArray().Select(f => (string)f!["cause"]!).ShouldBe(["pep_registered"]);

        Task<Answer> AskAsync(string url, JsonObject question) => tenant.PostAsync(url, question, ("X-Actor", "gate"));
    }

    [Fact]
    public async Task Nothing_changed_between_a_position_and_itself()
    {
        var tenant = await NewAsync();
        var at = (await tenant.PostAsync(Evaluation, Question())).Position();

        var same = await tenant.PostAsync("/v1/policy/changes", new JsonObject { ["from"] = at, ["to"] = at, ["request"] = Question() });
        var backwards = await tenant.PostAsync("/v1/policy/changes", new JsonObject { ["from"] = at, ["to"] = 1, ["request"] = Question() });
        var nothing = await tenant.PostAsync("/v1/policy/changes", new JsonObject { ["from"] = at, ["to"] = at });
        var noPosition = await tenant.PostAsync("/v1/policy/changes", new JsonObject { ["to"] = at, ["request"] = Question() });

        ((bool)same.Json["changed"]!).ShouldBeFalse();
        same.Json["flips"]!.AsArray().ShouldBeEmpty();
        backwards.Pointers.ShouldBe(["/to"]);
        nothing.Pointers.ShouldBe(["/request"]);
        noPosition.Pointers.ShouldBe(["/from"]);
    }

    [Fact]
    public async Task Positions_that_too_much_lies_between_are_not_compared()
    {
        var tenant = await NewAsync();
        var from = (await tenant.PostAsync(Evaluation, Question())).Position();
        var lines = string.Concat(Enumerable.Range(0, 10_000).Select(n => $$"""{"uid":{"type":"team","id":"{{n}}"},"attrs":{},"parents":[]}{{'\n'}}"""));
        (await tenant.PostTextAsync("/v1/policy/entities/import", lines, ("Content-Type", "application/x-ndjson"))).Status.ShouldBe(200);
        var most = (await tenant.PostAsync(Evaluation, Question())).Position();
        await tenant.PutAsync("/v1/policy/entities/doc/plan", """{"attrs":{"open":false}}""");
        var more = (await tenant.PostAsync(Evaluation, Question())).Position();

        (await CompareAsync(most)).Status.ShouldBe(200);
        (await CompareAsync(more)).ShouldBeProblem(409, "too_many_events");

        Task<Answer> CompareAsync(long to) =>
            tenant.PostAsync("/v1/policy/changes", new JsonObject { ["from"] = from, ["to"] = to, ["request"] = Question() });
    }

    [Theory]
    [InlineData("""{"from":1,"to":1,"request":{},"Pep":"gw2"}""", "/Pep", "is not a member of this request")]
    [InlineData("""{"from":1,"to":1,"to":2,"request":{}}""", "/to", "occurs twice")]
    [InlineData("""{"from":1,"to":1,"request":{"subject":{"id":"a","id":"b"}}}""", "/request/subject/id", "occurs twice")]
    [InlineData("""{"from":1,"to":1,"request":{"subject":"\ud800"}}""", "/request/subject", "holds half a surrogate pair or bytes that are not UTF-8")]
    [InlineData("""{"from":1,"to":1,"request":[]}""", "/request", "must be a JSON object")]
    [InlineData("""{"from":1,"to":1,"request":{},"pep":""}""", "/pep", "must have 1 to 255 characters, none of them a control character")]
    public async Task A_question_about_changes_that_is_malformed_is_told_by_its_place(string body, string pointer, string message)
    {
        var answer = await (await Tenant.NewAsync()).PostTextAsync("/v1/policy/changes", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
        ((string)answer.Json["errors"]![0]!["message"]!).ShouldBe(message);
    }

    [Fact]
    public async Task A_question_about_changes_is_sent_as_other_bodies_are()
    {
        var tenant = await Tenant.NewAsync();
        var large = $$$"""{"from":1,"to":1,"request":{"x":"{{{new string('x', 256 * 1024)}}}"}}""";

        (await tenant.PostTextAsync("/v1/policy/changes", "{}", ("Content-Type", ""))).ShouldBeProblem(415, "unsupported_media_type");
        (await tenant.PostTextAsync("/v1/policy/changes", "{}", ("Content-Type", "application/vnd.api+json"))).ShouldBeProblem(415, "unsupported_media_type");
        (await tenant.PostTextAsync("/v1/policy/changes", large)).ShouldBeProblem(413, "body_too_large");
    }
}
