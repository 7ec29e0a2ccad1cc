using System.Formats.Tar;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Stet.Audit;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit;

public class ExportSpecs
{
    [Fact]
    public async Task An_export_says_which_payloads_were_altered_and_raises_one_alarm()
    {
        var alarms = new CapturedLogs();
        await using var service = await TestService.StartAsync(new() { Log = alarms });
        var log = await LogClient.SignedAsync(service, 300);
        await log.TamperAsync("update stet.mt_events set data = data || '{\"value\": 1}' where tenant_id = {tenant} and seq_id in (7, 299)");
        var folder = TestCluster.NewFolder();

        await Client.AuditLog.AuditExport.DownloadAsync(service.Client(log.TenantId), log.Url, folder);

        var payloads = await File.ReadAllLinesAsync(Path.Combine(folder, "payloads.ndjson"));
        payloads.Where(line => !line.Contains("\"INTACT\"", StringComparison.Ordinal)).ShouldBe([Altered(7), Altered(299)]);
        using var source = Client.AuditLog.AuditLogSource.FromFolder(folder);
        var trust = new Client.AuditLog.AuditTrust([Client.AuditLog.AuditKey.Parse(await log.VkeyAsync())]);
        var verifier = new Client.AuditLog.AuditVerifier(source, trust, TimeProvider.System);
        (await verifier.VerifyAsync(new())).Outcome.ShouldBe(Client.AuditLog.AuditOutcome.Verified);
        var report = await verifier.VerifyAsync(new() { PayloadsFile = Path.Combine(folder, "payloads.ndjson") });
        (report.Outcome, report.Problem).ShouldBe(
            (Client.AuditLog.AuditOutcome.Refuted, "Position 7: The payload is missing or altered, as the log itself says."));
        AlarmsIn(alarms).ShouldBe([$"The audit log of {log.TenantId} was altered at position 7: run stet audit selfcheck"]);
        Directory.Delete(folder, recursive: true);

        string Altered(int position) => $$"""{"position":{{position}},"id":"{{IdIn(payloads[position - 1])}}","state":"ALTERED","salt":null,"data":null}""";

        static string IdIn(string line) => (string)JsonNode.Parse(line)!["id"]!;
    }

