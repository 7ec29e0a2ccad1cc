using System.Net;
using Microsoft.AspNetCore.Http;
using Stet.Client.Api;
using Stet.Testing;
using static Stet.Client.Tests.Api.Ordinary;
using static Stet.Client.Tests.Api.ScriptedService;

namespace Stet.Client.Tests.Api;

public class RepetitionSpecs
{
    readonly HurriedTime time = new();

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task What_fails_in_passing_is_sent_again_under_the_same_key(HttpStatusCode status)
    {
        await using var service = await StartAsync((n, context) => n < 3 ? RefuseAsync(context, status, "busy") : AnswerAsync(context, Receipt));

        var written = await Client(service).Enforcement.ReportAsync(Beat, new WriteOptions { CorrelationId = "c", CausationId = "d" });

        written.Value.Position.ShouldBe(7);
        service.Heard.Count.ShouldBe(3);
        service.Heard.Select(h => (h.Body, h.Headers["Idempotency-Key"].ToString(), h.Headers["X-Correlation-Id"].ToString(), h.Headers["X-Causation-Id"].ToString()))
            .Distinct().ShouldHaveSingleItem().Item2.Length.ShouldBe(36);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_made_again()
    {
        await using var service = await StartAsync((n, context) =>
        {
            if (n < 3) context.Abort();
            return n < 3 ? Task.CompletedTask : AnswerAsync(context, Receipt);
        });

        await Client(service).Enforcement.ReportAsync(Beat);

        service.Heard.Count.ShouldBe(3);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_asked_for_again()
    {
        await using var service = await StartAsync(async (n, context) =>
        {
            if (n > 1)
            {
                await AnswerAsync(context, Receipt);
                return;
            }

            context.Response.ContentLength = 1_000;
            await context.Response.WriteAsync("""{"status":""", CancellationToken.None);
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        (await Client(service).Enforcement.ReportAsync(Beat)).Value.Status.ShouldBe("ok");

        service.Heard.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_answer_that_is_lost_after_the_write_makes_no_second_event()
    {
        var service = await TestService.SharedAsync();
        await using var proxy = new LosingProxy(service.Address);
        var tenantId = TestService.NewTenantId();
        using var http = new HttpClient { BaseAddress = proxy.Address, DefaultRequestHeaders = { { "X-Tenant-Id", tenantId } } };
        var stet = new StetClient(http, clock: time);
        await stet.Corrections.RecordAsync(Correction());

        proxy.Lose(2);
        var written = await stet.Corrections.RecordAsync(Correction("mild"));
        proxy.Lose(1);
        var beat = await stet.Enforcement.ReportAsync(Beat);

        proxy.Lost.ShouldBe(3);
        (written.IsRepeated, beat.IsRepeated).ShouldBe((true, true));
        // Three: the second correction also says which one it supersedes.
        (written.Position, beat.Position).ShouldBe((3, 4));
        (await stet.Corrections.HistoryAsync(History).ToListAsync()).Select(c => (string)c.Value!).ShouldBe(["mild", "severe"]);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_tried_as_often_as_was_said()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}") };
        var stet = new StetClient(http, new StetClientOptions { MaxAttempts = 3 }, time);

        await Should.ThrowAsync<HttpRequestException>(stet.Enforcement.ReportAsync(Beat));

        time.Pauses.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_given_up()
    {
        await using var service = await StartAsync((n, context) => n == 1 ? Task.Delay(Timeout.Infinite, context.RequestAborted) : AnswerAsync(context, Receipt));
        using var http = new HttpClient { BaseAddress = service.Address, Timeout = TimeSpan.FromSeconds(1) };

        var written = await new StetClient(http, clock: time).Enforcement.ReportAsync(Beat);

        written.Value.Status.ShouldBe("ok");
        service.Heard.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Pauses_grow_with_chance_and_never_fall_short_of_what_the_service_asks()
    {
        await using var service = await StartAsync((n, context) => RefuseAsync(context, HttpStatusCode.ServiceUnavailable, "busy", n == 2 ? "7" : null));
        var options = new StetClientOptions { MaxAttempts = 6, FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(10) };

        var refusal = await Should.ThrowAsync<StetException>(Client(service, options).Enforcement.StatusAsync());

        (refusal.Code, refusal.Status).ShouldBe(("busy", HttpStatusCode.ServiceUnavailable));
        service.Heard.Count.ShouldBe(6);
        var seconds = time.Pauses.Select(p => p.TotalSeconds).ToArray();
        seconds.Length.ShouldBe(5);
        seconds[0].ShouldBeInRange(0.5, 1.5);
        seconds[1].ShouldBe(7);
        seconds[2].ShouldBeInRange(2, 6);
        seconds[3].ShouldBeInRange(4, 10);
        seconds[4].ShouldBeInRange(8, 10);
    }

    [Theory]
    [InlineData("Mon, 02 Mar 2026 09:00:05 GMT", 5)]
    [InlineData("Mon, 02 Mar 2026 08:59:00 GMT", 0)]
    public async Task The_pause_may_be_asked_for_as_a_time(string retryAfter, int seconds)
    {
        await using var service = await StartAsync((n, context) =>
            n == 1 ? RefuseAsync(context, HttpStatusCode.TooManyRequests, "rate_limited", retryAfter) : AnswerAsync(context, Receipt));
        var options = new StetClientOptions { FirstPause = TimeSpan.FromMilliseconds(10) };

        await Client(service, options).Enforcement.ReportAsync(Beat);

        time.Pauses.ShouldHaveSingleItem().TotalSeconds.ShouldBe(seconds, tolerance: 0.02);
    }

    [Fact]
    public async Task A_pause_longer_than_the_client_waits_is_the_callers_to_make()
    {
        await using var service = await StartAsync((_, context) => RefuseAsync(context, HttpStatusCode.ServiceUnavailable, "audit_signing_refused", "60"));

        var refusal = await Should.ThrowAsync<StetException>(Client(service).Audit.Log("t").CheckpointAsync());

        refusal.RetryAfter.ShouldBe(TimeSpan.FromSeconds(60));
        service.Heard.Count.ShouldBe(1);
        time.Pauses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task What_would_fail_again_is_not_sent_again(HttpStatusCode status)
    {
        await using var service = await StartAsync((_, context) => RefuseAsync(context, status, "no"));

        (await Should.ThrowAsync<StetException>(Client(service).Enforcement.ReportAsync(Beat))).Status.ShouldBe(status);

        service.Heard.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_ends_in_the_pause()
    {
        await using var service = await StartAsync((_, context) => RefuseAsync(context, HttpStatusCode.ServiceUnavailable, "busy"));
        using var http = new HttpClient { BaseAddress = service.Address };
        using var stop = new CancellationTokenSource();
        var stet = new StetClient(http, new StetClientOptions { FirstPause = TimeSpan.FromHours(1), LongestPause = TimeSpan.FromHours(2) });

        var call = stet.Enforcement.ReportAsync(Beat, cancel: stop.Token);
        while (service.Heard.Count == 0) await Task.Delay(10);
        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(call);
        service.Heard.Count.ShouldBe(1);
    }

    [Fact]
    public void Options_out_of_their_bounds_are_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new StetClientOptions { MaxAttempts = 0 });
        Should.Throw<ArgumentOutOfRangeException>(() => new StetClientOptions { FirstPause = TimeSpan.Zero });
        Should.Throw<ArgumentOutOfRangeException>(() => new StetClientOptions { LongestPause = TimeSpan.FromSeconds(-1) });
        using var nowhere = new HttpClient();
        Should.Throw<ArgumentException>(() => new StetClient(nowhere)).Message.ShouldContain("BaseAddress");
    }

    StetClient Client(ScriptedService service, StetClientOptions? options = null) =>
        new(new HttpClient { BaseAddress = service.Address }, options, time);
}
