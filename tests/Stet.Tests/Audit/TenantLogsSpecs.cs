using Microsoft.Extensions.DependencyInjection;
using Stet.Audit;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Audit.SelfCheck;

namespace Stet.Tests.Audit;

public class TenantLogsSpecs
{
    [Fact]
    public async Task A_log_that_has_made_room_for_others_serves_the_batch_that_began_with_it()
    {
        await using var service = await TestService.StartAsync();
        string[] tenants = [TestService.NewTenantId(), TestService.NewTenantId(), TestService.NewTenantId()];
        foreach (var tenantId in tenants) await service.Services.GetRequiredService<Store>().CreateTenantAsync(tenantId, CancellationToken.None);
        using var logs = new TenantLogs(
            service.Services.GetRequiredService<StoreConnections>(), service.Services.GetRequiredService<InstallationKeys>(),
            service.Services.GetRequiredService<IAuditSigner>(), _ => null, new AuditOptions(), TimeProvider.System, mostInMemory: 1);
        var appender = new AuditAppender(logs, TimeProvider.System);

        await appender.PrepareAsync(tenants[..2], CancellationToken.None);
        logs.InMemory(tenants[0]).ShouldBeNull();
        var part = (AuditPart)appender.Begin(tenants[0], 0, [], null);
        await appender.PrepareAsync(tenants[2..], CancellationToken.None);
        var note = new NoteTaken("a", 1);
        var noted = new StoredEvent(
            tenants[0], 1, Guid.Parse("0197a3c0-0000-7000-8000-000000000001"), Guid.Parse("5c1e0b7a-6f2d-8a3b-9c4d-5e6f708192a3"), 1,
            new ManualClock().GetUtcNow(), note);
        part.Add(new AppendedEvent(
            noted, new EventCatalog().Add("note_taken", NotesJson.Default.NoteTaken).TypeOf(note), "{}"u8.ToArray(), new EventMetadata("application")));

        var salt = new byte[Commitment.SaltSize];
        (await logs.FindAsync(tenants[0], CancellationToken.None))!.WriteSalt(1, noted.Id, salt);
        part.Leaves.ShouldHaveSingleItem().Commit.ShouldBe(Commitment.Of(salt, "{}"u8));
    }

    [Fact]
    public async Task The_key_of_a_person_is_none_of_the_keys_of_the_log()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        await log.TamperAsync("""
            insert into stet.audit_key (tenant_id, kind, key_id, epoch, wrapped, kek_id, from_position)
            select tenant_id, 'subject', 'k1', epoch, wrapped, kek_id, 0 from stet.audit_key where tenant_id = {tenant} and kind = 'salt'
            """);

        await using var second = await TestService.StartAsync(database: service.Database);

        (await log.At(second).CheckpointAsync()).Size.ShouldBe(1);
        (await log.At(second).RecordAsync(1)).ShouldBe(2);
    }

    [Fact]
    public void A_log_that_was_disposed_has_no_secret_to_salt_with()
    {
        var log = new TenantLog("a", 1, "stet.example/a", 0, isNew: true);
        log.Add(new SaltKey("k", new byte[32], 0));
        log.Dispose();

        Should.Throw<ObjectDisposedException>(() => log.WriteSalt(1, Guid.Empty, new byte[Commitment.SaltSize]));
    }
}
