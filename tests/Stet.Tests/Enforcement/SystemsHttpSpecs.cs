using System.Text.Json.Nodes;
using Stet.Http;
using Stet.Tests.Http;

namespace Stet.Tests.Enforcement;

public class SystemsHttpSpecs
{
    const string Settings = """
        {"interval_seconds":30,"grace_multiplier":1.5,"scope":["name","allergies.*"],"allowance":{"corrections":5},
         "owner":"Ada","muted_until":"2036-01-01T00:00:00Z","muted_reason":"moving house"}
        """;

    [Fact]
    public async Task A_registration_answers_201_where_the_system_is_and_then_200()
    {
        var tenant = await Tenant.NewAsync();

        var first = await tenant.PutAsync("bot", Settings);
        var again = await tenant.PutAsync("bot", Settings);
        var changed = await tenant.PutAsync("bot");

        (first.Status, first.Headers["Location"], first.Headers["Stet-Position"]).ShouldBe((201, "/v1/enforcement/systems/bot", "1"));
        (again.Status, again.Headers["Stet-Position"], again.Text).ShouldBe((200, "1", first.Text));
        (changed.Status, changed.Headers["Stet-Position"]).ShouldBe((200, "2"));
        JsonNode.DeepEquals(first.Json["scope"], JsonNode.Parse("""["allergies.*","name"]""")).ShouldBeTrue();
        changed.Json["owner"].ShouldBeNull();
        (await tenant.GetAsync("/v1/enforcement/systems/bot")).Text.ShouldBe(changed.Text);
    }

    [Theory]
    [InlineData("""{"interval_seconds":0}""", "/interval_seconds")]
    [InlineData("""{"interval_seconds":604801}""", "/interval_seconds")]
    [InlineData("""{"grace_multiplier":0.99}""", "/grace_multiplier")]
    [InlineData("""{"grace_multiplier":101}""", "/grace_multiplier")]
    [InlineData("""{"scope":["*"]}""", "/scope")]
    [InlineData("""{"scope":[".*"]}""", "/scope")]
    [InlineData("""{"scope":["a*"]}""", "/scope")]
    [InlineData("""{"scope":["a.*.b"]}""", "/scope")]
    [InlineData("""{"scope":[""]}""", "/scope")]
    [InlineData("""{"scope":["allergies,meds"]}""", "/scope")]
    [InlineData("""{"scope":[" allergies"]}""", "/scope")]
    [InlineData("""{"grace_multiplier":1.0001}""", "/grace_multiplier")]
    [InlineData("""{"grace_multiplier":1.00000000000000001}""", "/grace_multiplier")]
    [InlineData("""{"allowance":{}}""", "/allowance")]
    [InlineData("""{"allowance":{"corrections":1000}}""", "/allowance/corrections")]
    [InlineData("""{"allowance":{"seconds":-1}}""", "/allowance/seconds")]
    [InlineData("""{"muted_until":"2036-01-01T00:00:00Z"}""", "/muted_reason")]
    [InlineData("""{"muted_reason":"moving house"}""", "/muted_reason")]
    [InlineData("""{"muted_until":"tomorrow","muted_reason":"moving house"}""", "/muted_until")]
    [InlineData("""{"colour":"red"}""", "/colour")]
    public async Task A_setting_out_of_its_bounds_is_refused_by_name(string settings, string pointer)
    {
        var answer = await (await Tenant.NewAsync()).PutAsync("bot", settings);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
    }

    [Fact]
    public async Task An_owner_of_more_than_200_characters_is_refused() =>
        (await (await Tenant.NewAsync()).PutAsync("bot", $$"""{"owner":"{{new string('a', 201)}}"}""")).Pointers.ShouldBe(["/owner"]);

