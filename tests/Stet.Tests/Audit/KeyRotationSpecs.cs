using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Stet.Audit;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Testing;

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
        (await log.Tenant.SendAsync(HttpMethod.Post, "/v1/audit/keys", null)).ShouldBeProblem(409, "audit_overlap_running");

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
    public void An_overlap_ends_when_its_time_has_come_and_not_before()
    {
        var now = new ManualClock().GetUtcNow();
        var added = new AuditKeyAdded("new", "old", now.AddDays(30), now);
        var keyring = AuditKeyring.Create(added);

        RetireAuditKey.Decide(null, now).ShouldBe(Decision.Nothing);
        RetireAuditKey.Decide(keyring, now.AddDays(30).AddTicks(-1)).ShouldBe(Decision.Nothing);
        RetireAuditKey.Decide(keyring, now.AddDays(30)).Events.ShouldBe([new AuditKeyRetired("old", now.AddDays(30))]);
        AddAuditKey.Decide(new AddAuditKey("next", "new", TimeSpan.FromDays(1)), keyring, now).Refusal.ShouldBe(AuditProblems.OverlapRunning(now.AddDays(30)));
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

        (await rewrapping.RunAsync(CancellationToken.None)).ShouldBe(2);
        (await rewrapping.RunAsync(CancellationToken.None)).ShouldBe(0);

        await using var after = await TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["STET_KEK"] = young } }, service.Database);
        (await log.At(after).GetAsync("checkpoint")).Body.ShouldBe(note);
        (await log.At(after).RecordAsync(1)).ShouldBe(3);
        (await log.At(after).CheckpointAsync("?min_position=3")).Size.ShouldBe(3);
    }

    static async Task<List<uint>> SignersAsync(LogClient log, long size)
    {
        var note = SignedNote.Parse((await log.GetAsync($"checkpoint?min_position={size}")).Body);
        Checkpoint.Parse(note.Text).Size.ShouldBe(size);
        return [.. note.Signatures.Select(s => s.KeyId)];
    }
}
