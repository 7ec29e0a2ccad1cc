using Stet.EventStore;

namespace Stet.Audit;

/// <summary>
/// Takes a leaked log secret out of use: what is recorded from now on is salted with a new one, entries from before keep
/// the old one, for their commitments stand.
/// </summary>
public sealed class ReplaceSecret(TenantLogs logs, Store store)
{
    /// <summary>Replaces the secret; the event that says so is the log's next one.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="reason">Why, 1 to 500 characters.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The event's position: later events have the new secret, but for those of its own batch.</returns>
    /// <exception cref="LogCommandException">There is no such log, or the reason is too long.</exception>
    public async Task<long> RunAsync(string tenantId, string reason, CancellationToken cancel)
    {
        if (reason.Length is 0 or > 500) throw new LogCommandException("The reason has 1 to 500 characters.");
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant || await logs.FindAsync(tenantId, cancel) is null)
            throw new LogCommandException($"There is no tenant {tenantId}.");

        var secret = logs.NewSecret(tenantId);
        using var offered = logs.NewKeys.Offer(tenantId, secret);
        var stream = AuditModule.KeysStream;
        var result = await store.AppendAsync(
            tenantId, new EventMetadata("operator"),
            new StreamCommand<AuditKeyring>(
                stream.State, tenant.StreamId(stream.Parts), (_, now) => [new AuditSecretReplaced(secret.KeyId, reason, now)]),
            cancel);
        return result.Position;
    }
}
