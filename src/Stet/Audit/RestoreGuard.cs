using Npgsql;
using Stet.AuditLog;
using Stet.Authentication;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>
/// Finds out that the database was restored from a backup, or promoted from a standby that lagged: it has forgotten
/// checkpoints that the state file remembers, or leads to other ones. Such a log is frozen.
/// </summary>
public sealed class RestoreGuard(StoreConnections connections, TenantLogs logs, StateFile state, FrozenLogs frozen)
{
    /// <summary>Compares every log that the state file knows, before the service takes its first request.</summary>
    public async Task CompareAllAsync(CancellationToken cancel)
    {
        foreach (var noted in state.All)
        {
            if (TenantOf(noted.Origin) is not { } tenantId) continue;

            var log = await logs.FindAsync(tenantId, cancel);
            if (log?.Origin != noted.Origin) continue;

            await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
            var (position, incarnation) = await HeadAsync(connection, tenantId, cancel);
            try
            {
                await CompareAsync(connection, log, noted, position, incarnation);
            }
            catch (AuditSigningRefusedException)
            {
                // It is frozen now, which readiness and the log say.
            }
        }
    }

    /// <summary>Compares a log with what was noted of it, thoroughly once in every incarnation of the database.</summary>
    /// <param name="connection">An open connection outside of a transaction.</param>
    /// <param name="log">The log.</param>
    /// <param name="noted">Its newest checkpoint, looked up before the position was read; null when there is none.</param>
    /// <param name="position">The head's.</param>
    /// <param name="incarnation">Names the database since its server's last start.</param>
    /// <exception cref="AuditSigningRefusedException">It is another history; the log is frozen.</exception>
    internal async Task CompareAsync(
        NpgsqlConnection connection, TenantLog log, SignedCheckpoint? noted, long position, string incarnation)
    {
        if (noted is null)
        {
            log.ComparedIn = incarnation;
            return;
        }

        if (noted.Size > position)
        {
            await RefuseAsync(log, noted, null, $"Size {noted.Size} was signed, and the database ends at {position}: it is older.");
        }

        if (log.ComparedIn == incarnation) return;

        LogHash root;
        try
        {
            root = (await LogTree.PeaksAsync(connection, log.TenantId, noted.Size, CancellationToken.None)).Root;
        }
        catch (AuditAlteredException)
        {
            await RefuseAsync(log, noted, null, $"Size {noted.Size} was signed, and tiles below it are missing.");
            throw;
        }

        if (root != noted.Root) await RefuseAsync(log, noted, root, $"Size {noted.Size} was signed with another root.");
        log.ComparedIn = incarnation;
    }

    async Task RefuseAsync(TenantLog log, SignedCheckpoint noted, LogHash? ours, string reason)
    {
        AuditMetrics.RestoreRefused.Add(1);
        await frozen.FreezeAsync(log, noted.Size, ours, noted.Root, reason, CancellationToken.None);
        throw new AuditSigningRefusedException();
    }

    static async Task<(long Position, string Incarnation)> HeadAsync(
        NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));
        batch.Add($"select position, {LogTree.Incarnation} from stet.tenant_head where tenant_id = $1", Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        await rows.ReadAsync(cancel);
        return (rows.GetInt64(0), rows.GetString(1));
    }

    static string? TenantOf(string origin)
    {
        const string Before = "/v1/tenants/";
        var start = origin.IndexOf(Before, StringComparison.Ordinal);
        if (start < 0) return null;

        var rest = origin.AsSpan(start + Before.Length);
        return rest.Length > 36 && Caller.IsTenantId(rest[..36]) ? rest[..36].ToString() : null;
    }
}