    [Fact]
    public async Task A_name_of_more_than_200_characters_or_with_a_control_character_is_refused()
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.PutAsync(new string('a', 201))).ShouldBeProblem(400, "invalid_request");
        (await tenant.PutAsync("a%0Ab")).ShouldBeProblem(400, "invalid_request");
        (await tenant.DeleteAsync("a%0Ab")).ShouldBeProblem(400, "invalid_request");
        (await tenant.GetAsync("/v1/enforcement/systems/a%0Ab")).ShouldBeProblem(400, "invalid_request");
        (await tenant.GetAsync("/v1/enforcement/status?system_id=a%0Ab")).ShouldBeProblem(400, "invalid_request");
        (await tenant.GetAsync("/v1/enforcement/escalation?system_id=")).ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task A_system_that_nobody_knows_is_not_found()
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.GetAsync("/v1/enforcement/systems/bot")).ShouldBeProblem(404, "system_not_found");
        (await tenant.DeleteAsync("bot")).ShouldBeProblem(404, "system_not_found");
        await tenant.PutAsync("other");
        (await tenant.GetAsync("/v1/enforcement/systems/bot")).ShouldBeProblem(404, "system_not_found");
    }

    [Fact]
    public async Task A_retired_system_leaves_lists_status_and_escalation_and_can_come_back()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.PutAsync("bot");

        var retired = await tenant.DeleteAsync("bot");
        var again = await tenant.DeleteAsync("bot");

        retired.Status.ShouldBe(200);
        retired.Json["retired_at"].ShouldNotBeNull();
        (again.Status, again.Text, again.Headers["Stet-Position"]).ShouldBe((200, retired.Text, "2"));
        (await tenant.GetAsync("/v1/enforcement/systems/bot")).Text.ShouldBe(retired.Text);
        (await NamesAsync(tenant, "")).ShouldBeEmpty();
        (await NamesAsync(tenant, "?include_retired=true")).ShouldBe(["bot"]);
        (await tenant.GetAsync("/v1/enforcement/status")).Json["systems"]!.AsArray().ShouldBeEmpty();
        (await tenant.GetAsync("/v1/enforcement/escalation?system_id=bot")).Json.Text("escalation").ShouldBe("NONE");
        (await tenant.BeatAsync("bot")).ShouldBeProblem(409, "system_retired");
        (await tenant.PutAsync("bot")).Status.ShouldBe(201);
        (await tenant.BeatAsync("bot")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task The_list_is_paged_by_name()
    {
        var tenant = await Tenant.NewAsync();
        foreach (var name in (string[])["d", "B", "a", "c"]) await tenant.PutAsync(name);

        var first = await tenant.GetAsync("/v1/enforcement/systems?limit=3");
        var cursor = first.Json.Text("next_cursor");

        Names(first).ShouldBe(["B", "a", "c"]);
        (await NamesAsync(tenant, $"?limit=3&cursor={cursor}")).ShouldBe(["d"]);
        (await tenant.GetAsync("/v1/enforcement/systems?limit=4")).Json["next_cursor"].ShouldBeNull();

        // It is a place among names, whatever has become of the system, and also in another tenant's list.
        var other = await Tenant.NewAsync();
        foreach (var name in (string[])["e", "b"]) await other.PutAsync(name);
        (await NamesAsync(other, $"?cursor={cursor}")).ShouldBe(["e"]);
        (await tenant.GetAsync($"/v1/enforcement/systems?cursor={new Cursor("systems by name").Of("a\0")}")).ShouldBeProblem(400, "invalid_request");
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("include_retired=perhaps", "include_retired")]
    public async Task A_wrong_parameter_of_the_list_is_refused_by_name(string query, string name)
    {
        var answer = await (await Tenant.NewAsync()).GetAsync($"/v1/enforcement/systems?{query}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([name]);
    }

    [Fact]
    public async Task One_tenant_does_not_see_the_systems_of_another()
    {
        await (await Tenant.NewAsync()).PutAsync("bot");
        var other = await Tenant.NewAsync();

        (await other.GetAsync("/v1/enforcement/systems/bot")).ShouldBeProblem(404, "system_not_found");
        (await NamesAsync(other, "")).ShouldBeEmpty();
        (await other.GetAsync("/v1/enforcement/status")).Json["systems"]!.AsArray().ShouldBeEmpty();
    }

    static async Task<string[]> NamesAsync(Tenant tenant, string query) =>
        Names(await tenant.GetAsync($"/v1/enforcement/systems{query}"));

    static string[] Names(Answer answer) => [.. answer.Json["systems"]!.AsArray().Select(s => s!.Text("system_id"))];
}
