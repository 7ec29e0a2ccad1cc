using Npgsql;
using Stet.EventStore;

namespace Stet.Audit.SelfCheck;

/// <summary>
/// Reads every log again once in an interval, slowly enough to be no burden. Any number of instances may run: a tenant's log
/// is swept by one of them at a time, and a sweep goes on where an earlier process left it.
/// </summary>
sealed class BackgroundSweep(
    StoreConnections connections, InstallationKeys installation, StateFile state, SelfCheckOptions options, SelfCheckMetrics metrics,
    TimeProvider clock, ILogger<BackgroundSweep> logger) : BackgroundService
{
    const int PageSize = 1_024;
    const int PagesBetweenSaves = 16;
    const int MostTenants = 1_000;

    // A log that was wiped out is an alarm, not a flood of them.
    const int MostLogged = 100;

    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Repeated.RunAsync(
        async cancel =>
        {
            try
            {
                await RoundAsync(cancel);
            }
            finally
            {
                metrics.Reached(0);
            }
        },
        Pause, clock, e => SelfCheckLog.Away(logger, e.Message), stoppingToken);

    /// <summary>Sweeps all logs that are due now.</summary>
    internal async Task RoundAsync(CancellationToken cancel)
    {
        // Its locks end with it, whatever happens.
        await using var connection = await connections.Subscriber.OpenConnectionAsync(cancel);
        var due = Now() - options.Interval;
        metrics.Summarize(await SelfChecks.SummaryAsync(connection, cancel));
        foreach (var tenantId in await SelfChecks.DueAsync(connection, due, MostTenants, cancel))
        {
            if (!await SessionLock.TryTakeAsync(connection, SelfCheckProgress.LockOf(tenantId), cancel)) continue;

            try
            {
                await SweepAsync(connection, tenantId, due, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested && !PassingFailure.Is(e))
            {
                SelfCheckLog.NotChecked(logger, tenantId, e.Message);
            }

            await SessionLock.ReleaseAsync(connection, SelfCheckProgress.LockOf(tenantId));
        }
    }

    async Task SweepAsync(NpgsqlConnection connection, string tenantId, DateTime due, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        if (await SelfCheckProgress.ReadAsync(connection, tenantId, due, cancel) is not { } progress) return;

        var resumed = progress.State is null
            ? null
            : await TenantSweep.ResumeAsync(connection, installation, tenantId, PageSize, progress.State, cancel);
        if (resumed is null) progress = SelfCheckProgress.None;
        using var sweep = resumed ?? await TenantSweep.BeginAsync(connection, installation, tenantId, PageSize, state.Newest, cancel);
        var logged = 0;
        try
        {
            for (var pages = 1; ; pages++)
            {
                var found = await sweep.NextAsync(connection, cancel);
                progress = progress.With(found);
                Log(found, ref logged);
                metrics.Reached(sweep.Position);
                if (sweep.IsDone) break;

                if (found.Count > 0 || pages % PagesBetweenSaves == 0) await SaveAsync();
                if (found.Count > 0) metrics.Summarize(await SelfChecks.SummaryAsync(connection, cancel));
                await PaceAsync(began, cancel);
                began = clock.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            if (sweep.Position > 0) await SaveAsync();
            throw;
        }

        await progress.CompleteAsync(connection, tenantId, Now());
        metrics.Summarize(await SelfChecks.SummaryAsync(connection, cancel));
        if (progress.Missing + progress.Altered > 0)
            SelfCheckLog.Unsound(logger, tenantId, sweep.Target, progress.Missing, progress.Altered);
        await PaceAsync(began, cancel);

        Task SaveAsync() => (progress with { State = sweep.State() }).SaveAsync(connection, tenantId, sweep.Position, Now());
    }

    /// <summary>Rests for as long as the share demands after work that began then.</summary>
    Task PaceAsync(long began, CancellationToken cancel) => Task.Delay(clock.GetElapsedTime(began) * ((1 / options.Share) - 1), clock, cancel);

    void Log(IReadOnlyList<Finding> found, ref int logged)
    {
        foreach (var finding in found)
        {
            if (logged++ >= MostLogged) return;
            SelfCheckLog.Found(logger, finding.TenantId, finding.State, finding.Position, finding.Until, string.Join(", ", finding.PartNames()));
        }
    }

    DateTime Now() => clock.GetUtcNow().UtcDateTime;
}

static partial class SelfCheckLog
{
    [LoggerMessage(40, LogLevel.Error, "Audit log of {TenantId}: {State} at positions {Position} to {Until}: {Parts}")]
    public static partial void Found(ILogger logger, string tenantId, PositionState state, long position, long until, string parts);

    [LoggerMessage(41, LogLevel.Error, "Audit log of {TenantId}, checked to position {Position}: {Missing} missing, {Altered} altered; `stet audit selfcheck --tenant {TenantId}` names them all")]
    public static partial void Unsound(ILogger logger, string tenantId, long position, long missing, long altered);

    [LoggerMessage(42, LogLevel.Warning, "Audit logs cannot be checked now and will be later: {Reason}")]
    public static partial void Away(ILogger logger, string reason);

    [LoggerMessage(43, LogLevel.Error, "Audit log of {TenantId} cannot be checked: {Reason}")]
    public static partial void NotChecked(ILogger logger, string tenantId, string reason);
}
