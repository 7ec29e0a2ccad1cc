using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Audit;
using Stet.EventStore;
using Stet.Testing;

namespace Stet.Tests.Audit;

/// <summary>What two instances make when both wait for the same head: the second must see what the first made.</summary>
public class TwoInstancesAtOnceSpecs
{
    [Fact]
    public async Task A_log_that_both_need_is_made_once()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        await first.Services.GetRequiredService<Store>().CreateTenantAsync(tenantId, CancellationToken.None);

        var logs = await WhileHeadIsHeldAsync(
            first, tenantId, Of(first), Of(second));

        logs[0]!.Origin.ShouldBe(logs[1]!.Origin);
        logs[0]!.SecretId.ShouldBe(logs[1]!.SecretId);

        Func<Task<TenantLog?>> Of(TestService service) =>
            () => service.Services.GetRequiredService<TenantLogs>().FindAsync(tenantId, CancellationToken.None).AsTask();
    }

    [Fact]
    public async Task Leaves_that_are_missing_are_made_once()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        await tenant.RecordAsync(300);
        await ExecuteAsync(service, """
            truncate stet.audit_leaves, stet.audit_tile, stet.audit_signed;
            update stet.tenant_head set audit_peaks = ''
            """);

        await WhileHeadIsHeldAsync(service, tenant.Id, BackfillAsync, BackfillAsync);

        await tenant.ShouldBeWholeAsync();

        async Task<bool> BackfillAsync()
        {
            await new AuditBackfill(
                service.Services.GetRequiredService<StoreConnections>(), service.Services.GetRequiredService<TenantLogs>(),
                service.Services.GetRequiredService<FrozenLogs>(), NullLogger<AuditBackfill>.Instance).RunAsync(CancellationToken.None);
            return true;
        }
    }

    /// <summary>Lets go of the head once both wait for it.</summary>
    static async Task<T[]> WhileHeadIsHeldAsync<T>(TestService service, string tenantId, params Func<Task<T>>[] both)
    {
        await using var holder = await service.Database.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var head = new NpgsqlCommand($"select from stet.tenant_head where tenant_id = '{tenantId}' for update", holder))
            await head.ExecuteNonQueryAsync();

        var running = both.Select(work => Task.Run(work)).ToArray();
        while (await WaitingAsync(service) < both.Length) await Task.Delay(10);
        await transaction.RollbackAsync();
        return await Task.WhenAll(running);
    }

    static async Task<long> WaitingAsync(TestService service)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
