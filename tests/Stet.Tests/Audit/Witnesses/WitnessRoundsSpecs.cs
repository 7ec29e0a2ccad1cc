using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>When witnesses are asked, and what is kept of it.</summary>
public sealed class WitnessRoundsSpecs : IAsyncLifetime
{
    WitnessedService witnessed = null!;

    public async Task InitializeAsync() => witnessed = await WitnessedService.StartAsync();

    public async Task DisposeAsync() => await witnessed.DisposeAsync();

    [Fact]
    public async Task A_witness_that_fails_is_left_alone_for_longer_and_longer()
    {
        witnessed.Witness.Next([.. Enumerable.Repeat(ScriptedWitness.Answers(503), 100)]);
        await witnessed.RecordAsync("a");

        for (var round = 0; round < 60; round++)
        {
            witnessed.Clock.Advance(TimeSpan.FromSeconds(10));
            await witnessed.RunDueAsync();
        }

        witnessed.Witness.Requests.Count.ShouldBeInRange(9, 30);
    }

    [Fact]
    public void A_round_that_fails_is_told_once_until_one_runs()
    {
        using var logs = new CapturedLogs();
        using var logging = new LoggerFactory([logs]);
        var log = new WitnessLog(logging.CreateLogger<WitnessLog>());

        log.RoundFailed("t", new IOException("away"));
        log.RoundFailed("t", new IOException("away"));
        log.RoundRan("t");
        log.RoundFailed("t", new IOException("away"));

        logs.Lines.Select(l => (l.Message, l.Exception)).ShouldBe(
            Enumerable.Repeat(("The witnesses were not asked about the log of t and will be later: away", (Exception?)null), 2));
    }

    [Fact]
    public async Task A_log_that_does_not_grow_gets_a_round_in_ten_minutes()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RoundAsync();
        witnessed.Witness.Requests.Count.ShouldBe(1);

        witnessed.Clock.Advance(TimeSpan.FromMinutes(10));
        await witnessed.RoundAsync();

        witnessed.Witness.Requests.Select(FirstLine).ShouldBe(["old 0", "old 1"]);
    }

    [Fact]
    public async Task A_witness_that_has_cosigned_a_size_is_left_alone_while_another_one_is_away()
    {
        using var away = new SignerKey("witness.example/away", SignatureType.Cosignature, Enumerable.Repeat((byte)9, 32).ToArray());
        await using var both = await WitnessedService.StartAsync(new Dictionary<string, string?>
        {
            ["Audit:Witnesses:1:Vkey"] = away.Verifier.ToString(),
            ["Audit:Witnesses:1:Url"] = "http://127.0.0.1:1/",
        });
        await both.RecordAsync("a");

        for (var round = 0; round < 9; round++) await both.RoundAsync();
        both.Witness.Requests.Count.ShouldBe(1);
        both.Clock.Advance(TimeSpan.FromMinutes(10));
        await both.RoundAsync();

        both.Witness.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_log_that_grows_gets_no_second_round_within_ten_seconds()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");
        witnessed.Clock.Advance(TimeSpan.FromSeconds(9));
        await witnessed.RunDueAsync();

        witnessed.Witness.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Several_instances_run_one_round()
    {
        await using var second = await witnessed.StartAnotherAsync();
        await witnessed.RecordAsync("a");
        witnessed.Clock.Advance(TimeSpan.FromSeconds(61));

        await Task.WhenAll(new[] { witnessed.Service, second }.Select(
            s => s.Services.GetRequiredService<WitnessRounds>().RunDueAsync(CancellationToken.None)));
        await witnessed.FinishedAsync();
        await witnessed.RoundAsync();

        witnessed.Witness.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_lines_of_the_last_two_sizes_are_kept()
    {
        foreach (var field in (string[])["a", "b", "c"])
        {
            await witnessed.RecordAsync(field);
            await witnessed.RoundAsync();
        }

        var cosignatures = witnessed.Service.Services.GetRequiredService<Cosignatures>();
        var lines = await cosignatures.AllAsync(witnessed.TenantId, CancellationToken.None);
        lines.Select(c => c.Size).ShouldBe([2, 3]);
        lines.ShouldAllBe(c => c.Line.StartsWith("— " + ScriptedWitness.Name));
    }

    [Fact]
    public async Task Failures_and_ages_are_measured_per_witness()
    {
        witnessed.Witness.Next(ScriptedWitness.Answers(503));
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();

        var metrics = await witnessed.Client.GetStringAsync("/metrics");

        metrics.ShouldMatch("""stet_audit_witness_failures_total\{[^}]*code="503"[^}]*\} 1""");
        metrics.ShouldMatch($$"""stet_audit_witness_age_seconds\{[^}]*witness="{{ScriptedWitness.Name}}"[^}]*\} """);
    }

    static string FirstLine(string text) => text[..text.IndexOf('\n', StringComparison.Ordinal)];
}
