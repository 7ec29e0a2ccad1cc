using Stet.Audit.Witnesses;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Lets a frozen log go on under another origin, with another key and the same leaves.</summary>
public sealed class NewEpoch(TenantLogs logs, AuditKeys keys, IAuditSigner signer, WitnessNotes witnesses, Store store)
{
    /// <summary>Starts the epoch; the event that says so is the log's next one.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="reason">Why, 1 to 500 characters.</param>
    /// <param name="noted">What the state file has.</param>
    /// <param name="withoutNote">Whether to begin although a log that was signed has no known checkpoint.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="LogCommandException">There is no such log, it is not frozen, or its last checkpoint is not known.</exception>
    public async Task<AuditEpochStarted> StartAsync(
        string tenantId, string reason, NotedCheckpoints noted, bool withoutNote, CancellationToken cancel)
    {
        if (reason.Length is 0 or > 500) throw new LogCommandException("The reason has 1 to 500 characters.");
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant || await logs.FindAsync(tenantId, cancel) is not { } log)
            throw new LogCommandException($"There is no tenant {tenantId}.");
        if ((await keys.ReadAsync(tenantId, cancel)).Epochs[^1].FrozenAt is null)
            throw new LogCommandException($"The log of {tenantId} is not frozen: it needs no new epoch.");

        var seen = (await witnesses.NewestAsync(log)).Select(s => s.Signed).OfType<SignedCheckpoint>();
        var note = seen.Concat(noted.Newest.Where(c => c.Origin == log.Origin)).MaxBy(c => c.Size)?.Note.ToString();
        if (note is null && !withoutNote && await IsReservedAsync(tenantId, cancel))
        {
            throw new LogCommandException(
                $"{log.Origin} was signed, and its last checkpoint, which the new epoch names for good, is not known: {noted.File} has none, and no witness shows one. "
                + "Give `--data` or `Audit:Folder` of the service that signed it. If nobody has it any more, say `--without-note`.");
        }

        // An origin that has signed elsewhere stays what it was: a database that is older may know nothing of it.
        var (first, _) = LogOrigin.Parse(log.Origin);
        var epochs = noted.Newest.Select(c => LogOrigin.Parse(c.Origin)).Where(o => o.First == first).Select(o => o.Epoch);
        var epoch = epochs.Append(log.Epoch).Max() + 1;
        var origin = LogOrigin.OfEpoch(first, epoch);
        var key = await signer.MakeAsync(tenantId, cancel);
        using var offered = logs.NewKeys.Offer(tenantId, key);
        var vkey = AddAuditKeyEndpoint.VkeyOf(key, origin);

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

    /// <summary>Whether a size of the log's last epoch is reserved for signing.</summary>
    Task<bool> IsReservedAsync(string tenantId, CancellationToken cancel) => store.QueryAsync(
        tenantId,
        """
        select exists (
            select from stet.audit_signed where tenant_id = $1 and reserved_at >= (
                select created_at from stet.audit_log where tenant_id = $1 order by epoch desc limit 1))
        """,
        [Scalar(tenantId)],
        static async (row, _, token) => await row.ReadAsync(token) && row.GetBoolean(0),
        cancel);
}

/// <summary>What a state file has of all logs.</summary>
/// <param name="File">The file.</param>
/// <param name="Newest">The newest checkpoint of each origin.</param>
public sealed record NotedCheckpoints(string File, IReadOnlyCollection<SignedCheckpoint> Newest);

/// <summary>What an operator asked of a log cannot be done. The message says why.</summary>
public sealed class LogCommandException(string message) : Exception(message);
