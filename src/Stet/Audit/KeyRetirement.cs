using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Asks that the older of two signing keys sign no more, once their overlap is over.</summary>
public static class RetireAuditKey
{
    public static Decision Decide(AuditKeyring? keyring, DateTimeOffset now) =>
        keyring?.Overlap is { } running && running.OverlapUntil <= now && OriginOf(running.Vkey) == OriginOf(running.Replaces)
            ? Decision.Record(new AuditKeyRetired(running.Replaces, now))
            : Decision.Nothing;

    // A key of another origin signs nothing of this one: without the older key, nobody would.
    static string OriginOf(string vkey) => vkey.Split('+', 2)[0];
}

/// <summary>Ends overlaps of signing keys when their time has come.</summary>
public sealed partial class KeyRetirement(StoreConnections connections, Store store, TimeProvider clock, ILogger<KeyRetirement> logger)
    : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Retires every key whose overlap is over.</summary>
    public async Task RetireAsync(CancellationToken cancel)
    {
        foreach (var tenantId in await DueAsync(cancel))
        {
            try
            {
                await RetireAsync(tenantId, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested && e is not StoreUnavailableException && !PassingFailure.Is(e))
            {
                NotRetired(logger, tenantId, e.Message);
            }
        }
    }

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeated.RunAsync(RetireAsync, Every, clock, e => Postponed(logger, e.Message), stoppingToken);

    async Task RetireAsync(string tenantId, CancellationToken cancel)
    {
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant) return;

        var stream = AuditModule.KeysStream;
        await store.AppendAsync(
            tenantId, new EventMetadata("system"),
            new StreamCommand<AuditKeyring>(
                stream.State, tenant.StreamId(stream.Parts), static (keyring, now) => RetireAuditKey.Decide(keyring, now).Events),
            cancel);
    }

    async Task<List<string>> DueAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_retirements($1)")
            .With(Scalar(clock.GetUtcNow().UtcDateTime));
        return await command.ReadTextsAsync(cancel);
    }

    [LoggerMessage(32, LogLevel.Warning, "Signing keys whose overlap is over are retired later: {Reason}")]
    static partial void Postponed(ILogger logger, string reason);

    [LoggerMessage(33, LogLevel.Error, "The signing key of {TenantId} whose overlap is over is retired later: {Reason}")]
    static partial void NotRetired(ILogger logger, string tenantId, string reason);
}
