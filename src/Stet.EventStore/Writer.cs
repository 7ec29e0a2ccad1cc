using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Stet.EventStore;

/// <summary>
/// Group commit: commands that arrive while a transaction commits are decided and written together in the next one.
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
        var batch = new List<PendingAppend>();
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            var commands = 0;
            while (commands < options.MaxBatch && queue.Reader.TryRead(out var request))
            {
                batch.Add(request);
                commands += request.Commands.Count;
            }

            Interlocked.Add(ref waiting, -commands);
            StoreMetrics.Waiting.Add(-commands);
            StoreMetrics.BatchSize.Record(commands);
            var started = Stopwatch.GetTimestamp();
            await WriteAsync(batch);
            StoreMetrics.BatchDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>Writes a batch whatever it takes: waits out a database that is away, and halves around an offender.</summary>
    async Task WriteAsync(List<PendingAppend> requests)
    {
        long? failing = null;
        while (true)
        {
            try
            {
                await session.WriteAsync(requests, stopped.Token);
                if (down) StoreLog.Recovered(logger);
                Volatile.Write(ref down, false);
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
                Fail(requests, Stopping(e));
                return;
            }
            catch (Exception e) when (requests.Count > 1)
            {
                StoreLog.Halving(logger, requests.Count, e.Message);
                var half = requests.Count / 2;
                await WriteAsync(requests[..half]);
                await WriteAsync(requests[half..]);
                return;
            }
            catch (Exception e) // the offender, alone: its caller gets to see it
            {
                Fail(requests, e);
                return;
            }
        }
    }

    static void Fail(List<PendingAppend> requests, Exception e)
    {
        foreach (var request in requests) request.Fail(e);
    }

    static StoreUnavailableException Unavailable(Exception e) =>
        new("the database did not answer; the command may have been recorded all the same", TimeSpan.FromSeconds(5), e);

    static StoreUnavailableException Stopping(Exception? e = null) =>
        new("the service is stopping", TimeSpan.FromSeconds(5), e);
}
