namespace Stet.EventStore.Tests;

public class LatestStateTests
{
    [Fact]
    public async Task The_newest_event_tells_the_state_in_a_batch_and_after_it()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();
        var seen = new LastEntry?[4];
        var hold = await test.HoldWriterAsync();

        var first = test.AppendAsync(Record(0, new MoneyDeposited(7), new MoneyWithdrawn(2)));
        var second = test.AppendAsync(Record(1, new MoneyDeposited(5)));
        hold.Release();
        await Task.WhenAll(first, second);
        await test.AppendAsync(Record(2, new MoneyWithdrawn(1)), test.Open());
        await test.AppendAsync(Record(3));

        seen.ShouldBe([null, new LastEntry(-2), new LastEntry(5), new LastEntry(-1)]);

        // What was decided on a batch that another instance has gone on from is decided again.
        StreamCommand Record(int command, params object[] events) => new StreamCommand<LastEntry>(Accounts.LastEntry, stream, (state, _) =>
        {
            seen[command] = state;
            return events;
        });
    }
}
