using System.Data;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Outages;

/// <summary>
/// Leaves signs of life in the database, one in five seconds while commands can be recorded there, and turns the gap that it finds when it arrives there into an
/// outage.
/// </summary>
/// <remarks>
/// Every instance keeps one connection for this, which holds a shared advisory lock: as long as any instance holds it,
/// the service is there. An instance arrives when it starts, and again when it has lost that connection: a time in which no
/// sign could be left counts like a time without the service, and a connection that was lost is noticed before the gap is
/// long enough to be taken for one.
/// </remarks>
public sealed class LifeSigns(StoreConnections connections, TimeProvider clock, ILogger<LifeSigns> logger)
    : IHostedService, IAsyncDisposable
{
    const long LockId = 0x5374_6575;

    static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // A quick restart is no outage: a system that has to report more often is late until it has.
    static readonly TimeSpan ShortestOutage = TimeSpan.FromSeconds(10);

    readonly SemaphoreSlim one = new(1, 1);
    readonly CancellationTokenSource leaving = new();
    Task looking = Task.CompletedTask;
    NpgsqlConnection? connection;
    bool hasArrived;
    DateTime? missingSince;
    long lastSign;

    /// <summary>The sign that is under way, or the last one; never fails.</summary>
    internal Task Signing { get; private set; } = Task.CompletedTask;

    /// <summary>Leaves a sign if one is due; returns at once and never fails.</summary>
    public void Sign()
    {
        var (now, last) = (clock.GetUtcNow().UtcTicks, Volatile.Read(ref lastSign));
        if (Math.Abs(now - last) < Every.Ticks) return;
        if (Interlocked.CompareExchange(ref lastSign, now, last) == last) Signing = WriteAsync();
    }

    /// <summary>Arrives before the first request is taken.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref lastSign, clock.GetUtcNow().UtcTicks);
        await WriteAsync();
        looking = SignIdlyAsync();
    }

    /// <summary>Leaves the last sign, so that an outage starts here.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await WriteAsync();
        await DisposeAsync();
    }

    /// <summary>Leaves without a sign, as a crash does; may be repeated.</summary>
    public async ValueTask DisposeAsync()
    {
        await leaving.CancelAsync();
        await looking;
        await one.WaitAsync(); // itself it needs no disposal, as nobody asks for its wait handle
        await LeaveAsync();
        one.Release();
    }

    async Task SignIdlyAsync()
    {
        while (!leaving.IsCancellationRequested)
        {
            await Task.Delay(Look, clock, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!leaving.IsCancellationRequested) Sign();
        }
    }

    async Task WriteAsync()
    {
        await one.WaitAsync();
        try
        {
            if (connection is not null && await TrySignAsync(connection)) return;

            await LeaveAsync();
            connection = await connections.Writer.OpenConnectionAsync();
            await ArriveAsync(connection);
            (hasArrived, missingSince) = (true, null);
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            missingSince ??= Now() - Every; // when a sign was last due
            LifeSignsLog.NotLeft(logger, e.Message);
            await LeaveAsync();
        }
        finally
        {
            one.Release();
        }
    }

    async Task ArriveAsync(NpgsqlConnection session)
    {
        await using var alone = new NpgsqlCommand("select pg_try_advisory_lock($1)", session) { Parameters = { Scalar(LockId) } };
        var isAlone = (bool)(await alone.ExecuteScalarAsync())!;

        // Whether there was a service before this process, only the last sign tells.
        var earliest = hasArrived ? missingSince ?? Now() : DateTime.UnixEpoch;

        // Who is not alone waits here for an instance that is just arriving, before a sign of its own closes the gap.
        await using var batch = new NpgsqlBatch(session);
        if (isAlone)
        {
            batch.Add("""
                insert into stet.service_outage (started_at, ended_at)
                select greatest(last_sign_at, $3), $1 from stet.service_life where $1 - greatest(last_sign_at, $3) > $2
                """, Scalar(Now()), Scalar(ShortestOutage), Scalar(earliest));
            AddSign(batch);
            batch.Add("select pg_advisory_lock_shared($1)", Scalar(LockId));
        }
        else
        {
            batch.Add("select pg_advisory_lock_shared($1)", Scalar(LockId));
            AddSign(batch);
        }

        var changed = await batch.ExecuteNonQueryAsync();
        if (!isAlone) return;

        if (changed > 1) LifeSignsLog.OutageRecorded(logger);
        await using var unlock = new NpgsqlCommand("select pg_advisory_unlock($1)", session) { Parameters = { Scalar(LockId) } };
        await unlock.ExecuteNonQueryAsync();
    }

    async Task<bool> TrySignAsync(NpgsqlConnection session)
    {
        try
        {
            await using var batch = new NpgsqlBatch(session);
            AddSign(batch);
            await batch.ExecuteNonQueryAsync();
            return true;
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            return false;
        }
    }

    void AddSign(NpgsqlBatch batch)
    {
        batch.AddWriteProbe(StetApplication.Schema.Count);
        batch.Add("""
            insert into stet.service_life (last_sign_at) values ($1)
            on conflict (id) do update set last_sign_at = greatest(service_life.last_sign_at, excluded.last_sign_at)
            """, Scalar(Now()));
    }

    // Whoever calls this holds the semaphore: a connection must not be closed under a sign that is on its way.
    async Task LeaveAsync()
    {
        if (connection is null) return;

        var left = connection;
        connection = null;
        try
        {
            if (left.FullState == ConnectionState.Open)
            {
                await using var unlock = new NpgsqlCommand("select pg_advisory_unlock_all()", left);
                await unlock.ExecuteNonQueryAsync();
            }
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            // The server frees the locks of a broken connection by itself.
        }

        await left.DisposeAsync();
    }

    DateTime Now() => clock.GetUtcNow().UtcDateTime;

    static bool IsOfDatabase(Exception e) => e is NpgsqlException or IOException or InvalidOperationException or TimeoutException;
}

static partial class LifeSignsLog
{
    [LoggerMessage(90, LogLevel.Warning, "No sign of life was left in the database: {Reason}")]
    public static partial void NotLeft(ILogger logger, string reason);

    [LoggerMessage(91, LogLevel.Warning, "The service was away; the time counts as an outage")]
    public static partial void OutageRecorded(ILogger logger);
}
