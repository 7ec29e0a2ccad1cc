using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;
using static Stet.Client.Tests.Pcs.Outboxes;
using static Stet.Client.Tests.Pcs.Scripted;

namespace Stet.Client.Tests.Pcs;

/// <summary>What an answer means for the document.</summary>
public class DeliveryAnswerSpecs
{
    [Theory]
    [InlineData(200, """{"outcome":"ACCEPTED","position":42}""", "ACCEPTED")]
    [InlineData(202, """{"outcome":"ESCALATED","position":42}""", "ESCALATED")]
    [InlineData(200, "{}", null)]
    public async Task A_verdict_is_kept_whichever_it_is(int status, string body, string? outcome)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var told = new Told<Delivery>();
        var service = new Scripted(_ => Answer(status, body));

        (await service.Sender(outbox, new HastyClock()).DrainAsync(told, CancellationToken.None)).ShouldBeTrue();

        var entry = Listed(outbox).ShouldHaveSingleItem();
        (entry.State, entry.Status, entry.Outcome).ShouldBe((OutboxState.Acked, status, outcome));
        told.All.ShouldHaveSingleItem().ShouldBe(new Delivery(
            1, entry.PcsId, OutboxState.Acked, status, outcome, outcome is null ? null : 42, null, null, null));
    }

    [Theory]
    [InlineData("""{"code":"budget_mismatch","severity":"warning"},{"code":"degraded","severity":"escalation"},{"code":"regime_mismatch","severity":"escalation"}""", "degraded", "`late_rows`")]
    [InlineData("""{"code":"budget_mismatch","severity":"warning"}""", null, null)]
    [InlineData("1,null,{},{\"\\ud800\":1}", null, null)]
    public async Task The_first_reason_of_an_escalation_is_told_and_its_code_kept(string reasons, string? code, string? detail)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var told = new Told<Delivery>();
        var service = new Scripted(_ => Answer(202, $$"""{"outcome":"ESCALATED","position":42,"reason":"`late_rows`","reasons":[{{reasons}}]}"""));

        await service.Sender(outbox, new HastyClock()).DrainAsync(told, CancellationToken.None);

        Listed(outbox).ShouldHaveSingleItem().Code.ShouldBe(code);
        var delivery = told.All.ShouldHaveSingleItem();
        (delivery.State, delivery.Code, delivery.Detail).ShouldBe((OutboxState.Acked, code, detail));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(413)]
    [InlineData(415)]
    [InlineData(422)]
    public async Task A_refusal_makes_a_dead_letter_at_once_with_its_reason(int status)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var service = new Scripted(_ => Answer(status, """{"code":"signature_invalid","detail":"no key of yours"}"""));

        (await service.Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        service.Bodies.Count.ShouldBe(1);
        var entry = Listed(outbox).ShouldHaveSingleItem();
        (entry.State, entry.Status, entry.Code, entry.Detail, entry.Attempts)
            .ShouldBe((OutboxState.Dead, status, "signature_invalid", "no key of yours", 1));
    }

    [Theory]
    [InlineData(404, "code")]
    [InlineData(200, "pcs_id")]
    public async Task Names_that_are_no_text_are_none_of_an_answer(int status, string name)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var service = new Scripted(_ => Answer(status, $$"""{"{{name}}":"a","\ud800{{name}}":1}"""));

        (await service.Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        var entry = Listed(outbox).ShouldHaveSingleItem();
        (entry.State, entry.Code).ShouldBe(status == 200 ? (OutboxState.Acked, null) : (OutboxState.Dead, "http_404"));
    }

    [Fact]
    public async Task A_refusal_without_a_problem_is_named_by_its_status()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);

        await new Scripted(_ => Answer(405, "<html>")).Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None);

        Listed(outbox).ShouldHaveSingleItem().Code.ShouldBe("http_405");
    }

    [Theory]
    [InlineData("<html>", "http_404")]
    [InlineData("""{"code":"not_found","detail":"see `/openapi/v1.json` for what there is"}""", "not_found")]
    public async Task A_path_that_is_not_there_is_the_addresss_fault_and_told_with_it(string body, string code)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);

        await new Scripted(_ => Answer(404, body)).Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None);

        var entry = Listed(outbox).ShouldHaveSingleItem();
        entry.Code.ShouldBe(code);
        entry.Detail.ShouldNotBeNull().ShouldMatch("^there is nothing at https?://[^ ]+/v1/pcs/submit: the path of the service's address is wrong$");
    }
}
