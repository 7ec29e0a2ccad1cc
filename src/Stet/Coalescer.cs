namespace Stet;

/// <summary>
/// Lets callers that ask the same thing at the same time share one run: who comes while one is under way gets the
/// result of the next. Nobody gets a result whose run had started before the call.
/// </summary>
/// <param name="run">Finds the result of a key; runs once at a time per key, on no caller's behalf.</param>
public sealed class Coalescer<TKey, TResult>(Func<TKey, Task<TResult>> run)
    where TKey : notnull
{
    /// <summary>Keys with a run under way, and those who wait for the run after it; null when nobody does.</summary>
    readonly Dictionary<TKey, TaskCompletionSource<TResult>?> underWay = [];
    readonly Lock gate = new();

    /// <summary>The result of a run that starts after this call.</summary>
    /// <param name="key">What is asked for.</param>
    /// <param name="cancel">Ends this caller's wait, not the run.</param>
    public Task<TResult> RunAsync(TKey key, CancellationToken cancel)
    {
        TaskCompletionSource<TResult> mine;
        lock (gate)
        {
            if (underWay.TryGetValue(key, out var next))
            {
                if (next is null) underWay[key] = next = NewWaiters();
                return next.Task.WaitAsync(cancel);
            }

            underWay[key] = null;
            mine = NewWaiters();
        }

        _ = RunUntilNobodyWaitsAsync(key, mine);
        return mine.Task.WaitAsync(cancel);
    }

    async Task RunUntilNobodyWaitsAsync(TKey key, TaskCompletionSource<TResult> waiters)
    {
        while (true)
        {
            try
            {
                waiters.SetResult(await run(key));
            }
            catch (Exception e) // whatever goes wrong is the answer of those who wait for it
            {
                waiters.SetException(e);
            }

            lock (gate)
            {
                if (underWay[key] is not { } next)
                {
                    underWay.Remove(key);
                    return;
                }

                underWay[key] = null;
                waiters = next;
            }
        }
    }

    static TaskCompletionSource<TResult> NewWaiters() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
