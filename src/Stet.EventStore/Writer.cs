using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

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
    CancellationTokenSource patience = new();
    Task<bool>? arrival;
    PendingAppend? held;
    WriteUnit? unanswered;
    WriteUnit? last;
    long? committed;
    long? contended;
    long? repeated;
    long busySince;
    long newest;
    int waiting;
    Exception? failure;
    string? trouble;

    public Writer(WriterSession session, StoreOptions options, TimeProvider clock, ILogger logger)
    {
        (this.session, this.options, this.clock, this.logger) = (session, options, clock, logger);
        loop = Task.Run(RunAsync);
    }

    /// <summary>Why nothing is written; null when the last batch was, or could have been.</summary>
    public string? Trouble => Volatile.Read(ref trouble)
        ?? (loop.IsCompleted ? "the service is stopping"
            : Volatile.Read(ref busySince) is not 0 and var since && Stopwatch.GetElapsedTime(since) > options.Patience ? NoAnswer
            : null);

    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>The time of the newest event that was met.</summary>
    public DateTimeOffset Newest => new(Volatile.Read(ref newest), TimeSpan.Zero);

    bool IsDown => trouble is not null;

    string NoAnswer => $"no answer within {options.Patience.TotalSeconds:0.###} s";

    // What it left behind is where the next one begins, for as long as others have probably not written since.
    WriteUnit? Last => IsYoung(committed, TimeSpan.FromSeconds(1)) ? last : null;

    // With another instance at the same heads, decisions without their locks are often in vain.
    bool IsContended => IsYoung(contended, TimeSpan.FromSeconds(1));

    // While commands come again, looking for their marks costs less than writing batches twice.
    bool AssumesNew => !IsYoung(repeated, TimeSpan.FromSeconds(10));

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
        patience.Dispose();
        stopped.Dispose();
    }

    async Task RunAsync()
    {
        while (held is not null || await NextAsync())
        {
            var unit = session.Begin(Last, AssumesNew);
            Take(unit);
            if (held is not null && unit.Commands == 0)
            {
                last = null; // a state is wanted of which it knows the version alone
                continue;
            }

            BePatient(unit.Requests);
            if (IsContended || !await IsDecidedAsync(unit)) await WriteAsync(unit);
            else
            {
                while (unit.Commands > 0)
                {
                    unit = await CommitAsync(unit);
                    BePatient(unit.Requests);
                }
            }

            Volatile.Write(ref busySince, 0);
        }
    }

    /// <summary>
    /// Sets how long a batch may take: as long as the patience lasts, which began when its oldest command came if that was
    /// in the midst of trouble. A long queue alone is none.
    /// </summary>
    void BePatient(IReadOnlyList<PendingAppend> requests)
    {
        var since = Stopwatch.GetTimestamp();
        Volatile.Write(ref busySince, since);
        if (IsDown && requests.Count > 0) since = requests[0].Arrived;
        var left = options.Patience - Stopwatch.GetElapsedTime(since);

        patience.Dispose();
        patience = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token);
        patience.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    /// <summary>Commits a batch.</summary>
    /// <returns>The next one: of what arrived meanwhile, and decided.</returns>
    async Task<WriteUnit> CommitAsync(WriteUnit unit)
    {
        var commit = session.CommitAsync(unit, patience.Token);
        Answer();
        var next = session.Begin(before: unit, AssumesNew);
        var isDecided = true;
        while (isDecided && await MayTakeAsync(unit, next, commit))
        {
            Take(next);
            isDecided = await IsDecidedAsync(next);
        }

        try
        {
            await commit;
            session.Keep(unit);
            unanswered = unit;
            (last, committed) = (unit.HoldsUpNext ? null : unit, clock.GetTimestamp());
            if (unit.Events.Count > 0) NoteSuccess(); // nothing was written else
            Record(unit);
        }
        catch (Exception e) // a command came again, another instance was faster, or there is trouble: under locks it will show
        {
            NoteFailure(e);
            if (UnitWrite.IsRepetition(e)) repeated = clock.GetTimestamp();
            else contended = clock.GetTimestamp();
            await WriteAsync(unit);
            isDecided = false;
        }

        if (next.Commands == 0 || !isDecided) Answer();
        if (isDecided) return next;
        BePatient(next.Requests);
        if (next.Commands > 0) await WriteAsync(next);
        return session.Begin(before: null);
    }

    /// <summary>Answers the batch that is durable: once the next one is on its way, for answers wake threads that would hold that up.</summary>
    void Answer()
    {
        unanswered?.Answer();
        unanswered = null;
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

    /// <summary>
    /// As <see cref="ArrivalAsync"/>; until then, a database that was away is tried each second: nobody sends commands to an
    /// instance that is not ready.
    /// </summary>
    async Task<bool> NextAsync()
    {
        var arrives = ArrivalAsync();
        while (IsDown && await Task.WhenAny(arrives, Task.Delay(TimeSpan.FromSeconds(1), clock, CancellationToken.None)) != arrives)
        {
            BePatient([]);
            try
            {
                await session.TryAsync(patience.Token);
                NoteSuccess();
            }
            catch (Exception e)
            {
                NoteFailure(e);
            }

            Volatile.Write(ref busySince, 0);
        }

        return await arrives;
    }

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
            await session.DecideAsync(unit, patience.Token);
            return true;
        }
        catch (Exception e) // under locks it will show what it is
        {
            NoteFailure(e);
            contended = clock.GetTimestamp();
            return false;
        }
    }

    async Task WriteAsync(WriteUnit unit)
    {
        last = null;
        await WriteAsync(unit.Requests);
        Record(unit);
    }

    /// <summary>Writes requests under locks: waits out trouble with the database for a while, and halves around an offender.</summary>
    async Task WriteAsync(IReadOnlyList<PendingAppend> requests)
    {
        while (true)
        {
            try
            {
                patience.Token.ThrowIfCancellationRequested();
                await session.WriteAsync(requests, patience.Token);
                NoteSuccess();
                return;
            }
            catch (Exception e) when ((PassingFailure.Is(e) || e is OperationCanceledException) && !stopped.IsCancellationRequested)
            {
                NoteFailure(e);
                if (IsDown || patience.IsCancellationRequested)
                {
                    if (!IsDown) StoreLog.Unavailable(logger, Reason, failure ?? e);
                    Volatile.Write(ref trouble, Reason);
                    await session.ForgetAsync();
                    Fail(requests, Unavailable(e));
                    return;
                }

                StoreLog.Retrying(logger, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, CancellationToken.None);
            }
            catch (Exception e) when (stopped.IsCancellationRequested)
            {
                var answer = session.IsInDoubt ? Unavailable(e) : e as StoreUnavailableException ?? Stopping(e);
                await session.ForgetAsync();
                Fail(requests, answer);
                return;
            }
            catch (Exception e) when (requests.Count > 1 && e is not StoreUnavailableException)
            {
                StoreLog.Halving(logger, requests.Count, e.Message);
                var half = requests.Count / 2;
                foreach (var some in (PendingAppend[][])[[.. requests.Take(half)], [.. requests.Skip(half)]])
                {
                    BePatient(some);
                    await WriteAsync(some);
                }

                return;
            }
            catch (Exception e) // the offender, alone: its caller gets to see it; or all of a batch whose outcome stays unknown
            {
                Fail(requests, e);
                return;
            }
        }
    }

    bool IsYoung(long? timestamp, TimeSpan age) => timestamp is { } since && clock.GetElapsedTime(since) < age;

    void NoteSuccess()
    {
        if (IsDown) StoreLog.Recovered(logger);
        failure = null;
        Volatile.Write(ref trouble, null);
    }

    void NoteFailure(Exception e)
    {
        if (PassingFailure.Is(e)) failure = e;
    }

    /// <summary>Why the database does not write, in words that name no machine.</summary>
    string Reason => failure switch
    {
        PostgresException e => $"{e.SqlState}: {e.MessageText}",
        null => NoAnswer,
        _ => "the database does not answer",
    };

    void Record(WriteUnit unit)
    {
        NoteTimes(unit);
        StoreMetrics.BatchSize.Record(unit.Commands);
        StoreMetrics.BatchDuration.Record(Stopwatch.GetElapsedTime(unit.Started).TotalSeconds);
    }

    /// <summary>Times do not fall as positions rise: what a clock that was ahead has written is newer than one that was set back.</summary>
    void NoteTimes(WriteUnit unit)
    {
        var now = clock.GetUtcNow();
        var wasAhead = Newest - now > Store.ClockTolerance;
        foreach (var tenant in unit.Tenants) Volatile.Write(ref newest, Math.Max(newest, tenant.Now.UtcTicks));

        var ahead = Newest - now;
        StoreMetrics.Ahead.Record(Math.Max(0, ahead.TotalSeconds));
        if (!wasAhead && ahead > Store.ClockTolerance) StoreLog.Ahead(logger, (long)ahead.TotalSeconds);
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
