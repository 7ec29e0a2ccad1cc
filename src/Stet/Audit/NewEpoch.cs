using Stet.Audit.Witnesses;
using Stet.EventStore;

namespace Stet.Audit;

/// <summary>Lets a frozen log go on under another origin, with another key and the same leaves.</summary>
public sealed class NewEpoch(TenantLogs logs, AuditKeys keys, IAuditSigner signer, WitnessNotes witnesses, Store store)
{
    /// <summary>Starts the epoch; the event that says so is the log's next one.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="reason">Why, 1 to 500 characters.</param>
    /// <param name="noted">The last checkpoint of each origin that the state file has.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="LogCommandException">There is no such log, or it is not frozen.</exception>
    public async Task<AuditEpochStarted> StartAsync(
        string tenantId, string reason, IReadOnlyCollection<SignedCheckpoint> noted, CancellationToken cancel)
    {
        if (reason.Length is 0 or > 500) throw new LogCommandException("The reason has 1 to 500 characters.");
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant || await logs.FindAsync(tenantId, cancel) is not { } log)
            throw new LogCommandException($"There is no tenant {tenantId}.");
        if ((await keys.ReadAsync(tenantId, cancel)).Epochs[^1].FrozenAt is null)
            throw new LogCommandException($"The log of {tenantId} is not frozen: it needs no new epoch.");

        // An origin that has signed elsewhere stays what it was: a database that is older may know nothing of it.
        var (first, _) = LogOrigin.Parse(log.Origin);
        var epochs = noted.Select(c => LogOrigin.Parse(c.Origin)).Where(o => o.First == first).Select(o => o.Epoch);
        var epoch = epochs.Append(log.Epoch).Max() + 1;
        var origin = LogOrigin.OfEpoch(first, epoch);
        var key = await signer.MakeAsync(tenantId, cancel);
        using var offered = logs.NewKeys.Offer(tenantId, key);
        var vkey = AddAuditKeyEndpoint.VkeyOf(key, origin);

        var seen = (await witnesses.NewestAsync(log)).Select(s => s.Signed).OfType<SignedCheckpoint>();
        var note = seen.Concat(noted.Where(c => c.Origin == log.Origin)).MaxBy(c => c.Size)?.Note.ToString();
        var stream = AuditModule.KeysStream;
        var result = await store.AppendAsync(
            tenantId, new EventMetadata("operator"),
            new StreamCommand<AuditKeyring>(
                stream.State, tenant.StreamId(stream.Parts),
                (keyring, now) => keyring?.Epoch >= epoch ? null : [new AuditEpochStarted(epoch, origin, vkey, log.Origin, note, reason, now)]),
            cancel);
        return result.Events is [{ Data: AuditEpochStarted started }]
            ? started
            : throw new LogCommandException($"Epoch {epoch} of {tenantId} was started by somebody else just now.");
    }
}

/// <summary>What an operator asked of a log cannot be done. The message says why.</summary>
public sealed class LogCommandException(string message) : Exception(message);
