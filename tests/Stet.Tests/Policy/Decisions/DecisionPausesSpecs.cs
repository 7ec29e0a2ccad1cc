using Stet.Policy.Decisions;

namespace Stet.Tests.Policy.Decisions;

public class DecisionPausesSpecs
{
    [Fact]
    public async Task Decisions_of_a_tenant_wait_until_it_is_let_go()
    {
        var pauses = new DecisionPauses();
        var held = pauses.Hold("a").ShouldNotBeNull();

        var waiting = pauses.PassAsync("a", CancellationToken.None);
        await pauses.PassAsync("b", CancellationToken.None);

        waiting.IsCompleted.ShouldBeFalse();
        pauses.Hold("a").ShouldBeNull();
        held.Dispose();
        await waiting;
        await pauses.PassAsync("a", CancellationToken.None);
    }

    [Fact]
    public async Task Who_goes_away_does_not_wait()
    {
        var pauses = new DecisionPauses();
        using var held = pauses.Hold("a");
        using var gone = new CancellationTokenSource();
        var waiting = pauses.PassAsync("a", gone.Token).AsTask();

        await gone.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }
}
