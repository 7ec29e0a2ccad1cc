using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Audit;
using Stet.Audit.Witnesses;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit;

public sealed class RestoreGuardSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("stet-restore-");

    [Fact]
    public async Task A_database_that_is_what_was_signed_is_taken_up_again()
    {
        await using var home = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        for (var start = 1; start <= 3; start++)
        {
            await using var service = await StartAsync(home.Database);
            var log = new LogClient(service, tenantId);
            var size = await log.RecordAsync(100);
            (await log.CheckpointAsync($"?min_position={size}")).Size.ShouldBe(100 * start);
            (await ReadyAsync(service)).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_start_that_knows_nothing_of_what_was_signed_says_so()
    {
        await using var home = await TestService.StartAsync();
        var signed = LogClient.New(home);
        await signed.RecordAsync(1);
        await signed.CheckpointAsync("?min_position=1");
        await LogClient.New(home).RecordAsync(1);
        var log = new CapturedLogs();

        await using var other = await TestService.StartAsync(new TestServiceOptions { Log = log }, home.Database);

        log.Lines.Single(l => l.Message.StartsWith("There is nothing to compare", StringComparison.Ordinal)).Message
            .ShouldContain($"1 signed logs with, localhost{signed.Prefix} first");
    }

    [Fact]
    public async Task A_log_stays_frozen_whatever_a_look_saw_that_began_before()
    {
        await using var service = await TestService.StartAsync();
        var client = LogClient.New(service);
        await client.RecordAsync(1);
        var frozen = service.Services.GetRequiredService<FrozenLogs>();
        var log = (await service.Services.GetRequiredService<TenantLogs>().FindAsync(client.TenantId, CancellationToken.None))!;

        var look = frozen.Look();
        await frozen.FreezeAsync(log, size: 1, ours: null, theirs: null, "a test");
        frozen.Set(log.TenantId, reason: null, look);
        Should.Throw<AuditSigningRefusedException>(() => frozen.ThrowIfFrozen(log.TenantId));

        frozen.Set(log.TenantId, reason: null, frozen.Look());
        frozen.ThrowIfFrozen(log.TenantId);
    }

    [Fact]
    public async Task A_freeze_that_could_not_be_written_holds_and_is_written_once_it_can_be()
    {
        await using var service = await TestService.StartAsync();
        var client = LogClient.New(service);
        await client.RecordAsync(1);
        var frozen = service.Services.GetRequiredService<FrozenLogs>();
        var log = (await service.Services.GetRequiredService<TenantLogs>().FindAsync(client.TenantId, CancellationToken.None))!;
        await ExecuteAsync("revoke update on stet.audit_log from stet_writer");

        await Should.ThrowAsync<PostgresException>(() => frozen.FreezeAsync(log, size: 1, ours: null, theirs: null, "a test"));
        await Should.ThrowAsync<PostgresException>(() => frozen.RefreshAsync(CancellationToken.None));
        frozen.Set(log.TenantId, reason: null, frozen.Look());
        Should.Throw<AuditSigningRefusedException>(() => frozen.ThrowIfFrozen(log.TenantId));

        await ExecuteAsync("grant update on stet.audit_log to stet_writer");
        await frozen.RefreshAsync(CancellationToken.None);
        await CheckpointSpecs.ShouldBeFrozenAsync(service, client);

        async Task ExecuteAsync(string sql)
        {
            await using var connection = await service.Database.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(300)]
    public async Task A_database_with_another_history_is_not_signed(int events)
    {
        await using var signed = await TestService.StartAsync();
        await using var restored = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        await new LogClient(restored, tenantId).RecordAsync(events);
        await using (var service = await TestService.StartAsync(Folder, signed.Database))
        {
            var log = new LogClient(service, tenantId);
            await log.RecordAsync(3);
            (await log.CheckpointAsync("?min_position=3")).Size.ShouldBe(3);
        }

        await using var again = await TestService.StartAsync(Folder, restored.Database);
        var client = new LogClient(again, tenantId);

        await CheckpointSpecs.ShouldBeFrozenAsync(again, client);
        (await client.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        (await client.RecordAsync(1)).ShouldBe(events + 1);
        (await client.GetAsync($"checkpoint?min_position={events + 1}")).Code.ShouldBe("audit_signing_refused");
        (await client.GetAsync($"proof/{(await client.EventIdsAsync())[0]}")).Code.ShouldBe("audit_signing_refused");
    }

    [Fact]
    public async Task Tiles_of_another_history_are_not_served_for_what_was_signed()
    {
        await using var signed = await TestService.StartAsync();
        await using var restored = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        await new LogClient(restored, tenantId).RecordAsync(200);
        await using (var service = await TestService.StartAsync(Folder, signed.Database))
        {
            var log = new LogClient(service, tenantId);
            await log.RecordAsync(300);
            (await log.CheckpointAsync("?min_position=300")).Size.ShouldBe(300);
        }

        await using var again = await TestService.StartAsync(Folder, restored.Database);
        var client = new LogClient(again, tenantId);
        (await client.GetAsync("tile/0/000")).Code.ShouldBe("audit_tile_unknown");
        (await client.RecordAsync(100)).ShouldBe(300);

        (await client.GetAsync("tile/0/000")).Code.ShouldBe("audit_tile_unknown");
        (await client.GetAsync("tile/entries/000")).Code.ShouldBe("audit_tile_unknown");
    }

    [Theory]
    [InlineData("update stet.tenant_head set position = 7 where tenant_id = {tenant}")]
    [InlineData("update stet.tenant_head set audit_peaks = '' where tenant_id = {tenant}; delete from stet.audit_leaves where position = 3 and tenant_id = {tenant}")]
    [InlineData("update stet.tenant_head set audit_peaks = '' where tenant_id = {tenant}; delete from stet.audit_leaves where tenant_id = {tenant}; delete from stet.mt_events where seq_id = 5 and tenant_id = {tenant}")]
    public async Task A_log_that_was_damaged_is_frozen_at_the_start_and_no_other(string damage)
    {
        await using var home = await TestService.StartAsync();
        var (damaged, other) = (LogClient.New(home), LogClient.New(home));
        await damaged.RecordAsync(3);
        await damaged.RecordAsync(2);
        await other.RecordAsync(1);
        await damaged.TamperAsync(damage);

        await using var service = await TestService.StartAsync(database: home.Database);

        (await other.At(service).RecordAsync(1)).ShouldBe(2);
        (await other.At(service).CheckpointAsync("?min_position=2")).Size.ShouldBe(2);
        await CheckpointSpecs.ShouldBeFrozenAsync(service, damaged);
        using var ready = await service.AnonymousClient().GetAsync(new Uri("/readyz", UriKind.Relative));
        (await ready.Content.ReadAsStringAsync()).ShouldContain($"frozen audit logs: 1, of the tenants {damaged.TenantId}: The ");
    }

    [Fact]
    public async Task A_log_whose_keys_were_altered_is_compared_with_nothing_and_stops_no_start()
    {
        await using var home = await TestService.StartAsync();
        var (damaged, other) = (LogClient.New(home), LogClient.New(home));
        await using (var service = await TestService.StartAsync(Folder, home.Database))
            foreach (var log in (LogClient[])[damaged.At(service), other.At(service)])
            {
                await log.RecordAsync(1);
                await log.CheckpointAsync("?min_position=1");
            }

        await damaged.TamperAsync(
            "update stet.audit_key set wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20)) where kind = 'salt' and tenant_id = {tenant}");
        var told = new CapturedLogs();

        await using var again = await TestService.StartAsync(Folder with { Log = told }, home.Database);

        (await other.At(again).CheckpointAsync()).Size.ShouldBe(1);
        told.Lines.ShouldContain(l => l.Message.StartsWith($"The audit log of {damaged.TenantId} is not compared with what was signed: "));
    }

    [Fact]
    public async Task A_log_that_loses_its_newest_events_under_a_running_service_is_not_signed()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        await log.CheckpointAsync("?min_position=2");
        await log.RecordAsync(1);
        await log.CheckpointAsync("?min_position=3");
        await log.TamperAsync("""
            update stet.tenant_head h set position = 2, audit_peaks = (
                select peaks from stet.audit_signed s where s.tenant_id = h.tenant_id and size = 2)
            where tenant_id = {tenant}
            """);
        foreach (var rows in (string[])["audit_signed where size > 2 and", "audit_leaf where position > 2 and", "mt_events where seq_id > 2 and"])
            await log.TamperAsync($"delete from stet.{rows} tenant_id = {{tenant}}");

        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");

        await CheckpointSpecs.ShouldBeFrozenAsync(service, log);
    }

    [Fact]
    public async Task An_operator_lets_a_frozen_log_go_on_under_another_origin()
    {
        await using var signed = await TestService.StartAsync();
        await using var restored = await TestService.StartAsync(KeyFile(Path.Combine(folder.FullName, "elsewhere")));
        var tenantId = TestService.NewTenantId();
        byte[] lost;
        await using (var service = await StartAsync(signed.Database))
        {
            var before = new LogClient(service, tenantId);
            await before.RecordAsync(3);
            lost = (await before.GetAsync("checkpoint?min_position=3")).Body;
        }

        File.Copy(Path.Combine(folder.FullName, "kek"), Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullName, "copy")).FullName, "kek"));
        await using (var maker = await TestService.StartAsync(KeyFile(Path.Combine(folder.FullName, "copy")), restored.Database))
            await new LogClient(maker, tenantId).RecordAsync(2);
        await using var frozen = await StartAsync(restored.Database);
        var log = new LogClient(frozen, tenantId);
        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        string[] Arguments(string tenant) =>
            ["audit", "new-epoch", "--connection", restored.Database.ConnectionString, "--data", folder.FullName, "--tenant", tenant, "--reason", "restored"];

        var refused = await ServiceProcess.RunAsync(Arguments(TestService.NewTenantId()));
        (refused.ExitCode, refused.Errors).ShouldSatisfyAllConditions(r => r.ExitCode.ShouldBe(1), r => r.Errors.ShouldContain("There is no tenant"));
        var done = await ServiceProcess.RunAsync(Arguments(tenantId));
        done.ExitCode.ShouldBe(0, done.Output);

        var origin = $"localhost{log.Prefix}/epoch/2";
        done.Output.ShouldContain("named as its last checkpoint: size 3");
        done.Output.ShouldContain(origin);
        (await log.GetAsync("epoch/2/checkpoint")).Status.ShouldBe(HttpStatusCode.OK);
        var moved = await log.GetAsync("checkpoint");
        (moved.Status, moved.Code).ShouldBe((HttpStatusCode.Gone, "audit_log_moved"));
        moved.Headers.GetValues("Link").Single().ShouldBe($"<{log.Prefix}/epoch/2/checkpoint>; rel=\"successor-version\"");
        var checkpoint = await log.OpenAsync((await log.GetAsync("epoch/2/checkpoint?min_position=3")).Body);
        (checkpoint.Origin, checkpoint.Size).ShouldBe((origin, 3));
        (await log.GetAsync("epoch/2/tile/0/000.p/3")).Status.ShouldBe(HttpStatusCode.OK);
        (await log.GetAsync("epoch/3/checkpoint")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await ReadyAsync(frozen)).ShouldBe(HttpStatusCode.OK);

        var pack = JsonNode.Parse((await log.GetAsync($"epoch/2/evidence/{(await log.EventIdsAsync())[2]}")).Text)!;
        ((string?)pack["data"]!["old_note"]).ShouldBe(System.Text.Encoding.UTF8.GetString(lost));
        (await log.RecordAsync(1)).ShouldBe(4);
        (await log.OpenAsync((await log.GetAsync("epoch/2/checkpoint?min_position=4")).Body)).Size.ShouldBe(4);

        var again = await ServiceProcess.RunAsync(Arguments(tenantId));
        (again.ExitCode, again.Errors).ShouldSatisfyAllConditions(r => r.ExitCode.ShouldBe(1), r => r.Errors.ShouldContain("is not frozen"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_knows_nothing_of_an_epoch_that_was_signed_is_not_signed(bool isReplacedUnderTheService)
    {
        await using var home = await TestService.StartAsync();
        var log = LogClient.New(home);
        await using (var service = await TestService.StartAsync(Folder, home.Database))
        {
            var signed = log.At(service);
            await signed.RecordAsync(2);
            await signed.CheckpointAsync("?min_position=2");
            await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");
            await StartEpochAsync(service, log.TenantId);
            (await signed.GetAsync("epoch/2/checkpoint?min_position=3")).Status.ShouldBe(HttpStatusCode.OK);
            foreach (var rows in (string[])["audit_log", "audit_key"]) await log.TamperAsync($"delete from stet.{rows} where epoch = 2 and tenant_id = {{tenant}}");
            await log.TamperAsync("update stet.audit_log set frozen_at = null, frozen_reason = null where tenant_id = {tenant}");
            if (isReplacedUnderTheService)
            {
                (await signed.GetAsync("epoch/2/checkpoint")).Status.ShouldNotBe(HttpStatusCode.OK);
                await CheckpointSpecs.ShouldBeFrozenAsync(service, signed);
            }
        }

        await using var again = await TestService.StartAsync(Folder, home.Database);
        (await log.At(again).GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        await CheckpointSpecs.ShouldBeFrozenAsync(again, log);

        var started = await StartEpochAsync(again, log.TenantId, [.. again.Services.GetRequiredService<StateFile>().All]);
        (started.Epoch, started.Origin).ShouldBe((3, $"localhost{log.Prefix}/epoch/3"));
        (await log.At(again).GetAsync("epoch/3/checkpoint?min_position=4")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_new_epoch_that_could_not_name_the_last_checkpoint_is_begun_only_when_that_is_said()
    {
        await using var home = await TestService.StartAsync(KeyFile(folder.FullName));
        var log = LogClient.New(home);
        await log.RecordAsync(1);
        await log.CheckpointAsync("?min_position=1");
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");
        var other = folder.CreateSubdirectory("other").FullName;
        File.Copy(Path.Combine(folder.FullName, "kek"), Path.Combine(other, "kek"));
        string[] arguments =
            ["audit", "new-epoch", "--connection", home.Database.ConnectionString, "--data", other, "--tenant", log.TenantId, "--reason", "restored"];

        var refused = await ServiceProcess.RunAsync(arguments);
        var done = await ServiceProcess.RunAsync([.. arguments, "--without-note"]);

        refused.ExitCode.ShouldBe(1, refused.Output);
        refused.Errors.ShouldContain($"{other}{Path.DirectorySeparatorChar}audit-state has none");
        refused.Errors.ShouldContain("`--without-note`");
        done.ExitCode.ShouldBe(0, done.Output);
        done.Output.ShouldContain("named as its last checkpoint: none");
    }

    [Theory]
    [InlineData("proof/{id}")]
    [InlineData("evidence/{id}")]
    [InlineData("inclusion?position=1")]
    public async Task A_new_epoch_proves_what_was_reserved_before_it_with_its_own_checkpoint(string resource)
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        (await log.CheckpointAsync()).Size.ShouldBe(2);
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");
        await using var second = await TestService.StartAsync(new TestServiceOptions { Clock = clock }, service.Database);
        await StartEpochAsync(second, log.TenantId);

        var served = await log.At(second).GetAsync("epoch/2/" + resource.Replace("{id}", (await log.EventIdsAsync())[0].ToString(), StringComparison.Ordinal));

        served.Status.ShouldBe(HttpStatusCode.OK, served.Text);
        served.Text.ShouldContain("audit/epoch/2");
    }

    public void Dispose() => folder.Delete(recursive: true);

    TestServiceOptions Folder => new() { Settings = new Dictionary<string, string?> { ["Audit:Folder"] = folder.FullName } };

    Task<TestService> StartAsync(TestDatabase database) => TestService.StartAsync(KeyFile(folder.FullName), database);

    static TestServiceOptions KeyFile(string folder) => new()
    {
        Settings = new Dictionary<string, string?> { ["Audit:Folder"] = folder, ["STET_KEK"] = "" },
    };

    /// <summary>Starts a new epoch of a frozen log, of which a file remembers no more than that.</summary>
    internal static Task<AuditEpochStarted> StartEpochAsync(TestService service, string tenantId, params SignedCheckpoint[] noted)
    {
        var services = service.Services;
        var epochs = new NewEpoch(
            services.GetRequiredService<TenantLogs>(), services.GetRequiredService<AuditKeys>(), services.GetRequiredService<IAuditSigner>(),
            services.GetRequiredService<WitnessNotes>(), services.GetRequiredService<Store>());
        return epochs.StartAsync(tenantId, "lost disk", new NotedCheckpoints("none", noted), withoutNote: true, CancellationToken.None);
    }

    static async Task<HttpStatusCode> ReadyAsync(TestService service)
    {
        using var ready = await service.AnonymousClient().GetAsync(new Uri("/readyz", UriKind.Relative));
        return ready.StatusCode;
    }
}
