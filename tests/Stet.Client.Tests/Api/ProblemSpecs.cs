using System.Net;
using System.Text.Json;
using Stet.Client.Api;
using static Stet.Client.Tests.Api.Ordinary;
using static Stet.Client.Tests.Api.ScriptedService;

namespace Stet.Client.Tests.Api;

public class ProblemSpecs
{
    [Fact]
    public async Task A_refusal_tells_what_was_wrong_where()
    {
        var stet = await NewTenantAsync();

        var refusal = await Should.ThrowAsync<StetException>(stet.Corrections.RecordAsync(Correction(fieldKey: "") with { Reason = new string('x', 501) }));

        (refusal.Status, refusal.Code, refusal.Title).ShouldBe((HttpStatusCode.BadRequest, "invalid_request", "The request is not valid"));
        refusal.Errors.Select(e => e.Pointer).ShouldBe(["/field_key", "/reason"]);
        refusal.Message.ShouldStartWith("400 invalid_request: ");
        refusal.TraceId.ShouldNotBeNull();
        refusal.RetryAfter.ShouldBeNull();
        refusal.Document.GetProperty("type").GetString().ShouldBe("urn:stet:problem:invalid_request");
    }

    [Theory]
    [InlineData(404, "text/html", "<h1>nginx</h1>")]
    [InlineData(500, "application/problem+json", "<h1>nginx</h1>")]
    [InlineData(500, "application/problem+json", "{}")]
    [InlineData(302, "text/plain", "")]
    [InlineData(200, "text/html", "<h1>Welcome</h1>")]
    [InlineData(200, "application/json", "null")]
    [InlineData(200, "application/json", """{"status":"ok"}""")]
    [InlineData(200, "application/json", """{"status":null,"position":1}""")]
    public async Task An_answer_that_the_service_did_not_give_says_so(int status, string type, string body)
    {
        await using var service = await StartAsync((_, context) => AnswerAsync(context, body, status, type));
        using var http = new HttpClient { BaseAddress = service.Address };

        var refusal = await Should.ThrowAsync<StetException>(new StetClient(http).Enforcement.ReportAsync(Beat));

        ((int)refusal.Status, refusal.Code).ShouldBe((status, StetException.UnexpectedAnswer));
        refusal.Document.ValueKind.ShouldBe(JsonValueKind.Undefined);
    }

    [Theory]
    [InlineData("text/html", "12")]
    [InlineData("text/markdown", null)]
    [InlineData("text/markdown", "many")]
    public async Task A_page_of_somebody_else_is_no_context(string type, string? tokens)
    {
        await using var service = await StartAsync((_, context) =>
        {
            if (tokens is not null) context.Response.Headers["Stet-Estimated-Tokens"] = tokens;
            return AnswerAsync(context, "<h1>Welcome</h1>", 200, type);
        });
        using var http = new HttpClient { BaseAddress = service.Address };

        var refusal = await Should.ThrowAsync<StetException>(new StetClient(http).Facts.ContextAsync(Facts));

        ((int)refusal.Status, refusal.Code).ShouldBe((200, StetException.UnexpectedAnswer));
    }

    [Fact]
    public async Task A_receipt_that_could_not_be_made_is_no_failure_of_the_write()
    {
        await using var service = await StartAsync((_, context) =>
            AnswerAsync(context, """{"status":"ok","position":7,"receipts":null,"receipt_error":"audit_signing_refused"}"""));
        using var http = new HttpClient { BaseAddress = service.Address };

        var written = await new StetClient(http).Enforcement.ReportAsync(Beat, new WriteOptions { Receipt = true });

        (written.Value.Position, written.ReceiptError).ShouldBe((7, "audit_signing_refused"));
        written.Receipts.ShouldBeEmpty();
        service.Heard.Single().Headers["Prefer"].ToString().ShouldBe("receipt");
    }

    [Theory]
    [InlineData("stet")]
    [InlineData("stet/")]
    public async Task A_service_may_lie_below_a_path(string path)
    {
        await using var service = await StartAsync((_, context) => AnswerAsync(context, Receipt));
        using var http = new HttpClient { BaseAddress = new Uri(service.Address, path) };

        await new StetClient(http).Enforcement.ReportAsync(Beat);

        service.Heard.Single().Path.ShouldBe("/stet/v1/enforcement/heartbeat");
    }

    [Fact]
    public async Task Members_that_a_newer_service_adds_are_left_alone()
    {
        await using var service = await StartAsync((_, context) => AnswerAsync(context, """{"status":"ok","position":7,"mood":{"a":[1]}}"""));
        using var http = new HttpClient { BaseAddress = service.Address };

        (await new StetClient(http).Enforcement.ReportAsync(Beat)).Value.Position.ShouldBe(7);
    }

    [Theory]
    [InlineData("a\r\nX-Tenant-Id: b")]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("é")]
    public async Task A_key_that_is_no_value_of_a_header_is_sent_nowhere(string key)
    {
        var stet = await NewTenantAsync();

        await Should.ThrowAsync<ArgumentException>(stet.Enforcement.ReportAsync(Beat, new WriteOptions { IdempotencyKey = key }));
    }

    [Fact]
    public async Task A_service_below_a_path_is_found()
    {
        await using var service = await StartAsync((_, context) => AnswerAsync(context, Receipt));
        using var http = new HttpClient { BaseAddress = new Uri(service.Address, "/stet/") };

        await new StetClient(http).Enforcement.ReportAsync(Beat);

        service.Heard.Single().Path.ShouldBe("/stet/v1/enforcement/heartbeat");
    }
}
