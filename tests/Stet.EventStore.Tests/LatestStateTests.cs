namespace Stet.EventStore.Tests;

public class LatestStateTests
{
    [Fact]
    public async Task The_newest_event_tells_the_state_in_a_batch_and_after_it()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();
        var seen = new List<LastEntry?>();
        var hold = await test.HoldWriterAsync();

        var first = test.AppendAsync(Record(new MoneyDeposited(7), new MoneyWithdrawn(2)));
        var second = test.AppendAsync(Record(new MoneyDeposited(5)));
        hold.Release();
        await Task.WhenAll(first, second);
        await test.AppendAsync(Record(new MoneyWithdrawn(1)), test.Open());
        await test.AppendAsync(Record(), test.Open()); // this one would first decide on what it left behind itself

        seen.ShouldBe([null, new LastEntry(-2), new LastEntry(5), new LastEntry(-1)]);

        StreamCommand Record(params object[] events) => new StreamCommand<LastEntry>(Accounts.LastEntry, stream, (state, _) =>
        {
            seen.Add(state);
            return events;
        });
    }
}
