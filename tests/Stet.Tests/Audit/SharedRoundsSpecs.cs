using Stet.Audit;

namespace Stet.Tests.Audit;

public class SharedRoundsSpecs
{
    [Fact]
    public async Task Who_comes_while_a_round_runs_shares_the_next_one()
    {
        var rounds = new SharedRounds<long, long>();
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        var runs = 0;

        var first = rounds.JoinAsync(RunAsync, 1, CancellationToken.None);
        await begun.Task;
        var (second, third) = (rounds.JoinAsync(RunAsync, 2, CancellationToken.None), rounds.JoinAsync(RunAsync, 7, CancellationToken.None));
        release.SetResult();

        (await first, await second, await third).ShouldBe((1, 7, 7));
        runs.ShouldBe(2);

        async Task<long> RunAsync(IReadOnlyList<long> demands)
        {
            runs++;
            begun.TrySetResult();
            await release.Task;
            return demands.Max();
        }
    }

    [Fact]
    public async Task A_round_that_fails_or_is_left_does_not_hold_up_the_next()
    {
        var rounds = new SharedRounds<long, long>();
        using var left = new CancellationTokenSource();
        await left.CancelAsync();

        await Should.ThrowAsync<InvalidDataException>(() => rounds.JoinAsync(_ => throw new InvalidDataException(), 1, CancellationToken.None));
        await Should.ThrowAsync<OperationCanceledException>(() => rounds.JoinAsync(MostAsync, 2, left.Token));

        (await rounds.JoinAsync(MostAsync, 3, CancellationToken.None)).ShouldBe(3);
    }

    // The one who left may still be in the round.
    static Task<long> MostAsync(IReadOnlyList<long> demands) => Task.FromResult(demands.Max());
}
