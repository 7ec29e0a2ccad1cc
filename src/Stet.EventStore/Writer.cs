using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Stet.EventStore;

/// <summary>
/// Group commit: commands that arrive while a transaction commits are decided meanwhile and written together in the next one.
/// </summary>
sealed class Writer : IAsyncDisposable
{
    readonly Channel<PendingAppend> queue = Channel.CreateUnbounded<PendingAppend>(new() { SingleReader = true });
    readonly CancellationTokenSource stopped = new();
    readonly WriterSession session;
    readonly StoreOptions options;
    readonly TimeProvider clock;
    readonly ILogger logger;
    readonly Task loop;
    Task<bool>? arrival;
    PendingAppend? held;
    long? contended;
    int waiting;
    bool down;

    public Writer(WriterSession session, StoreOptions options, TimeProvider clock, ILogger logger)
    {
        (this.session, this.options, this.clock, this.logger) = (session, options, clock, logger);
        loop = Task.Run(RunAsync);
    }

    /// <summary>Whether the last batch reached the database.</summary>
    public bool Healthy => !Volatile.Read(ref down) && !loop.IsCompleted;

    public int Waiting => Volatile.Read(ref waiting);

    // With another instance at the same heads, decisions without their locks are often in vain.
    bool IsContended => contended is { } since && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(1);

    public Task<AppendResult[]> EnqueueAsync(PendingAppend request)
    {
        if (Interlocked.Add(ref waiting, request.Commands.Count) > options.QueueCapacity)
        {
            Interlocked.Add(ref waiting, -request.Commands.Count);
            throw new StoreBusyException();
        }

        if (!queue.Writer.TryWrite(request))
        {
            Interlocked.Add(ref waiting, -request.Commands.Count);
            throw Stopping();
        }

        StoreMetrics.Waiting.Add(request.Commands.Count);
        return request.Task;
    }

    /// <summary>Takes no new command, answers those that wait (within the patience), then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!queue.Writer.TryComplete()) return;

        stopped.CancelAfter(options.Patience);
        await loop;
        await session.DisposeAsync();
        stopped.Dispose();
    }

    async Task RunAsync()
    {
        while (held is not null || await ArrivalAsync())
        {
            var unit = session.Begin(before: null);
            Take(unit);
            if (IsContended || !await IsDecidedAsync(unit)) await WriteAsync(unit);
            else while (unit.Commands > 0) unit = await CommitAsync(unit);
        }
    }

    /// <summary>Commits a batch.</summary>
    /// <returns>The next one: of what arrived meanwhile, and decided.</returns>
    async Task<WriteUnit> CommitAsync(WriteUnit unit)
    {
        var commit = session.CommitAsync(unit, stopped.Token);
        var next = session.Begin(before: unit);
        var isDecided = true;
        while (isDecided && await MayTakeAsync(unit, next, commit))
        {
            Take(next);
            isDecided = await IsDecidedAsync(next);
        }

        try
        {
            await commit;
            NoteSuccess();
            Record(unit);
        }
        catch (Exception) // another instance was faster, or there is trouble with the database: under locks it will show
        {
            contended = Stopwatch.GetTimestamp();
            await WriteAsync(unit);
            isDecided = false;
        }

        if (isDecided) return next;
        if (next.Commands > 0) await WriteAsync(next);
        return session.Begin(before: null);
    }

    /// <summary>Whether commands that can go into the next batch wait before a commit ends.</summary>
    async Task<bool> MayTakeAsync(WriteUnit unit, WriteUnit next, Task commit)
    {
        if (held is not null || next.Commands >= options.MaxBatch || unit.HoldsUpNext) return false;

        var arrives = ArrivalAsync();
        return await Task.WhenAny(commit, arrives) == arrives && await arrives;
    }

    /// <summary>Whether commands wait, once some do; false when there will be no more.</summary>
    Task<bool> ArrivalAsync() => arrival is { IsCompleted: false } ? arrival : arrival = queue.Reader.WaitToReadAsync().AsTask();

    /// <summary>Moves commands from the queue into a batch, as many as may join it.</summary>
    void Take(WriteUnit unit)
    {
        var before = unit.Commands;
        while (unit.Commands < options.MaxBatch && (held is not null || queue.Reader.TryRead(out held)) && unit.TryAdd(held)) held = null;

        var taken = unit.Commands - before;
        Interlocked.Add(ref waiting, -taken);
        StoreMetrics.Waiting.Add(-taken);
    }

    async Task<bool> IsDecidedAsync(WriteUnit unit)
    {
        try
        {
            await session.DecideAsync(unit, stopped.Token);
            return true;
        }
        catch (Exception) // under locks it will show what it is
        {
            contended = Stopwatch.GetTimestamp();
            return false;
        }
    }

    async Task WriteAsync(WriteUnit unit)
    {
        await WriteAsync(unit.Requests);
        Record(unit);
    }

    /// <summary>Writes requests under locks, whatever it takes: waits out a database that is away, and halves around an offender.</summary>
    async Task WriteAsync(IReadOnlyList<PendingAppend> requests)
    {
        long? failing = null;
        while (true)
        {
            try
            {
                await session.WriteAsync(requests, stopped.Token);
                NoteSuccess();
                return;
            }
            catch (Exception e) when (PassingFailure.Is(e) && !stopped.IsCancellationRequested)
            {
                failing ??= Stopwatch.GetTimestamp();
                if (down || Stopwatch.GetElapsedTime(failing.Value) > options.Patience)
                {
                    if (!down) StoreLog.Unavailable(logger, e);
                    Volatile.Write(ref down, true);
                    await session.ForgetAsync();
                    Fail(requests, Unavailable(e));
                    return;
                }

                StoreLog.Retrying(logger, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, CancellationToken.None);
            }
            catch (Exception e) when (stopped.IsCancellationRequested)
            {
                var failure = session.IsInDoubt ? Unavailable(e) : e as StoreUnavailableException ?? Stopping(e);
                await session.ForgetAsync();
                Fail(requests, failure);
                return;
            }
            catch (Exception e) when (requests.Count > 1 && e is not StoreUnavailableException)
            {
                StoreLog.Halving(logger, requests.Count, e.Message);
                var half = requests.Count / 2;
                await WriteAsync([.. requests.Take(half)]);
                await WriteAsync([.. requests.Skip(half)]);
                return;
            }
            catch (Exception e) // the offender, alone: its caller gets to see it; or all of a batch whose outcome stays unknown
            {
                Fail(requests, e);
                return;
            }
        }
    }

    void NoteSuccess()
    {
        if (down) StoreLog.Recovered(logger);
        Volatile.Write(ref down, false);
    }

    static void Record(WriteUnit unit)
    {
        StoreMetrics.BatchSize.Record(unit.Commands);
        StoreMetrics.BatchDuration.Record(Stopwatch.GetElapsedTime(unit.Started).TotalSeconds);
    }

    static void Fail(IReadOnlyList<PendingAppend> requests, Exception e)
    {
        foreach (var request in requests) request.Fail(e);
    }

    static StoreUnavailableException Unavailable(Exception e) =>
        new("the database did not answer; the command may have been recorded all the same", TimeSpan.FromSeconds(5), e);

    static StoreUnavailableException Stopping(Exception? e = null) =>
        new("the service is stopping", TimeSpan.FromSeconds(5), e);
}
