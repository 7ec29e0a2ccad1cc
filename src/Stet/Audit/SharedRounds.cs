namespace Stet.Audit;

/// <summary>
/// Rounds of work that requests share, one at a time. Who comes while a round runs gets the next one, so that what
/// anybody gets was begun after asking for it.
/// </summary>
sealed class SharedRounds<T>
{
    readonly Lock gate = new();
    Round? waiting;
    Task running = Task.CompletedTask;

    /// <summary>The result of a round that has not begun yet.</summary>
    /// <param name="run">The work; it gets the most that anybody in the round asked for.</param>
    /// <param name="demand">What this caller asks for.</param>
    /// <param name="cancel">Ends the wait, not the round.</param>
    public Task<T> JoinAsync(Func<long, Task<T>> run, long demand, CancellationToken cancel)
    {
        lock (gate)
        {
            var round = waiting;
            if (round is null)
            {
                round = waiting = new Round();
                running = round.Result = RunAsync(round, running, run);
            }

            round.Raise(demand);
            return round.Result.WaitAsync(cancel);
        }
    }

    async Task<T> RunAsync(Round round, Task before, Func<long, Task<T>> run)
    {
        await Task.Yield(); // not under the caller's lock
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate) waiting = null;
        return await run(round.Demand);
    }

    sealed class Round
    {
        public Task<T> Result { get; set; } = null!;

        public long Demand { get; private set; }

        public void Raise(long demand) => Demand = Math.Max(Demand, demand);
    }
}
