using Npgsql;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>
/// Finds out that the database was restored from a backup, or promoted from a standby that lagged: it has forgotten
/// checkpoints that the state file or a witness remembers, or leads to other ones. Such a log is frozen. Whether it is another
/// database by now is looked at every second.
/// </summary>
public sealed partial class RestoreGuard(
    StoreConnections connections, TenantLogs logs, StateFile state, WitnessNotes witnesses, FrozenLogs frozen, TimeProvider clock,
    ILogger<RestoreGuard> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    string? compared;

    /// <summary>
    /// Compares every log that the state file knows, before the service takes its first request, and warns of what it cannot
    /// compare.
    /// </summary>
    public async Task CompareAllAsync(CancellationToken cancel)
    {
        if (state.Unread > 0) EndUnread(logger, state.Unread, state.Damaged);
        if (await UnknownAsync(cancel) is [var first, ..] unknown)
        {
            if (witnesses.HasWitnesses) NothingOnFile(logger, unknown.Count, first);
            else NothingToCompare(logger, unknown.Count, first);
        }

        await CompareKnownAsync(cancel);
    }

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeated.RunAsync(CompareKnownAsync, Pause, clock, e => NotLookedAt(logger, e.Message), stoppingToken);

    /// <summary>Compares every log that the state file knows, once in every incarnation of the database.</summary>
    async Task CompareKnownAsync(CancellationToken cancel)
    {
        var incarnation = await IncarnationAsync(cancel);
        if (incarnation == compared) return;

        foreach (var noted in state.All)
        {
            if (LogOrigin.TenantOf(noted.Origin) is not { } tenantId) continue;

            try
            {
                await CompareAsync(tenantId, noted, cancel);
            }
            catch (AuditSigningRefusedException)
            {
                // It is frozen now, which readiness and the log say.
            }
            catch (InstallationKeyException e)
            {
                NotCompared(logger, tenantId, e.Message);
            }
        }

        compared = incarnation;
    }

    async Task CompareAsync(string tenantId, SignedCheckpoint noted, CancellationToken cancel)
    {
        logs.InMemory(tenantId)?.IsStale = true; // it may be of another database
        if (await logs.FindAsync(tenantId, cancel) is not { } log) return;

        var isLater = state.NewestOfLaterEpoch(log.Origin)?.Origin == noted.Origin;
        if (!isLater && log.Origin != noted.Origin) return;

        if (isLater) await RefuseLaterAsync(log, noted);
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await CompareAsync(connection, log, noted, "was signed", await PositionAsync(connection, tenantId, cancel));
    }

    /// <summary>What is known of a log outside the database.</summary>
    /// <param name="log">The log.</param>
    /// <returns>It must be asked for before the database is looked at: what it says was committed before.</returns>
    internal async Task<OutsideNotes> NotesAsync(TenantLog log)
    {
        var connected = logs.Connected;
        var seen = log.Compared?.Connected == connected ? null : await witnesses.NewestAsync(log);
        return new OutsideNotes(connected, state.Newest(log.Origin), state.NewestOfLaterEpoch(log.Origin), seen);
    }

    /// <summary>Compares a log with what is known of it outside, thoroughly once in every incarnation of the database.</summary>
    /// <param name="connection">An open connection outside of a transaction.</param>
    /// <param name="log">The log.</param>
    /// <param name="notes">What is known of it, looked up before the position was read.</param>
    /// <param name="position">The head's.</param>
    /// <param name="isReserved">Whether a size of this epoch is reserved for signing, and so probably signed.</param>
    /// <param name="incarnation">Names the database since its server's last start.</param>
    /// <exception cref="AuditSigningRefusedException">It is another history; the log is frozen.</exception>
    /// <exception cref="AuditLogChangedException">The database was replaced meanwhile: ask for the notes again.</exception>
    internal async Task CompareAsync(
        NpgsqlConnection connection, TenantLog log, OutsideNotes notes, long position, bool isReserved, string incarnation)
    {
        if (notes.Later is { } later) await RefuseLaterAsync(log, later);
        if (log.Compared?.Incarnation != incarnation)
        {
            if (notes.Seen is null)
            {
                log.Compared = null;
                throw new AuditLogChangedException();
            }

            if (notes.Noted is { } noted) await CompareAsync(connection, log, noted, "was signed", position);
            foreach (var seen in notes.Seen)
            {
                if (seen.Signed is { } signed) await CompareAsync(connection, log, signed, $"was cosigned by the witness {seen.Witness}", position);
                else if (isReserved) witnesses.NotSeen(log, seen);
            }
        }
        else if (notes.Noted?.Size > position)
        {
            await CompareAsync(connection, log, notes.Noted, "was signed", position);
        }

        // A series that begins with its first count hides that one from whoever watches how it grows.
        AuditMetrics.RestoreRefused.Add(0);
        AuditMetrics.GuardConflicts.Add(0);
        log.Compared = new Comparison(incarnation, notes.Connected);
    }

    async Task CompareAsync(NpgsqlConnection connection, TenantLog log, SignedCheckpoint noted, string happened, long position)
    {
        if (noted.Size > position)
            await RefuseAsync(log, noted, null, $"Size {noted.Size} {happened}, and the database ends at {position}: it is older.");

        LogHash root;
        try
        {
            root = (await LogTree.PeaksAsync(connection, log.TenantId, noted.Size, CancellationToken.None)).Root;
        }
        catch (AuditAlteredException)
        {
            await RefuseAsync(log, noted, null, $"Size {noted.Size} {happened}, and tiles below it are missing.");
            throw;
        }

        if (root != noted.Root) await RefuseAsync(log, noted, root, $"Size {noted.Size} {happened} with another root.");
    }

    Task RefuseLaterAsync(TenantLog log, SignedCheckpoint later) => RefuseAsync(
        log, later, null,
        $"Size {later.Size} was signed as {later.Origin}, and the database knows no epoch after {log.Epoch}: it is older, or another one.");

    async Task RefuseAsync(TenantLog log, SignedCheckpoint noted, LogHash? ours, string reason)
    {
        AuditMetrics.RestoreRefused.Add(1);
        await frozen.FreezeAsync(log, noted.Size, ours, noted.Root, reason);
        throw new AuditSigningRefusedException();
    }

    async Task<string> IncarnationAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand($"select {StoreConnections.Incarnation}");
        return (string)(await command.ExecuteScalarAsync(cancel))!;
    }

    static async Task<long> PositionAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("select position from stet.tenant_head where tenant_id = $1", Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        await rows.ReadAsync(cancel);
        return rows.GetInt64(0);
    }

    /// <summary>The logs that have signed something of which the state file knows nothing.</summary>
    async Task<IReadOnlyList<string>> UnknownAsync(CancellationToken cancel)
    {
        var unknown = new List<string>();
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_signed_origins()");
        await using var rows = await command.ExecuteReaderAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            if (state.Newest(rows.GetString(0)) is null) unknown.Add(rows.GetString(0));
        }

        return unknown;
    }

    [LoggerMessage(35, LogLevel.Warning,
        "The last {Bytes} bytes of the state file cannot be read and are dropped: a crash left them, or it was damaged; the file as it was is {Copy}")]
    static partial void EndUnread(ILogger logger, int bytes, string copy);

    [LoggerMessage(36, LogLevel.Warning,
        "There is nothing to compare {Count} signed logs with, {First} first: neither the state file nor a witness tells whether the database has lost events")]
    static partial void NothingToCompare(ILogger logger, int count, string first);

    [LoggerMessage(37, LogLevel.Warning,
        "The state file knows nothing of {Count} signed logs, {First} first: only what witnesses have seen tells whether the database has lost events")]
    static partial void NothingOnFile(ILogger logger, int count, string first);

    [LoggerMessage(47, LogLevel.Critical, "The audit log of {TenantId} is not compared with what was signed: {Reason}")]
    static partial void NotCompared(ILogger logger, string tenantId, string reason);

    [LoggerMessage(48, LogLevel.Warning, "Whether the database has lost what was signed is looked at later: {Reason}")]
    static partial void NotLookedAt(ILogger logger, string reason);
}

/// <summary>What is known of a log outside the database, at one moment.</summary>
/// <param name="Connected">The writer's connection at that moment, see <see cref="TenantLogs.Connected"/>.</param>
/// <param name="Noted">What the state file has; null when it has nothing.</param>
/// <param name="Later">What the state file has of a later epoch of it, the last one; null when it has nothing.</param>
/// <param name="Seen">What witnesses have; null when they were not asked, for they were on that connection already.</param>
sealed record OutsideNotes(
    int Connected, SignedCheckpoint? Noted, SignedCheckpoint? Later, IReadOnlyList<SeenCheckpoint>? Seen);

/// <summary>When a log was last found to be what is known of it outside.</summary>
/// <param name="Incarnation">In which incarnation of the database.</param>
/// <param name="Connected">On which of the writer's connections.</param>
sealed record Comparison(string Incarnation, int Connected);
