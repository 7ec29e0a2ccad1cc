using System.Text.Json.Nodes;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class HistorySpecs
{
    [Fact]
    public async Task A_correction_is_shown_with_its_place_in_the_chain()
    {
        var tenant = await Tenant.NewAsync();
        var first = await tenant.RecordAsync(Correction());
        var second = await tenant.RecordAsync(Correction(value: "mild")
            .With("effective_from", "2026-03-01T12:00:00+01:00").With("effective_to", "2036-03-01T00:00:00Z").With("reason", "patch test"));
        var third = await tenant.RecordAsync(Correction());

        var answer = await tenant.GetAsync($"/v1/corrections/{second["correction_id"]}?requester_id=allergy-bot");

        var history = await tenant.GetAsync($"/v1/history?{Query}");
        history.Json["corrections"]![1]!.ToJsonString().ShouldBe(answer.Json.ToJsonString());
        var endedAt = (string)third["created_at"]!;
        answer.Text.ShouldBe(
            $$$"""
            {"correction_id":"{{{second["correction_id"]}}}","subject":{"type":"patient","id":"p-17"},"field_key":"allergies.penicillin",
            "value":"mild","class":"FACT","status":"SUPERSEDED","supersedes":"{{{first["correction_id"]}}}",
            "superseded_by":"{{{third["correction_id"]}}}","revocation_reason":null,"revocation_note":null,"revoked_by":null,
            "actor":{"type":"human","id":"dr-ada"},"reason":"patch test","effective_from":"2026-03-01T11:00:00.000000Z","effective_to":"2036-03-01T00:00:00.000000Z",
            "created_at":"{{{second["created_at"]}}}","ended_at":"{{{endedAt}}}","position":3}
            """.Replace("\n", ""));
    }

    [Theory]
    [InlineData("019ca7c8-0000-7000-8000-000000000001")]
    [InlineData("first")]
    public async Task An_unknown_correction_is_not_found(string id)
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.GetAsync($"/v1/corrections/{id}?requester_id=allergy-bot")).ShouldBeProblem(404, "correction_not_found");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_together_are_the_whole_newest_first(bool includeRevoked)
    {
        var tenant = await Tenant.NewAsync();
        var expected = new List<string>();
        for (var i = 0; i < 23; i++)
        {
            var id = (string)(await tenant.RecordAsync(Correction($"field.{i % 4}", i)))["correction_id"]!;
            if (i % 5 == 0) await tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation());
            if (i % 5 != 0 || includeRevoked) expected.Add(id);
        }

        var seen = new List<string>();
        var pages = 0;
        string? cursor = null;
        do
        {
            var url = $"/v1/history?{Query}&limit=7&include_revoked={(includeRevoked ? "true" : "false")}";
            var page = (await tenant.GetAsync(cursor is null ? url : $"{url}&cursor={cursor}")).Json;
            seen.AddRange(page["corrections"]!.AsArray().Select(c => (string)c!["correction_id"]!));
            cursor = (string?)page["next_cursor"];
            pages++;
            if (pages == 1) await tenant.RecordAsync(Correction("recorded.meanwhile"));
        }
        while (cursor is not null);

        seen.ShouldBe(Enumerable.Reverse(expected));
        pages.ShouldBe((expected.Count + 6) / 7);
    }

    [Fact]
    public async Task History_can_be_asked_for_of_one_field()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.RecordAsync(Correction("a"));
        await tenant.RecordAsync(Correction("b"));

        var answer = await tenant.GetAsync($"/v1/history?{Query}&field_key=a");

        answer.Json["corrections"]!.AsArray().ShouldHaveSingleItem()!["field_key"]!.ToString().ShouldBe("a");
        answer.Json["next_cursor"].ShouldBeNull();
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=AAAAAAAAAA!", "cursor")]
    [InlineData("include_revoked=perhaps", "include_revoked")]
    [InlineData("field_key=", "field_key")]
    [InlineData("min_position=1.5", "min_position")]
    public async Task A_wrong_parameter_is_refused_by_name(string query, string name)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.GetAsync($"/v1/history?{Query}&{query}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([name]);
    }

    [Fact]
    public async Task A_correction_cannot_be_asked_for_without_a_requester()
    {
        var tenant = await Tenant.NewAsync();
        JsonNode recorded = await tenant.RecordAsync(Correction());

        var answer = await tenant.GetAsync($"/v1/corrections/{recorded["correction_id"]}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["requester_id"]);
    }
}
