namespace Stet.Audit;

/// <summary>
/// Work that requests at one time share. One round runs at a time; who comes while it runs gets the next one, so that what
/// anybody gets was begun after asking for it.
/// </summary>
/// <typeparam name="TDemand">What each asks for.</typeparam>
/// <typeparam name="T">What all of a round get.</typeparam>
sealed class SharedRounds<TDemand, T>
{
    readonly Lock gate = new();
    Round? waiting;
    Task running = Task.CompletedTask;

    /// <summary>The result of a round that has not begun yet.</summary>
    /// <param name="run">The work; it gets what each in the round asked for.</param>
    /// <param name="demand">What this caller asks for.</param>
    /// <param name="cancel">Ends the wait, not the round.</param>
    public Task<T> JoinAsync(Func<IReadOnlyList<TDemand>, Task<T>> run, TDemand demand, CancellationToken cancel)
    {
        lock (gate)
        {
            var round = waiting;
            if (round is null)
            {
                round = waiting = new Round();
                running = round.Result = RunAsync(round, running, run);
            }

            round.Demands.Add(demand);
            return round.Result.WaitAsync(cancel);
        }
    }

    async Task<T> RunAsync(Round round, Task before, Func<IReadOnlyList<TDemand>, Task<T>> run)
    {
        await Task.Yield(); // not under the caller's lock
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate) waiting = null;
        return await run(round.Demands);
    }

    sealed class Round
    {
        public Task<T> Result { get; set; } = null!;

        public List<TDemand> Demands { get; } = [];
    }
}
