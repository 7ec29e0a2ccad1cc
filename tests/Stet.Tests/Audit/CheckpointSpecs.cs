using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Audit;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Testing;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Audit;

public class CheckpointSpecs
{
    [Fact]
    public async Task A_log_without_events_has_a_checkpoint()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        (await log.GetAsync("checkpoint")).Code.ShouldBe("unknown_tenant");
        (await log.Tenant.SendAsync(HttpMethod.Put, $"/v1/tenants/{log.TenantId}", null)).Status.ShouldBe(200);

        var checkpoint = await log.CheckpointAsync();

        checkpoint.ShouldBe(new Checkpoint($"localhost/v1/tenants/{log.TenantId}/audit", 0, LogHash.EmptyRoot));
        (await log.GetAsync("consistency?from=0")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_position_that_is_demanded_is_covered_at_once()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        for (var position = 1L; position <= 5; position++)
        {
            await log.RecordAsync(1);
            (await log.CheckpointAsync($"?min_position={position}")).Size.ShouldBe(position);
        }
    }

    [Fact]
    public async Task A_checkpoint_may_be_a_fifth_of_a_second_old_and_no_older()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        (await log.CheckpointAsync()).Size.ShouldBe(1);
        await log.RecordAsync(1);

        (await log.CheckpointAsync()).Size.ShouldBe(1);
        clock.Advance(TimeSpan.FromMilliseconds(200));
        (await log.CheckpointAsync()).Size.ShouldBe(2);
    }

    [Theory]
    [InlineData("?min_position=x", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("?min_position=-1", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("?min_position=99", HttpStatusCode.ServiceUnavailable, "position_not_reached")]
    [InlineData("?witnessed=perhaps", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("?witnessed=true", HttpStatusCode.NotFound, "audit_not_witnessed")]
    public async Task What_cannot_be_demanded_is_refused(string query, HttpStatusCode status, string code)
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(1);

        var served = await log.GetAsync($"checkpoint{query}");

        (served.Status, served.Code).ShouldBe((status, code));
    }

    [Fact]
    public async Task Two_instances_that_sign_at_once_give_the_same_notes()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var here = LogClient.New(first);
        var there = here.At(second);
        var notes = new Dictionary<string, string>();

        for (var round = 0; round < 20; round++)
        {
            var position = await (round % 2 == 0 ? here : there).RecordAsync(3);
            var served = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? here : there).GetAsync($"checkpoint?min_position={position}")));
            foreach (var note in served)
            {
                note.Status.ShouldBe(HttpStatusCode.OK);
                var size = note.Text.Split('\n')[1];
                if (!notes.TryAdd(size, note.Text)) note.Text.ShouldBe(notes[size]);
            }
        }

        notes.Count.ShouldBe(20);
    }

    [Fact]
    public async Task No_client_ever_sees_the_log_shrink()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var here = LogClient.New(first);
        var there = here.At(second);
        await here.RecordAsync(1);
        using var done = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++) await here.RecordAsync(2);
            await done.CancelAsync();
        });

        async Task WatchAsync()
        {
            var size = 0L;
            while (!done.IsCancellationRequested)
            {
                foreach (var log in (LogClient[])[here, there])
                {
                    var next = await log.CheckpointAsync();
                    next.Size.ShouldBeGreaterThanOrEqualTo(size);
                    size = next.Size;
                }
            }
        }

        await Task.WhenAll(writing, WatchAsync(), WatchAsync(), WatchAsync());
    }

    [Fact]
    public async Task A_size_that_is_reserved_ahead_of_the_log_is_passed_over_by_a_new_epoch()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        await ReserveAheadAsync(log, 4);
        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        await ShouldBeFrozenAsync(service, log);

        await RestoreGuardSpecs.StartEpochAsync(service, log.TenantId);
        (await log.GetAsync("epoch/2/inclusion?position=1")).Status.ShouldBe(HttpStatusCode.OK);
        (await log.OpenAsync((await log.GetAsync("epoch/2/checkpoint?min_position=3")).Body)).Size.ShouldBe(3);

        var reached = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction("reached"));
        (reached.Status, (string?)reached.Json["receipt_error"], reached.Headers["Stet-Position"]).ShouldBe((201, "audit_signing_refused", "4"));
        (await log.OpenAsync((await log.GetAsync("epoch/2/checkpoint")).Body)).Size.ShouldBe(3);
        (await log.GetAsync("epoch/2/checkpoint?min_position=4")).Code.ShouldBe("audit_signing_refused");

        var passed = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction("passed"));
        passed.Json["receipts"]!.AsArray().ShouldHaveSingleItem();
        (await log.OpenAsync((await log.GetAsync("epoch/2/checkpoint?min_position=5")).Body)).Size.ShouldBe(5);
        (await ScalarAsync(service, "select count(*) from stet.audit_frozen()")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_size_that_is_reserved_ahead_of_a_frozen_log_is_in_the_way_of_no_event()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        await log.CheckpointAsync("?min_position=2");
        await ReserveAheadAsync(log, 3);
        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");

        var recorded = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction("reached"));

        (recorded.Status, (string?)recorded.Json["receipt_error"], recorded.Headers["Stet-Position"]).ShouldBe((201, "audit_signing_refused", "3"));
    }

    [Fact]
    public async Task A_size_that_is_reserved_ahead_of_the_log_is_consistent_with_nothing()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(2);
        await ReserveAheadAsync(log, 3);

        (await log.GetAsync("consistency?from=1")).Code.ShouldBe("audit_signing_refused");
    }

    static Task ReserveAheadAsync(LogClient log, long size) => log.TamperAsync($$"""
        insert into stet.audit_signed (tenant_id, size, root, peaks, reserved_at)
        values ({tenant}, {{size}}, sha256('another'), sha256('another'), now())
        """);

    [Fact]
    public async Task A_size_reserved_with_another_root_freezes_the_log()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        var other = LogClient.New(service);
        await log.RecordAsync(2);
        await other.RecordAsync(1);
        await log.TamperAsync("""
            insert into stet.audit_signed (tenant_id, size, root, peaks, reserved_at)
            values ({tenant}, 2, sha256('another'), sha256('another'), now())
            """);

        var refused = await log.GetAsync("checkpoint");

        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "audit_signing_refused"));
        await ShouldBeFrozenAsync(service, log);
        (await log.RecordAsync(1)).ShouldBe(3);
        (await other.CheckpointAsync()).Size.ShouldBe(1);
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("checkpoint?min_position=3")]
    [InlineData("inclusion?position=1")]
    public async Task A_size_that_somebody_reserved_is_signed_only_for_what_the_leaves_come_to(string resource)
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        await log.CheckpointAsync("?min_position=2");
        await log.RecordAsync(1);
        var (leaf, tree) = (LogHash.Leaf("invented"u8), new Peaks());
        for (var i = 0; i < 3; i++) tree.Append(leaf);
        await log.TamperAsync($$"""
            insert into stet.audit_tile (tenant_id, level, n, hashes, root)
            values ({tenant}, 0, 0, decode(repeat('{{Convert.ToHexString(leaf.ToArray())}}', 256), 'hex'), sha256('another'));
            insert into stet.audit_signed (tenant_id, size, root, peaks, reserved_at)
            values ({tenant}, 3, '\x{{Convert.ToHexString(tree.Root.ToArray())}}', '\x{{Convert.ToHexString(tree.ToArray())}}', now())
            """);
        await using var started = await TestService.StartAsync(database: service.Database);

        (await log.GetAsync(resource)).Code.ShouldBe("audit_signing_refused");
        (await log.At(started).GetAsync(resource)).Code.ShouldBe("audit_signing_refused");
        await ShouldBeFrozenAsync(service, log);
    }

    [Fact]
    public async Task A_size_beyond_the_log_is_not_signed()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        await log.TamperAsync("insert into stet.audit_signed (tenant_id, size, root, peaks, reserved_at) values ({tenant}, 2, sha256('another'), sha256('another'), now())");

        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        await ShouldBeFrozenAsync(service, log);
    }

    [Theory]
    [InlineData("update stet.audit_leaf set hash = sha256('another') where tenant_id = {tenant} and position = 2")]
    [InlineData("delete from stet.audit_leaf where tenant_id = {tenant} and position = 2")]
    [InlineData("update stet.tenant_head set audit_peaks = sha256('another') || substr(audit_peaks, 33) where tenant_id = {tenant}")]
    [InlineData("update stet.tenant_head set audit_peaks = '' where tenant_id = {tenant}")]
    public async Task Leaves_that_do_not_lead_to_the_head_freeze_the_log(string tampering)
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(3);
        await log.TamperAsync(tampering);

        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");

        await ShouldBeFrozenAsync(service, log);
        var sizes = await ScalarAsync(service, $"select count(*) from stet.audit_signed where tenant_id = '{log.TenantId}'");
        sizes.ShouldBe(0L);
    }

    [Fact]
    public async Task A_frozen_log_is_frozen_for_every_instance_and_after_a_restart()
    {
        await using var service = await TestService.StartAsync();
        await using var running = await TestService.StartAsync(database: service.Database);
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        await log.CheckpointAsync();
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");

        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        (await log.At(running).GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        (await log.GetAsync("inclusion?position=1")).Code.ShouldBe("audit_signing_refused");
        (await log.GetAsync($"proof/{(await log.EventIdsAsync())[0]}")).Code.ShouldBe("audit_signing_refused");
        await using var started = await TestService.StartAsync(database: service.Database);
        await ShouldBeFrozenAsync(started, log);
    }

    [Fact]
    public async Task A_log_that_another_instance_has_frozen_gives_no_receipts()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        (await log.CheckpointAsync()).Size.ShouldBe(1);
        (await ReceiptErrorAsync("before")).ShouldBeNull();
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");

        for (var tries = 1; await ReceiptErrorAsync($"after{tries}") != "audit_signing_refused"; tries++)
        {
            tries.ShouldBeLessThan(50);
            await Task.Delay(100);
        }

        await ShouldBeFrozenAsync(service, log);

        async Task<string?> ReceiptErrorAsync(string field) =>
            (string?)(await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction(field))).Json["receipt_error"];
    }

    [Fact]
    public async Task A_log_is_frozen_although_its_round_has_the_last_connection_of_the_pool()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(3);
        await log.TamperAsync("delete from stet.audit_leaf where tenant_id = {tenant} and position = 2");
        var pool = service.Services.GetRequiredService<StoreConnections>().Writer;
        var held = new List<NpgsqlConnection>();

        // Of ten, the writer has one, and the signs of life another.
        while (held.Count < 7) held.Add(await pool.OpenConnectionAsync());
        var refused = await log.GetAsync("checkpoint").WaitAsync(TimeSpan.FromSeconds(10));

        refused.Code.ShouldBe("audit_signing_refused");
        foreach (var connection in held) await connection.DisposeAsync();
        await ShouldBeFrozenAsync(service, log);
    }

    [Fact]
    public async Task What_the_append_transaction_reserved_is_signed_without_asking_the_database()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        var (checkpoints, tenantLog) = (service.Services.GetRequiredService<Checkpoints>(), service.Services.GetRequiredService<TenantLogs>().InMemory(log.TenantId)!);
        var expected = await log.GetAsync("checkpoint");
        var checkpoint = await log.OpenAsync(expected.Body);

        var signed = await checkpoints.SignReservedAsync(tenantLog, 1, checkpoint.Root, CancellationToken.None);
        signed.Note.ToArray().ShouldBe(expected.Body);

        await Should.ThrowAsync<AuditSigningRefusedException>(
            () => checkpoints.SignReservedAsync(tenantLog, 1, LogHash.EmptyRoot, CancellationToken.None).AsTask());
        await ShouldBeFrozenAsync(service, log);
    }

    [Fact]
    public async Task Connections_that_died_are_replaced()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        (await log.CheckpointAsync()).Size.ShouldBe(2);

        await ScalarAsync(service, "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'stet-%' and datname = current_database()");

        (await log.CheckpointAsync()).Size.ShouldBe(2);
        (await log.RecordAsync(1)).ShouldBe(3);
        (await log.CheckpointAsync("?min_position=3")).Size.ShouldBe(3);
    }

    [Fact]
    public async Task A_signature_that_cannot_be_remembered_is_not_given()
    {
        var state = Directory.CreateTempSubdirectory("stet-full-");
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["Audit:Folder"] = state.FullName } });
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        service.Services.GetRequiredService<StateFile>().Dispose();

        var refused = await log.GetAsync("checkpoint");

        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "audit_signing_refused"));
        (await log.RecordAsync(1)).ShouldBe(2);
        state.Delete(recursive: true);
    }

    internal static async Task ShouldBeFrozenAsync(TestService service, LogClient log)
    {
        using var ready = await service.AnonymousClient().GetAsync(new Uri("/readyz", UriKind.Relative));
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var checks = JsonNode.Parse(await ready.Content.ReadAsStringAsync())!["checks"]!.AsArray();
        var audit = checks.Single(c => (string?)c!["name"] == "audit")!;
        ((string?)audit["status"]).ShouldBe("unhealthy");
        ((string?)audit["detail"]).ShouldNotBeNull().ShouldContain("`stet audit new-epoch --tenant ID --reason TEXT`");
        (await ScalarAsync(service, $"select frozen_reason from stet.audit_log where tenant_id = '{log.TenantId}'")).ShouldBeOfType<string>().ShouldNotBeEmpty();
    }

    static async Task<object?> ScalarAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
