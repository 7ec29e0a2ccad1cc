using System.Text.Json.Nodes;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class RecordingSpecs
{
    [Fact]
    public async Task A_correction_is_answered_with_its_receipt_and_its_place()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync("/v1/corrections", Correction());

        answer.Status.ShouldBe(201);
        var id = (string)answer.Json["correction_id"]!;
        answer.Json.AsObject().Select(m => m.Key).ShouldBe(["correction_id", "status", "supersedes", "created_at", "position"]);
        ((string?)answer.Json["status"]).ShouldBe("ACTIVE");
        answer.Json["supersedes"].ShouldBeNull();
        ((long)answer.Json["position"]!).ShouldBe(1);
        answer.Headers["Stet-Position"].ShouldBe("1");
        answer.Headers["Location"].ShouldBe($"/v1/corrections/{id}");
        var found = await tenant.GetAsync($"{answer.Headers["Location"]}?requester_id=allergy-bot");
        ((string?)found.Json["correction_id"]).ShouldBe(id);
    }

    [Fact]
    public async Task A_correction_supersedes_the_one_that_stands_by_itself_or_by_name()
    {
        var tenant = await Tenant.NewAsync();
        var first = Id(await tenant.RecordAsync(Correction()));

        var second = await tenant.RecordAsync(Correction(value: "mild"));
        var third = await tenant.RecordAsync(Correction(value: "none").With("supersedes", Id(second)));

        ((string?)second["supersedes"]).ShouldBe(first);
        ((string?)third["supersedes"]).ShouldBe(Id(second));
        ((long)third["position"]!).ShouldBe(5);
        var history = await tenant.GetAsync($"/v1/history?{Query}");
        history.Json["corrections"]!.AsArray().Select(c => (string)c!["status"]!).ShouldBe(["ACTIVE", "SUPERSEDED", "SUPERSEDED"]);
    }

    [Fact]
    public async Task A_repeated_request_gets_the_first_answer()
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction(value: JsonNode.Parse("""{"a":1,"b":[2]}""")).With("effective_from", "2026-03-01T12:00:00+01:00");
        var first = await tenant.PostAsync("/v1/corrections", body);
        await tenant.RecordAsync(Correction(value: "mild"));

        var reordered = new JsonObject(body.Reverse().Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())))
            .With("value", JsonNode.Parse("""{"b":[2.0],"a":1e0}""")).With("effective_from", "2026-03-01T11:00:00Z");
        var repeated = await tenant.PostTextAsync("/v1/corrections", $"\n{reordered.ToString().Replace(":", " :\t")
            .Replace("11 :\t00 :\t00Z", "11:00:00Z")} ");

        repeated.Status.ShouldBe(200, repeated.Text);
        repeated.Text.ShouldBe(first.Text);
        repeated.Headers["Location"].ShouldBe(first.Headers["Location"]);
        repeated.Headers["Stet-Position"].ShouldBe("1");
    }

    [Theory]
    [InlineData("value", "\"mild\"")]
    [InlineData("field_key", "\"allergies.latex\"")]
    [InlineData("class", "\"DISCARDABLE\"")]
    [InlineData("reason", "\"a reason\"")]
    [InlineData("actor", """{"type":"human","id":"dr-bob"}""")]
    [InlineData("permissions", """{"readers":["allergy-bot","other-bot"]}""")]
    [InlineData("effective_to", "\"2036-01-01T00:00:00Z\"")]
    public async Task A_key_that_belongs_to_another_request_is_a_conflict(string member, string json)
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction();
        await tenant.RecordAsync(body);

        var answer = await tenant.PostAsync("/v1/corrections", body.With(member, JsonNode.Parse(json)));

        answer.ShouldBeProblem(409, "idempotency_conflict");
    }

    [Fact]
    public async Task Of_twenty_equal_requests_at_once_one_is_recorded_and_all_are_answered_alike()
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => tenant.PostAsync("/v1/corrections", body)));

        answers.Select(a => a.Status).Order().ShouldBe([.. Enumerable.Repeat(200, 19), 201]);
        answers.Select(a => a.Text).Distinct().ShouldHaveSingleItem();
        (await Positions(tenant)).ShouldBe(1);
    }

    [Fact]
    public async Task The_key_may_come_in_the_header()
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction().Without("idempotency_key");

        var first = await tenant.PostAsync("/v1/corrections", body, ("Idempotency-Key", "from-header"));
        var inBody = await tenant.PostAsync("/v1/corrections", body.With("idempotency_key", "from-header"));
        var inBoth = await tenant.PostAsync("/v1/corrections", body, ("Idempotency-Key", "from-header"));
        var differing = await tenant.PostAsync("/v1/corrections", body, ("Idempotency-Key", "another"));

        first.Status.ShouldBe(201);
        (inBody.Status, inBody.Text).ShouldBe((200, first.Text));
        (inBoth.Status, inBoth.Text).ShouldBe((200, first.Text));
        differing.ShouldBeProblem(400, "invalid_request");
        differing.Pointers.ShouldBe(["/idempotency_key"]);
    }

    [Fact]
    public async Task A_request_without_any_key_is_refused()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync("/v1/corrections", Correction().Without("idempotency_key"));

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["/idempotency_key"]);
    }

    [Fact]
    public async Task A_key_in_the_header_is_one_text_of_visible_characters()
    {
        var tenant = await Tenant.NewAsync();

        foreach (var key in (string[])["with space", new string('k', 201)])
        {
            var answer = await tenant.PostAsync("/v1/corrections", Correction(), ("Idempotency-Key", key));
            answer.ShouldBeProblem(400, "invalid_request");
            answer.Pointers.ShouldBe(["Idempotency-Key"]);
        }

        (await tenant.PostAsync("/v1/corrections", Correction(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b"))).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Whatever_stands_is_superseded_once_however_many_come_at_once()
    {
        var tenant = await Tenant.NewAsync();

        var receipts = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => tenant.RecordAsync(Correction(value: i))));

        var history = await tenant.GetAsync($"/v1/history?{Query}&limit=500");
        var chain = history.Json["corrections"]!.AsArray();
        chain.Count.ShouldBe(50);
        chain.Select(c => (string)c!["correction_id"]!).Order().ShouldBe(receipts.Select(Id).Order());
        chain.Count(c => (string?)c!["status"] == "ACTIVE").ShouldBe(1);
        for (var i = 0; i < 49; i++)
        {
            ((string?)chain[i]!["supersedes"]).ShouldBe(Id(chain[i + 1]!));
            ((string?)chain[i + 1]!["superseded_by"]).ShouldBe(Id(chain[i]!));
        }

        chain[49]!["supersedes"].ShouldBeNull();
        var facts = await tenant.GetAsync($"/v1/facts?{Query}");
        facts.Json["facts"]!.AsArray().ShouldHaveSingleItem()!["correction_id"]!.ToString().ShouldBe(Id(chain[0]!));
        (await Positions(tenant)).ShouldBe(99);
    }

    [Fact]
    public async Task Of_many_that_name_the_same_correction_one_supersedes_it()
    {
        var tenant = await Tenant.NewAsync();
        var first = Id(await tenant.RecordAsync(Correction()));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            tenant.PostAsync("/v1/corrections", Correction(value: i).With("supersedes", first))));

        answers.Count(a => a.Status == 201).ShouldBe(1);
        answers.Count(a => a.Code == "supersedes_not_active").ShouldBe(19);
    }

    static string Id(JsonNode correction) => (string)correction["correction_id"]!;

    static async Task<long> Positions(Tenant tenant) => (long)(await tenant.GetAsync($"/v1/facts?{Query}")).Json["position"]!;
}
