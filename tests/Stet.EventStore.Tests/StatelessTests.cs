namespace Stet.EventStore.Tests;

public class StatelessTests
{
    static readonly StateType<NoState> stateless = StateType.Stateless("notes");

    [Fact]
    public async Task Streams_without_a_state_grow_and_keep_their_versions()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();

        var first = await test.AppendAsync(Append(stream));
        var second = await test.AppendAsync(Append(stream));
        var late = await test.AppendAsync(Append(stream, expected: 1));
        var guarded = await test.AppendAsync(Append(stream, expected: 2));

        (first.Events[0].Version, second.Events[0].Version, guarded.Events[0].Version).ShouldBe((1, 2, 3));
        late.Outcome.ShouldBe(AppendOutcome.VersionConflict);
    }

    [Fact]
    public async Task A_command_that_looks_at_the_version_alone_leaves_the_state_to_those_beside_it()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();
        await test.AppendAsync(new StreamCommand<LastEntry>(Accounts.LastEntry, stream, (_, _) => [new MoneyDeposited(7)]));
        var hold = await test.HoldWriterAsync();
        LastEntry? seen = null;

        var guard = test.AppendAsync(new StreamCommand<NoState>(stateless, stream, (_, _) => []) { ExpectedVersion = 1 });
        var deciding = test.AppendAsync(new StreamCommand<LastEntry>(Accounts.LastEntry, stream, (state, _) =>
        {
            seen = state;
            return [new MoneyDeposited(1)];
        }));
        var stale = test.AppendAsync(new StreamCommand<NoState>(stateless, stream, (_, _) => []) { ExpectedVersion = 1 });
        hold.Release();

        (await guard).Outcome.ShouldBe(AppendOutcome.NothingToRecord);
        (await deciding).Events[0].Version.ShouldBe(2);
        (await stale).Outcome.ShouldBe(AppendOutcome.VersionConflict);
        seen.ShouldBe(new LastEntry(7));
    }

    static StreamCommand<NoState> Append(Guid stream, long? expected = null) =>
        new(stateless, stream, (_, _) => [new MoneyDeposited(1)]) { ExpectedVersion = expected };
}
