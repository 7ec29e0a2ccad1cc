using System.Text.Json.Nodes;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class FactsSpecs
{
    [Fact]
    public async Task Facts_are_what_stands_by_field_key()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.RecordAsync(Correction("b", 1));
        var b = await tenant.RecordAsync(Correction("b", JsonNode.Parse("""{"x":[1.50]}""")));
        var a = await tenant.RecordAsync(Correction("a"));
        await tenant.RecordAsync(Correction("B").With("subject", new JsonObject { ["type"] = "patient", ["id"] = "p-18" }));

        var answer = await tenant.GetAsync($"/v1/facts?{Query}");

        answer.Text.ShouldBe(
            $$$"""
            {"subject":{"type":"patient","id":"p-17"},"facts":[
            {"field_key":"a","value":"severe","corrected_at":"{{{a["created_at"]}}}","correction_id":"{{{a["correction_id"]}}}","actor":{"type":"human","id":"dr-ada"}},
            {"field_key":"b","value":{"x":[1.5]},"corrected_at":"{{{b["created_at"]}}}","correction_id":"{{{b["correction_id"]}}}","actor":{"type":"human","id":"dr-ada"}}
            ],"position":5}
            """.Replace("\n", ""));
        answer.Headers["Stet-Position"].ShouldBe("5");
        answer.Headers["Content-Type"].ShouldBe("application/json");
    }

    [Fact]
    public async Task A_discardable_correction_is_no_fact_and_hides_the_one_it_supersedes()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.RecordAsync(Correction("a"));
        await tenant.RecordAsync(Correction("a", "rumour").With("class", "DISCARDABLE"));
        await tenant.RecordAsync(Correction("b", "rumour").With("class", "DISCARDABLE"));

        (await Keys(tenant, "")).ShouldBeEmpty();
        (await tenant.GetAsync($"/v1/facts/context?{Query}")).Text.ShouldNotContain("rumour");
        (await tenant.GetAsync($"/v1/facts/context?{Query}&format=json")).Text.ShouldNotContain("rumour");
        (await tenant.GetAsync($"/v1/history?{Query}")).Json["corrections"]!.AsArray().Select(c => (string)c!["class"]!)
            .ShouldBe(["DISCARDABLE", "DISCARDABLE", "FACT"]);
    }

    [Fact]
    public async Task A_fact_is_one_only_while_it_is_in_effect()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = new Tenant(service.Client());
        await tenant.RecordAsync(Correction("from.noon").With("effective_from", "2026-03-02T12:00:00Z"));
        await tenant.RecordAsync(Correction("till.noon").With("effective_to", "2026-03-02T13:00:00+01:00"));

        var morning = await Keys(tenant, "");
        clock.Advance(TimeSpan.FromHours(3));
        var noon = await Keys(tenant, "");

        morning.ShouldBe(["till.noon"]);
        noon.ShouldBe(["from.noon"]);
        (await Keys(tenant, "&as_of=2")).ShouldBe(["till.noon"]);
        (await Keys(tenant, "&as_of=2026-03-02T11:59:59.999999Z")).ShouldBe(["till.noon"]);
        (await Keys(tenant, "&as_of=2026-03-02T12:00:00Z")).ShouldBe(["from.noon"]);
    }

    [Fact]
    public async Task Facts_can_be_asked_for_as_they_stood()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = new Tenant(service.Client());
        await tenant.RecordAsync(Correction("a", "at nine"));
        clock.Advance(TimeSpan.FromHours(1));
        var second = await tenant.RecordAsync(Correction("a", "at ten"));
        clock.Advance(TimeSpan.FromHours(1));
        await tenant.PostAsync($"/v1/corrections/{second["correction_id"]}/revoke", Revocation());
        clock.Advance(TimeSpan.FromHours(1));

        (await Values("0")).ShouldBeEmpty();
        (await Values("1")).ShouldBe(["at nine"]);
        (await Values("3")).ShouldBe(["at ten"]);
        (await Values("4")).ShouldBeEmpty();
        (await Values("2026-03-02T08:59:59Z")).ShouldBeEmpty();
        (await Values("2026-03-02T09:00:00Z")).ShouldBe(["at nine"]);
        (await Values("2026-03-02T09:59:59.999999Z")).ShouldBe(["at nine"]);
        (await Values("2026-03-02T11:00:00%2B01:00")).ShouldBe(["at ten"]);
        (await Values("2026-03-02T11:00:00Z")).ShouldBeEmpty();
        (await Values("2026-03-02T12:00:00Z")).ShouldBeEmpty();

        async Task<string[]> Values(string asOf) =>
            [.. (await tenant.GetAsync($"/v1/facts?{Query}&as_of={asOf}")).Json["facts"]!.AsArray().Select(f => (string)f!["value"]!)];
    }

    [Fact]
    public async Task The_text_searched_for_is_found_in_field_keys_and_in_texts_within_values()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.RecordAsync(Correction("allergies.penicillin", 1));
        await tenant.RecordAsync(Correction("diet", JsonNode.Parse("""{"notes":["No PENICILLIN, 100%"],"penny":1}""")));
        await tenant.RecordAsync(Correction("numbers", 100));
        await tenant.RecordAsync(Correction("obst", "ÄPFEL"));

        (await Keys(tenant, "&q=Penicillin")).ShouldBe(["allergies.penicillin", "diet"]);
        (await Keys(tenant, "&q=%C3%A4pfel")).ShouldBe(["obst"]);
        (await Keys(tenant, "&q=100%25")).ShouldBe(["diet"]);
        (await Keys(tenant, "&q=100")).ShouldBe(["diet"]);
        (await Keys(tenant, "&q=penny")).ShouldBeEmpty();
        (await Keys(tenant, "&q=_")).ShouldBeEmpty();
        (await Keys(tenant, "&field_keys=diet,numbers&q=e")).ShouldBe(["diet", "numbers"]);
        (await Keys(tenant, "&field_keys=numbers&field_keys=unknown")).ShouldBe(["numbers"]);
    }

    [Theory]
    [InlineData("subject_id=p-17&requester_id=a", "subject_type")]
    [InlineData("subject_type=patient&requester_id=a", "subject_id")]
    [InlineData("subject_type=patient&subject_id=p-17", "requester_id")]
    [InlineData("subject_type=&subject_id=p-17&requester_id=a", "subject_type")]
    [InlineData("subject_type=a&subject_type=b&subject_id=p-17&requester_id=a", "subject_type")]
    [InlineData($"{Query}&q=", "q")]
    [InlineData($"{Query}&q=%00", "q")]
    [InlineData($"{Query}&field_keys=", "field_keys")]
    [InlineData($"{Query}&field_keys=,&field_keys=", "field_keys")]
    [InlineData($"{Query}&as_of=99", "as_of")]
    [InlineData($"{Query}&as_of=-1", "as_of")]
    [InlineData($"{Query}&as_of=99999999999999999999", "as_of")]
    [InlineData($"{Query}&as_of=2999-01-01T00:00:00Z", "as_of")]
    [InlineData($"{Query}&as_of=2026-01-01", "as_of")]
    [InlineData($"{Query}&as_of=2026-01-01T00:00:00%2001:00", "as_of")]
    [InlineData($"{Query}&min_position=x", "min_position")]
    [InlineData($"{Query}&requester_scopes=a%00", "requester_scopes")]
    public async Task A_wrong_parameter_is_refused_by_name(string query, string name)
    {
        var tenant = await Tenant.NewAsync();

        foreach (var path in (string[])["/v1/facts", "/v1/facts/context"])
        {
            var answer = await tenant.GetAsync($"{path}?{query}");
            answer.ShouldBeProblem(400, "invalid_request");
            answer.Pointers.ShouldBe([name]);
        }
    }

    static async Task<string[]> Keys(Tenant tenant, string more) =>
        [.. (await tenant.GetAsync($"/v1/facts?{Query}{more}")).Json["facts"]!.AsArray().Select(f => (string)f!["field_key"]!)];
}
