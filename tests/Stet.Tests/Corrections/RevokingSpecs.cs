using System.Text.Json.Nodes;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class RevokingSpecs
{
    [Theory]
    [InlineData("WITHDRAWN")]
    [InlineData("REFUTED")]
    [InlineData("ENTERED_IN_ERROR")]
    [InlineData("EXPIRED")]
    public async Task A_revoked_correction_is_no_fact_and_stays_in_history(string reason)
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;

        var answer = await tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation(reason).With("note", "wrong chart"));

        answer.Status.ShouldBe(200);
        ((string?)answer.Json["correction_id"]).ShouldBe(id);
        ((string?)answer.Json["status"]).ShouldBe("REVOKED");
        ((string?)answer.Json["reason"]).ShouldBe(reason);
        ((long)answer.Json["position"]!).ShouldBe(2);
        answer.Headers["Stet-Position"].ShouldBe("2");
        (await tenant.GetAsync($"/v1/facts?{Query}")).Json["facts"]!.AsArray().ShouldBeEmpty();
        (await tenant.GetAsync($"/v1/history?{Query}")).Json["corrections"]!.AsArray().ShouldBeEmpty();
        var past = (await tenant.GetAsync($"/v1/history?{Query}&include_revoked=true")).Json["corrections"]!.AsArray().ShouldHaveSingleItem()!;
        ((string?)past["revocation_reason"]).ShouldBe(reason);
        ((string?)past["revocation_note"]).ShouldBe("wrong chart");
        past["revoked_by"]!.ToJsonString().ShouldBe("""{"type":"human","id":"dr-ada"}""");
        ((string?)past["ended_at"]).ShouldBe((string?)answer.Json["revoked_at"]);
    }

    [Fact]
    public async Task Taking_back_again_gets_the_first_answer_whatever_the_reason()
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation(i % 2 == 0 ? "REFUTED" : "EXPIRED"))));
        await tenant.RecordAsync(Correction());
        var later = await tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation(), ("Idempotency-Key", "later"));

        answers.Append(later).Select(a => (a.Status, a.Text)).Distinct().ShouldHaveSingleItem().Status.ShouldBe(200);
        ((long)later.Json["position"]!).ShouldBe(2);
    }

    [Fact]
    public async Task A_superseded_correction_cannot_be_taken_back()
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;
        await tenant.RecordAsync(Correction());

        (await tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation())).ShouldBeProblem(409, "correction_not_active");
    }

    [Fact]
    public async Task A_key_is_good_for_one_revocation()
    {
        var tenant = await Tenant.NewAsync();
        var first = (string)(await tenant.RecordAsync(Correction("a")))["correction_id"]!;
        var second = (string)(await tenant.RecordAsync(Correction("b")))["correction_id"]!;
        await tenant.PostAsync($"/v1/corrections/{first}/revoke", Revocation(), ("Idempotency-Key", "once"));

        (await tenant.PostAsync($"/v1/corrections/{second}/revoke", Revocation(), ("Idempotency-Key", "once")))
            .ShouldBeProblem(409, "idempotency_conflict");
        (await tenant.PostAsync($"/v1/corrections/{first}/revoke", Revocation("REFUTED"), ("Idempotency-Key", "once")))
            .ShouldBeProblem(409, "idempotency_conflict");
        (await tenant.PostAsync($"/v1/corrections/{first}/revoke", Revocation(), ("Idempotency-Key", "once"))).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("019ca7c8-0000-7000-8000-000000000001")]
    [InlineData("first")]
    [InlineData("%F0%9F%98%80")]
    public async Task An_unknown_correction_is_not_found(string id)
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation())).ShouldBeProblem(404, "correction_not_found");
    }

    [Theory]
    [InlineData("{}", "/reason,/actor")]
    [InlineData("""{"reason":"BORED","actor":{"type":"human","id":"a"}}""", "/reason")]
    [InlineData("""{"reason":"EXPIRED","actor":{"type":"human"}}""", "/actor/id")]
    [InlineData("""{"reason":"EXPIRED","actor":{"type":"human","id":"a"},"note":"\u0000"}""", "/note")]
    [InlineData("""{"reason":"EXPIRED","actor":{"type":"human","id":"a"},"why":""}""", "/why")]
    public async Task A_wrong_member_is_refused_by_name(string body, string pointers)
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;

        var answer = await tenant.PostTextAsync($"/v1/corrections/{id}/revoke", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(pointers.Split(','));
    }

    [Fact]
    public async Task After_a_revocation_a_new_correction_stands_and_supersedes_nothing()
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;
        await tenant.PostAsync($"/v1/corrections/{id}/revoke", Revocation());

        JsonNode next = await tenant.RecordAsync(Correction(value: "mild"));

        next["supersedes"].ShouldBeNull();
        (await tenant.GetAsync($"/v1/facts?{Query}")).Json["facts"]![0]!["value"]!.ToString().ShouldBe("mild");
    }
}
