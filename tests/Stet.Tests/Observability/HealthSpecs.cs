using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stet.Observability;

namespace Stet.Tests.Observability;

public sealed class HealthSpecs
{
    static readonly DateTimeOffset Tuesday = new(2025, 3, 4, 5, 6, 7, TimeSpan.Zero);

    [Fact]
    public async Task A_service_without_checks_is_ready()
    {
        await using var service = await ObservedService.StartAsync();

        (await service.GetAsync("/readyz")).ShouldBe("""{"status":"healthy","checks":[]}""");
    }

    [Fact]
    public async Task Every_check_is_named_with_its_status_and_detail()
    {
        await using var service = await With(checks => checks
            .AddCheck("database", () => HealthCheckResult.Healthy())
            .AddCheck("schema", () => HealthCheckResult.Degraded("version 7, 8 is known")));

        using var response = await service.Client.GetAsync("/readyz");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        body.RootElement.GetProperty("status").GetString().ShouldBe("degraded");
        var checks = body.RootElement.GetProperty("checks").EnumerateArray().ToList();
        checks.Select(c => (c.GetProperty("name").GetString(), c.GetProperty("status").GetString()))
            .ShouldBe([("database", "healthy"), ("schema", "degraded")]);
        checks[0].TryGetProperty("detail", out _).ShouldBeFalse();
        checks[1].GetProperty("detail").GetString().ShouldBe("version 7, 8 is known");
        checks.ShouldAllBe(c => c.GetProperty("duration_ms").GetDouble() >= 0);
    }

    [Theory]
    [InlineData("/readyz")]
    [InlineData("/health")]
    public async Task A_failing_check_makes_503_and_its_exception_stays_in_the_log(string path)
    {
        await using var service = await With(checks => checks
            .AddCheck("throws", () => throw new InvalidOperationException("password=hunter2"))
            .AddCheck("reports", () => HealthCheckResult.Unhealthy(
                "password=hunter2", new InvalidOperationException("password=hunter2"))));

        using var response = await service.Client.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var text = await response.Content.ReadAsStringAsync();
        text.ShouldNotContain("hunter2");
        text.ShouldStartWith("""{"status":"unhealthy","checks":[{"name":"throws","status":"unhealthy","duration_ms":""");
        service.Logs.Lines.Count(l => l.Exception?.Message == "password=hunter2").ShouldBe(2);
    }

    [Fact]
    public async Task A_check_is_logged_when_it_begins_to_fail_and_when_it_ends()
    {
        var time = new ManualTime(Tuesday);
        var isBroken = true;
        await using var service = await With(
            checks => checks.AddCheck("disk", () => isBroken ? HealthCheckResult.Unhealthy("full") : HealthCheckResult.Healthy()), time);

        for (var i = 0; i < 6; i++)
        {
            isBroken = i is not 3 and not 4;
            using var _ = await service.Client.GetAsync("/readyz");
            time.Advance(TimeSpan.FromSeconds(1));
        }

        service.Logs.Lines.Select(l => l.Message).Where(m => m.Contains("disk", StringComparison.Ordinal)).ShouldBe(
            ["Health check disk fails: full", "Health check disk is healthy again", "Health check disk fails: full"]);
    }

    [Fact]
    public async Task The_process_is_live_while_it_is_not_ready()
    {
        await using var service = await With(checks => checks.AddCheck("database", () => HealthCheckResult.Unhealthy()));

        (await service.GetAsync("/livez")).ShouldBe("""{"status":"healthy"}""");
    }

    [Fact]
    public async Task Health_adds_version_and_uptime()
    {
        var time = new ManualTime(Tuesday);
        await using var service = await With(_ => { }, time);
        time.Advance(TimeSpan.FromSeconds(90));

        (await service.GetAsync("/health")).ShouldBe(
            $$"""{"status":"healthy","checks":[],"version":"{{ObservabilityModule.Version}}","uptime_seconds":90}""");
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/health")]
    public async Task Head_answers_without_a_body(string path)
    {
        await using var service = await ObservedService.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, path);

        using var response = await service.Client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        (await response.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task However_many_probes_ask_a_check_runs_once_a_second()
    {
        var time = new ManualTime(Tuesday);
        var runs = 0;
        await using var service = await With(checks => checks.AddCheck("counted", () =>
        {
            Interlocked.Increment(ref runs);
            return HealthCheckResult.Healthy();
        }), time);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => service.GetAsync(i % 2 == 0 ? "/readyz" : "/health")));
        runs.ShouldBe(1);

        time.Advance(TimeSpan.FromSeconds(1));
        await service.GetAsync("/readyz");
        runs.ShouldBe(2);
    }

    [Fact]
    public async Task A_check_that_hangs_is_given_two_seconds_and_not_started_again_until_it_returns()
    {
        var time = new ManualTime(Tuesday);
        var hanging = new HangingCheck();
        await using var service = await With(checks => checks.AddCheck("stuck", hanging), time);

        var first = service.Client.GetAsync("/readyz");
        await hanging.Started;
        time.Advance(TimeSpan.FromSeconds(2));
        using var late = await first;
        using var second = await service.Client.GetAsync("/readyz");

        late.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await late.Content.ReadAsStringAsync()).ShouldContain("no answer within 2 s");
        second.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        hanging.Runs.ShouldBe(1);

        hanging.Return(); // its thread may still be on the way out
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        do time.Advance(TimeSpan.FromSeconds(1));
        while ((await service.Client.GetAsync("/readyz", limit.Token)).StatusCode != HttpStatusCode.OK);
        hanging.Runs.ShouldBe(2);
    }

    static Task<ObservedService> With(Action<IHealthChecksBuilder> checks, TimeProvider? time = null) =>
        ObservedService.StartAsync(services =>
        {
            if (time is not null) services.AddSingleton(time);
            checks(services.AddHealthChecks());
        });

    /// <summary>Ignores its token, as a check must not.</summary>
    sealed class HangingCheck : IHealthCheck
    {
        readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource<HealthCheckResult> answer = new();

        public Task Started => started.Task;

        public int Runs { get; private set; }

        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            Runs++;
            started.TrySetResult();
            return answer.Task;
        }

        public void Return() => answer.SetResult(HealthCheckResult.Healthy());
    }
}