    [Fact]
    public async Task An_export_that_finds_something_altered_on_its_way_is_cut_and_raises_an_alarm()
    {
        var alarms = new CapturedLogs();
        await using var service = await TestService.StartAsync(new() { Log = alarms });
        var log = await LogClient.SignedAsync(service, 1_000);
        await log.TamperAsync("update stet.mt_events set version = 77 where tenant_id = {tenant} and seq_id = 999");
        var folder = TestCluster.NewFolder();

        var cut = await Should.ThrowAsync<Client.AuditLog.AuditException>(
            Client.AuditLog.AuditExport.DownloadAsync(service.Client(log.TenantId), log.Url, folder));

        cut.Outcome.ShouldBe(Client.AuditLog.AuditOutcome.Unavailable);
        File.Exists(Path.Combine(folder, "checkpoint")).ShouldBeFalse();
        AlarmsIn(alarms).ShouldBe([$"The audit log of {log.TenantId} was altered at position 999: run stet audit selfcheck"]);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Events_are_given_out_while_the_next_ones_are_not_read_yet()
    {
        var service = await TestService.SharedAsync();
        var log = await LogClient.SignedAsync(service, 3);
        await log.TamperAsync("update stet.mt_events set version = 77 where tenant_id = {tenant} and seq_id = 3");
        var taken = new List<long>();

        await Should.ThrowAsync<AuditAlteredException>(service.Services.GetRequiredService<AuditReader>().EventsAsync(
            log.TenantId, 0, 3, e => { taken.Add(e.Logged.Audited.Position); return taken.Count; }, CancellationToken.None));

        taken.ShouldBe([1, 2]);
    }

    [Fact]
    public async Task An_export_is_the_whole_log_with_the_checkpoint_last()
    {
        var log = await LogClient.SignedAsync(await TestService.SharedAsync(), 258);
        var served = await log.GetAsync("export");
        served.ContentHeaders.ContentType!.MediaType.ShouldBe("application/x-tar");
        var files = new List<(string Name, byte[] Content)>();
        await using (var tar = new TarReader(new MemoryStream(served.Body)))
        {
            while (await tar.GetNextEntryAsync() is { } file)
            {
                using var content = new MemoryStream();
                if (file.DataStream is { } data) await data.CopyToAsync(content);
                files.Add((file.Name, content.ToArray()));
            }
        }

        files.Select(f => f.Name).Order().ShouldBe(
            Tile.Of(258).Select(t => t.Path).Concat(["payloads.ndjson", "keys.json", "checkpoint"]).Order());
        files[^1].Name.ShouldBe("checkpoint");
        (await log.OpenAsync(files[^1].Content)).Size.ShouldBe(258);
        foreach (var (name, content) in files.Where(f => f.Name.StartsWith("tile/", StringComparison.Ordinal)))
            content.ShouldBe((await log.GetAsync(name)).Body, name);

        var payloads = Encoding.UTF8.GetString(files.Single(f => f.Name == "payloads.ndjson").Content).Split('\n')[..^1];
        payloads.Length.ShouldBe(258);
        var entries = await log.EntriesAsync(258);
        for (var i = 0; i < payloads.Length; i++)
        {
            var payload = JsonNode.Parse(payloads[i])!;
            var entry = JsonNode.Parse(entries[i])!;
            ((long)payload["position"]!, (string?)payload["id"]).ShouldBe((i + 1, (string?)entry["id"]));
            LogClient.CommitOf(payload).ShouldBe((string)entry["commit"]!);
        }

        (await log.SendAsync(HttpMethod.Head, "export")).Body.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_log_whose_keys_change_during_an_export_is_exported_to_the_end()
    {
        await using var service = await TestService.StartAsync();
        var log = await LogClient.SignedAsync(service, 3);
        var logs = service.Services.GetRequiredService<TenantLogs>();

        var served = await ExportAsync(service, log, async () =>
        {
            logs.InMemory(log.TenantId)!.IsStale = true;
            await logs.FindAsync(log.TenantId, CancellationToken.None);
        });

        served.Status.ShouldBe(HttpStatusCode.OK, served.Text);
        served.Text.Split("\"INTACT\"").Length.ShouldBe(1 + 3);
    }

    [Fact]
    public async Task The_file_in_which_an_export_gathers_payloads_has_no_name_that_would_outlive_the_process()
    {
        await using var service = await TestService.StartAsync();
        var log = await LogClient.SignedAsync(service, 3);
        string[] open = [];

        await ExportAsync(service, log, () =>
        {
            var random = new Regex($"^{Path.GetTempPath()}[a-z0-9]{{8}}[.][a-z0-9]{{3}}( .deleted.)?$");
            open = [.. Directory.GetFiles("/proc/self/fd").Select(f => new FileInfo(f).LinkTarget).OfType<string>().Where(f => random.IsMatch(f))];
            return Task.CompletedTask;
        });

        open.ShouldNotBeEmpty();
        open.ShouldAllBe(f => f.EndsWith(" (deleted)"));
    }

    [Fact]
    public async Task Two_exports_of_a_log_run_at_a_time()
    {
        await using var service = await TestService.StartAsync();
        var log = await LogClient.SignedAsync(service, 3);
        Task<Served>[] others = [];

        var first = await ExportAsync(service, log, async () =>
        {
            others = [log.GetAsync("export"), log.GetAsync("export")];
            var refused = await await Task.WhenAny(others);

            (refused.Status, refused.Code, refused.Headers.RetryAfter?.Delta).ShouldBe(
                (HttpStatusCode.TooManyRequests, "too_many_exports", TimeSpan.FromSeconds(10)));
        });

        first.Status.ShouldBe(HttpStatusCode.OK);
        (await Task.WhenAll(others)).Select(other => other.Status).ShouldContain(HttpStatusCode.OK);
        (await log.GetAsync("export")).Status.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>An export that waits for the first events until something else has happened.</summary>
    static async Task<Served> ExportAsync(TestService service, LogClient log, Func<Task> meanwhile)
    {
        await using var holder = await service.Database.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table stet.mt_events in access exclusive mode", holder)) await hold.ExecuteNonQueryAsync();

        var served = log.GetAsync("export");
        await using (var observer = await service.Database.OpenAsync())
        await using (var waiting = new NpgsqlCommand("""
            select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and position('l.commit' in query) > 0
            """, observer))
            while (!served.IsCompleted && await waiting.ExecuteScalarAsync() is 0L) await Task.Delay(10);
        await meanwhile();
        await transaction.RollbackAsync();
        return await served;
    }

    /// <summary>What was logged that somebody has to look at.</summary>
    static IEnumerable<string> AlarmsIn(CapturedLogs logs) => logs.Lines.Where(l => l.Level >= LogLevel.Error).Select(l => l.Message);
}
