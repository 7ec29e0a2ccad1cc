using System.Text.Json.Nodes;
using static Stet.Tests.Policy.AuthZen.DecisionTenancy;

namespace Stet.Tests.Policy.AuthZen;

/// <summary>Several questions in a request.</summary>
public class EvaluationBatchSpecs
{
    [Fact]
    public async Task One_broken_item_of_a_batch_is_a_deny_with_its_error()
    {
        var tenant = await NewAsync();
        var batch = Question();
        batch["evaluations"] = JsonNode.Parse("""
            [{}, {"resource":{"type":"doc"}}, 7, {"context":{"x":9007199254740992}}, {"resource":{"type":"doc","id":"diary"}}]
            """);

        var answer = await tenant.PostAsync(Evaluations, batch);

        var items = answer.Json["evaluations"]!.AsArray();
        items.Select(i => (bool)i!["decision"]!).ShouldBe([true, false, false, false, false]);
        items.Select(i => (int?)i!["context"]?["error"]?["status"]).ShouldBe([null, 400, 400, 400, null]);
        ((string)items[1]!["context"]!["error"]!["message"]!).ShouldStartWith("`/resource/id` is required");
        var recorded = (await tenant.GetAsync("/v1/policy/decisions")).Json["decisions"]!.AsArray().Select(d => d!["decision"]!).ToArray();
        recorded.Select(d => (int)d["item"]!).ShouldBe([4, 3, 2, 1, 0]);
        recorded.Select(d => (string)d["batch_id"]!).Distinct().ShouldHaveSingleItem();
        recorded.Select(d => (string)d["subject"]!["id"]!).ShouldBe(["ada", "ada", "", "ada", "ada"]);
        recorded.Select(d => (string?)d["problem"]).ShouldBe([
            null, "`/context` holds a number that JSON does not carry: integers lie within ±(2^53 - 1)",
            "`/evaluations` holds an item that is no object", "`/resource/id` is required, a text of 1 to 1024 bytes of UTF-8", null]);
        recorded.Select(d => (string?)d["effective"]!["code"]).ShouldBe([null, "request_invalid", "request_invalid", "request_invalid", null]);
        var audited = await tenant.PostTextAsync("/v1/policy/audit", """{"from":1}""");
        ((long)audited.Json["progress"]!["decisions"]!, (long)audited.Json["progress"]!["mismatches"]!).ShouldBe((5, 0));
    }

    [Theory]
    [InlineData("""{"x":{"a":1,"a":2}}""", "names a member twice")]
    [InlineData("""{"x":"\ud800"}""", "holds half a surrogate pair")]
    [InlineData("""{"x":"\u0000"}""", "holds U+0000")]
    [InlineData("""{"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}""", "is nested deeper than 32 levels")]
    public async Task An_item_that_cannot_be_read_is_denied_and_the_others_are_answered(string item, string why)
    {
        var tenant = await NewAsync();
        var sound = """{"subject":{"type":"user","id":"ada"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}""";

        var answer = await tenant.PostTextAsync(Evaluations, $$"""{"evaluations": [ {{sound}} , {{item}},{{sound}}], "options": {} }""");
        var position = answer.Position();
        var past = await tenant.PostTextAsync($"/as-of/{position}{Evaluations}", $$"""{"evaluations":[{{item}},{{sound}}]}""");
        var first = await tenant.PostTextAsync(
            Evaluations, $$"""{"evaluations":[{{item}},{{sound}}],"options":{"evaluations_semantic":"deny_on_first_deny"} }""");

        var items = answer.Json["evaluations"]!.AsArray();
        items.Select(i => (bool)i!["decision"]!).ShouldBe([true, false, true]);
        ((int)items[1]!["context"]!["error"]!["status"]!).ShouldBe(400);
        ((string)items[1]!["context"]!["error"]!["message"]!).ShouldStartWith("`/evaluations/1` ");
        ((string)items[1]!["context"]!["error"]!["message"]!).ShouldContain(why);
        past.Json["evaluations"]!.AsArray().Select(i => (bool)i!["decision"]!).ShouldBe([false, true]);
        first.Json["evaluations"]!.AsArray().Select(i => (bool)i!["decision"]!).ShouldBe([false]);
        (await tenant.PostTextAsync(Evaluations, $$"""{"evaluations":[{{sound}}],"subject":{{item}} }""")).ShouldBeProblem(400, "invalid_request");
        (await tenant.PostTextAsync(Evaluations, $$"""{"evaluations":[{{item}}],"evaluations":[]}""")).ShouldBeProblem(400, "invalid_request");
        (await tenant.PostTextAsync(Evaluations, $$"""{"evaluations":[{{item}}""")).ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task A_batch_whose_defaults_come_to_too_much_in_all_items_is_refused()
    {
        var tenant = await NewAsync();
        var batch = Question();
        batch["context"] = new JsonObject { ["agent"] = new string('x', 100_000) };
        batch["evaluations"] = new JsonArray([.. Enumerable.Range(0, 100).Select(_ => new JsonObject())]);

        var answer = await tenant.PostAsync(Evaluations, batch);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["/evaluations"]);
        (await tenant.GetAsync("/v1/policy/decisions")).Json["decisions"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_of_broken_items_is_answered_and_more_than_a_thousand_are_not()
    {
        var tenant = await NewAsync();

        var broken = await tenant.PostTextAsync(Evaluations, """{"evaluations":[{}]}""");
        var tooMany = await tenant.PostTextAsync(Evaluations, $$"""{"evaluations":[{{string.Join(',', Enumerable.Repeat("{}", 1001))}}]}""");
        var noList = await tenant.PostTextAsync(Evaluations, """{"evaluations":{}}""");

        ((bool)broken.Json["evaluations"]![0]!["decision"]!).ShouldBeFalse();
        broken.Position().ShouldBeGreaterThan(0);
        tooMany.ShouldBeProblem(400, "invalid_request");
        noList.ShouldBeProblem(400, "invalid_request");
    }
}
