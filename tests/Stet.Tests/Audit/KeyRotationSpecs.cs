using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Audit;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Observability;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Audit;

public class KeyRotationSpecs
{
    [Fact]
    public async Task Two_keys_sign_during_the_overlap_and_then_the_new_one_alone()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        await using var second = await TestService.StartAsync(new TestServiceOptions { Clock = clock }, service.Database);
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        (await SignersAsync(log, 1)).Count.ShouldBe(1);
        (await SignersAsync(log.At(second), 1)).Count.ShouldBe(1);

        var added = await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null);
        added.Status.ShouldBe(201, added.Text);
        var keys = added.Json["keys"]!.AsArray();
        keys.Select(k => (string?)k!["state"]).ShouldBe(["overlap", "active"]);
        ((long)keys[1]!["from_position"]!).ShouldBe(2);
        var (old, young) = (VerifierKey.Parse((string)keys[0]!["vkey"]!), VerifierKey.Parse((string)keys[1]!["vkey"]!));
        foreach (var instance in (LogClient[])[log, log.At(second)])
            (await SignersAsync(instance, 2)).ShouldBe([old.Id, young.Id]);
        foreach (var instance in (LogClient[])[log, log.At(second)])
            (await instance.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).ShouldBeProblem(409, "audit_overlap_running");
        (await RowsAsync(service, "audit_key where kind = 'sign'")).ShouldBe(2, "a key that was refused leaves nothing behind");

        var retirement = service.Services.GetRequiredService<KeyRetirement>();
        await retirement.RetireAsync(CancellationToken.None);
        (await SignersAsync(log, 2)).Count.ShouldBe(2);
        clock.Advance(TimeSpan.FromDays(31));
        await retirement.RetireAsync(CancellationToken.None);
        await retirement.RetireAsync(CancellationToken.None);

        foreach (var instance in (LogClient[])[log, log.At(second)])
            (await SignersAsync(instance, 3)).ShouldBe([young.Id]);
        var after = (await log.Tenant.GetAsync("/v1/audit/keys")).Json["keys"]!.AsArray();
        after.Select(k => ((string?)k!["state"], (long?)k["until_position"])).ShouldBe([("retired", 3), ("active", null)]);
        (await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_key_that_was_added_under_the_same_idempotency_key_is_answered_with_200()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(1);

        var first = await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null, ("Idempotency-Key", "k"));
        var again = await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null, ("Idempotency-Key", "k"));

        (first.Status, again.Status).ShouldBe((201, 200));
        (again.Text, again.Headers["Location"]).ShouldBe((first.Text, first.Headers["Location"]));
    }

    [Fact]
    public async Task A_tenant_whose_key_cannot_be_retired_is_logged_and_keeps_no_other_from_it()
    {
        var clock = new ManualClock();
        var logs = new CapturedLogs();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock, Log = logs });
        foreach (var log in (LogClient[])[LogClient.New(service), LogClient.New(service)])
        {
            await log.RecordAsync(1);
            (await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).Status.ShouldBe(201);
        }

        string broken;
        await using (var connection = await service.Database.OpenAsync())
        {
            await using var first = new NpgsqlCommand("select * from stet.audit_retirements('infinity') limit 1", connection);
            broken = (string)(await first.ExecuteScalarAsync())!;
        }

        await new LogClient(service, broken).TamperAsync("update stet.mt_events set data = '[]' where tenant_id = {tenant} and type = 'audit_key_added'");
        clock.Advance(TimeSpan.FromDays(31));

        await service.Services.GetRequiredService<KeyRetirement>().RetireAsync(CancellationToken.None);

        (await RowsAsync(service, "audit_key where until_position is not null")).ShouldBe(1);
        logs.Lines.ShouldContain(l => l.Message.StartsWith($"The signing key of {broken} whose overlap is over is retired later: "));
    }

    [Fact]
    public async Task An_overlap_that_a_new_epoch_ends_is_over()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        (await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).Status.ShouldBe(201);
        (await RowsAsync(service, "audit_retirements('infinity')")).ShouldBe(1);
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");

        await RestoreGuardSpecs.StartEpochAsync(service, log.TenantId);

        (await RowsAsync(service, "audit_retirements('infinity')")).ShouldBe(0);
    }

    [Fact]
    public async Task A_key_that_is_added_where_a_new_epoch_is_not_known_yet_is_of_the_new_epoch()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        await using var second = await TestService.StartAsync(new TestServiceOptions { Clock = clock }, service.Database);
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");
        await RestoreGuardSpecs.StartEpochAsync(second, log.TenantId);

        (await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).Status.ShouldBe(201);

        (await RowsAsync(service, "audit_key where kind = 'sign' and epoch = 2")).ShouldBe(2);
        clock.Advance(TimeSpan.FromDays(31));
        await service.Services.GetRequiredService<KeyRetirement>().RetireAsync(CancellationToken.None);
        var note = SignedNote.Parse((await log.GetAsync("epoch/2/checkpoint?min_position=4")).Body);
        (Checkpoint.Parse(note.Text).Size, note.Signatures.Count).ShouldBe((4, 1));
    }

    [Fact]
    public async Task An_export_knows_a_secret_that_another_instance_has_put_in_place_of_a_leaked_one()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var here = LogClient.New(first);
        var there = here.At(second);
        await here.RecordAsync(2);
        (await there.CheckpointAsync("?min_position=2")).Size.ShouldBe(2);
        await new ReplaceSecret(first.Services.GetRequiredService<TenantLogs>(), first.Services.GetRequiredService<Store>())
            .RunAsync(here.TenantId, "lost", CancellationToken.None);
        await here.RecordAsync(2);
        (await here.CheckpointAsync("?min_position=5")).Size.ShouldBe(5);

        var served = await there.GetAsync("export");

        served.Status.ShouldBe(HttpStatusCode.OK, served.Text);
        served.Text.ShouldNotContain("ALTERED");
        served.Text.ShouldContain("INTACT");
    }

    [Fact]
    public void An_overlap_ends_when_its_time_has_come_and_not_before()
    {
        var now = new ManualClock().GetUtcNow();
        var added = new AuditKeyAdded("log+2+new", "log+1+old", now.AddDays(30), now);
        var keyring = AuditKeyring.Create(added);

        RetireAuditKey.Decide(null, now).ShouldBe(Decision.Nothing);
        RetireAuditKey.Decide(keyring, now.AddDays(30).AddTicks(-1)).ShouldBe(Decision.Nothing);
        RetireAuditKey.Decide(keyring, now.AddDays(30)).Events.ShouldBe([new AuditKeyRetired("log+1+old", now.AddDays(30))]);
        RetireAuditKey.Decide(AuditKeyring.Create(added with { Vkey = "other+2+new" }), now.AddDays(30)).ShouldBe(Decision.Nothing);
        var next = new AddAuditKey("log+3+next", "log+2+new", TimeSpan.FromDays(1), Epoch: 1);
        AddAuditKey.Decide(next, keyring, now).Refusal.ShouldBe(AuditProblems.OverlapRunning(now.AddDays(30)));
        AddAuditKey.Decide(next, keyring with { Overlap = null, Epoch = 2 }, now).Refusal.ShouldBe(AuditProblems.EpochBegun);
        keyring.Apply(new AuditKeyRetired("old", now)).ShouldBe(new AuditKeyring(null, 1));
    }

    [Fact]
    public async Task Keys_move_to_another_installation_key()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        var note = (await log.GetAsync("checkpoint?min_position=2")).Body;
        var (old, young) = ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        var connections = service.Services.GetRequiredService<StoreConnections>();
        var rewrapping = new Rewrapping(connections, InstallationKeys.Load($"{young},{old}", "unused"));

        // Of the log, its salts and the stream ids.
        (await rewrapping.RunAsync(CancellationToken.None)).ShouldBe(3);
        (await rewrapping.RunAsync(CancellationToken.None)).ShouldBe(0);
        foreach (var table in (string[])["audit_key", "tenant_key"])
            (await RowsAsync(service, $"{table} where kek_id is distinct from '{InstallationKeys.Load(young, "unused").CurrentId}'")).ShouldBe(0, table);

        await using var after = await TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["STET_KEK"] = young } }, service.Database);
        (await log.At(after).GetAsync("checkpoint")).Body.ShouldBe(note);
        (await log.At(after).RecordAsync(1)).ShouldBe(3);
        (await log.At(after).CheckpointAsync("?min_position=3")).Size.ShouldBe(3);
    }

    [Fact]
    public async Task Stream_keys_of_an_earlier_version_are_wrapped_at_the_start_and_stay_what_they_are()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.Tenant.SendAsync(HttpMethod.Put, $"/v1/tenants/{log.TenantId}", null);
        var key = RandomNumberGenerator.GetBytes(32);
        await log.TamperAsync(
            $"update stet.tenant_key set key = '\\x{Convert.ToHexStringLower(key)}', wrapped = null, kek_id = null where tenant_id = {{tenant}}");

        await using var after = await TestService.StartAsync(database: service.Database);

        (await RowsAsync(after, "tenant_key where key is not null")).ShouldBe(0);
        (await RowsAsync(after, $"tenant_key where wrapped is not null and tenant_id = '{log.TenantId}'")).ShouldBe(1);
        (await after.Services.GetRequiredService<Store>().FindTenantAsync(log.TenantId, CancellationToken.None))!.StreamKey.ShouldBe(key);
        await using var connections = StoreConnections.For(service.Database.ConnectionString);
        await using var unable = new Store(
            connections, new EventCatalog(), [], null, new StoreOptions(), TimeProvider.System, NullLogger<Store>.Instance);
        (await Should.ThrowAsync<InvalidOperationException>(() => unable.FindTenantAsync(log.TenantId, CancellationToken.None)))
            .Message.ShouldContain("nothing to unwrap them with");
        (await RowsAsync(after, $"tenant_key where position('\\x{Convert.ToHexStringLower(key)}'::bytea in wrapped) > 0")).ShouldBe(0);
    }

    [Fact]
    public async Task A_leaked_secret_is_replaced_for_every_instance_and_old_entries_keep_the_old_one()
    {
        var folder = Directory.CreateTempSubdirectory("stet-secret-").FullName;
        await using var first = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["Audit:Folder"] = folder, ["STET_KEK"] = "" },
        });
        var kek = await File.ReadAllTextAsync(Path.Combine(folder, "kek"));
        await using var second = await TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["STET_KEK"] = kek.Trim() } }, first.Database);
        var here = LogClient.New(first);
        var there = here.At(second);
        await here.RecordAsync(2);
        await there.RecordAsync(2);
        string[] arguments = ["--connection", first.Database.ConnectionString, "--data", folder];

        var replaced = await ServiceProcess.RunAsync(["audit", "replace-secret", .. arguments, "--tenant", here.TenantId, "--reason", "lost"]);

        replaced.ExitCode.ShouldBe(0, replaced.Output);
        replaced.Output.ShouldContain("after position 5");
        (await RowsAsync(first, "audit_key where kind = 'salt'")).ShouldBe(2);
        (await there.RecordAsync(3)).ShouldBe(8);
        (await here.RecordAsync(3)).ShouldBe(11);
        (await there.RecordAsync(1)).ShouldBe(12);
        var ids = await here.EventIdsAsync();
        foreach (var id in ids)
        {
            var packs = await Task.WhenAll(here.GetAsync($"evidence/{id}"), there.GetAsync($"evidence/{id}"));
            packs[0].Status.ShouldBe(HttpStatusCode.OK, packs[0].Text);
            packs[1].Status.ShouldBe(HttpStatusCode.OK, packs[1].Text);
        }

        var swept = await ServiceProcess.RunAsync(["audit", "selfcheck", .. arguments]);
        swept.ExitCode.ShouldBe(0, swept.Output);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_secret_that_cannot_be_replaced_is_exit_code_1()
    {
        var folder = Directory.CreateTempSubdirectory("stet-secret-").FullName;
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["Audit:Folder"] = folder, ["STET_KEK"] = "" },
        });
        await LogClient.New(service).RecordAsync(1);

        var refused = await ServiceProcess.RunAsync(
            "audit", "replace-secret", "--connection", service.Database.ConnectionString, "--data", folder,
            "--tenant", "33333333-3333-4333-8333-333333333333", "--reason", "lost");

        refused.ExitCode.ShouldBe(1, refused.Output);
        refused.Errors.ShouldContain("There is no tenant");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Signatures_are_made_by_the_signer_and_refused_when_it_is_away()
    {
        var signer = new RemoteSigner();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Services = s => s.AddSingleton<IAuditSigner>(signer) });
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        (await log.CheckpointAsync("?min_position=1")).Size.ShouldBe(1);
        (await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).Status.ShouldBe(201);
        (await SignersAsync(log, 2)).Count.ShouldBe(2);
        signer.Signed.ShouldBe(3);

        await log.RecordAsync(1);
        signer.Failure = new IOException("the keys are away");
        (await log.GetAsync("checkpoint?min_position=3")).Code.ShouldBe("audit_signing_refused");
        signer.Failure = null;
        (await SignersAsync(log, 3)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Why_nothing_can_be_signed_is_logged_once_until_something_is_and_counted()
    {
        var signer = new RemoteSigner();
        var logs = new CapturedLogs();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Services = s => s.AddSingleton<IAuditSigner>(signer), Log = logs });
        var (log, other) = (LogClient.New(service), LogClient.New(service));
        using var http = service.AnonymousClient();
        var health = service.Services.GetRequiredService<SigningHealth>();
        await log.RecordAsync(1);
        await other.RecordAsync(1);
        (await log.CheckpointAsync("?min_position=1")).Size.ShouldBe(1);
        (await RefusedAsync()).ShouldBe(0);
        (await StatusAsync()).ShouldBe(HealthStatus.Healthy);

        signer.Failure = new IOException("the keys are away");
        (await other.GetAsync("checkpoint?min_position=1")).Code.ShouldBe("audit_signing_refused");
        (await log.GetAsync("checkpoint")).Status.ShouldBe(HttpStatusCode.OK, "it was signed before");
        (await other.GetAsync("checkpoint?min_position=1")).Code.ShouldBe("audit_signing_refused");
        (await StatusAsync()).ShouldBe(HealthStatus.Degraded);
        signer.Failure = null;
        (await other.CheckpointAsync("?min_position=1")).Size.ShouldBe(1);

        (await StatusAsync()).ShouldBe(HealthStatus.Healthy);
        (await RefusedAsync()).ShouldBe(2);
        logs.Lines.Where(l => l.Category == typeof(SigningHealth).FullName).Select(l => l.Message).ShouldBe(
            [$"The audit log of {other.TenantId} cannot be signed: the keys are away", "Audit logs are signed again"]);

        async Task<double> RefusedAsync() =>
            Exposition.Parse(await http.GetStringAsync("/metrics"))["stet_audit_signing_refused_total"].Samples.ShouldHaveSingleItem().Value;

        async Task<HealthStatus> StatusAsync() => (await health.CheckHealthAsync(new HealthCheckContext())).Status;
    }

    [Fact]
    public async Task A_write_whose_receipt_cannot_be_made_is_done_all_the_same()
    {
        var signer = new RemoteSigner();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Services = s => s.AddSingleton<IAuditSigner>(signer) });
        var log = LogClient.New(service);
        foreach (var (failure, code) in ((Exception, string)[])
            [
                (new IOException("away"), "audit_signing_refused"), (new InstallationKeyException("altered"), "audit_signing_refused"),
                (new CryptographicException("no curve"), "audit_signing_refused"), (new InvalidOperationException("bug"), "internal_error"),
                (new StoreUnavailableException("away", TimeSpan.Zero), "store_unavailable"),
            ])
        {
            var key = failure.GetType().Name;
            signer.Failure = failure;
            var answer = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction(key).With("idempotency_key", key));

            (answer.Status, (string?)answer.Json["status"]).ShouldBe((201, "ACTIVE"));
            (answer.Json["receipts"], (string?)answer.Json["receipt_error"]).ShouldBe((null, code));

            signer.Failure = null;
            var again = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction(key).With("idempotency_key", key));
            again.Json["receipts"]!.AsArray().ShouldHaveSingleItem();
        }
    }

    static async Task<long> RowsAsync(TestService service, string table)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand($"select count(*) from stet.{table}", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    static async Task<List<uint>> SignersAsync(LogClient log, long size)
    {
        var note = SignedNote.Parse((await log.GetAsync($"checkpoint?min_position={size}")).Body);
        Checkpoint.Parse(note.Text).Size.ShouldBe(size);
        return [.. note.Signatures.Select(s => s.KeyId)];
    }

    /// <summary>Keeps keys elsewhere: their rows hold a name.</summary>
    sealed class RemoteSigner : IAuditSigner
    {
        readonly Dictionary<string, byte[]> seeds = [];

        public int Signed { get; private set; }

        /// <summary>What a signature ends in; null when it is made.</summary>
        public Exception? Failure { get; set; }

        public ValueTask<NewKey> MakeAsync(string tenantId, CancellationToken cancel)
        {
            var seed = RandomNumberGenerator.GetBytes(Ed25519.SeedSize);
            var publicKey = Ed25519.Default.PublicKey(seed);
            var keyId = NewKey.IdOf(publicKey);
            seeds[keyId] = seed;
            return ValueTask.FromResult(new NewKey("sign", keyId, publicKey, Encoding.UTF8.GetBytes($"keys/{keyId}"), KekId: ""));
        }

        public ValueTask<byte[]> SignAsync(string tenantId, LogSigningKey key, ReadOnlyMemory<byte> message, CancellationToken cancel)
        {
            if (Failure is not null) throw Failure;

            Signed++;
            return ValueTask.FromResult(Ed25519.Default.Sign(seeds[Encoding.UTF8.GetString(key.Wrapped)[5..]], message.Span));
        }
    }
}
