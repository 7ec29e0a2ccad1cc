using Npgsql;

namespace Stet.EventStore.Tests;

/// <summary>What is decided while the batch before it is being committed: somebody holds the head, and that commit waits.</summary>
public class LookAheadTests
{
    [Fact]
    public async Task Commands_see_what_the_batch_that_is_being_committed_records()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await using var head = await HeldHead.TakeAsync(test);
        var deposit = test.AppendAsync(KeyedDeposit(account));
        await head.HasWaitersAsync(1);

        var last = Watched(TestStore.NewStream(), new MoneyDeposited(1));
        var answers = new[]
        {
            test.AppendAsync(Accounts.Withdraw(account, 10)), test.AppendAsync(Accounts.Withdraw(account, 1)),
            test.AppendAsync(KeyedDeposit(account)), test.AppendAsync(last.Command),
        };
        await last.Decided;
        answers.ShouldAllBe(a => !a.IsCompleted, "what an answer rests on is not durable yet");
        await head.ReleaseAsync();

        (await deposit).Outcome.ShouldBe(AppendOutcome.Recorded);
        var outcomes = (await Task.WhenAll(answers)).Select(a => a.Outcome);
        outcomes.ShouldBe([AppendOutcome.Recorded, AppendOutcome.Refused, AppendOutcome.Repeated, AppendOutcome.Recorded]);
        (await answers[2]).Events.ShouldBe((await deposit).Events);
        (await test.LogAsync()).Select(e => (e.Position, e.Version)).ShouldBe([(1, 1), (2, 2), (3, 1)]);
        (await test.BalanceAsync(account)).ShouldBe(0);
    }

    [Fact]
    public async Task A_command_that_needs_a_state_waits_for_a_batch_that_knows_the_version_alone()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 10));
        await using var head = await HeldHead.TakeAsync(test);
        var guard = DepositBesideVersionAsync(test, test.Store, account);
        await head.HasWaitersAsync(1);

        var withdraw = test.AppendAsync(Accounts.Withdraw(account, 10));
        await head.ReleaseAsync();

        (await guard).Select(r => r.Outcome).ShouldBe([AppendOutcome.NothingToRecord, AppendOutcome.Recorded]);
        (await withdraw).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.BalanceAsync(account)).ShouldBe(0);
    }

    [Fact]
    public async Task What_was_decided_on_a_head_that_another_instance_moved_is_decided_again()
    {
        await using var test = await TestStore.CreateAsync();
        var other = test.Open();
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 5));
        await using var head = await HeldHead.TakeAsync(test);
        var theirs = test.AppendAsync(Accounts.Withdraw(account, 5), other);
        await head.HasWaitersAsync(1);

        var ours = test.AppendAsync(Accounts.Withdraw(account, 5));
        await head.HasWaitersAsync(2);
        var next = Watched(account, new MoneyDeposited(7));
        var onTop = test.AppendAsync(next.Command);
        await next.Decided;
        await head.ReleaseAsync();

        (await theirs).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await ours).Outcome.ShouldBe(AppendOutcome.Refused, "the money was gone");
        (await onTop).Position.ShouldBe(3);
        (await test.LogAsync()).Select(e => (e.Position, e.Version)).ShouldBe([(1, 1), (2, 2), (3, 3)]);
        (await test.BalanceAsync(account)).ShouldBe(7);
    }

    [Fact]
    public async Task What_was_read_before_stays_when_another_instance_is_faster_or_a_command_is_rejected()
    {
        await using var test = await TestStore.CreateAsync();
        var other = test.Open();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var before = test.Store.Generation;
        var isOvertaken = false;

        await test.AppendAsync(new StreamCommand<Account>(Accounts.Account, TestStore.NewStream(), (_, _) =>
        {
            if (!isOvertaken) test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), other).GetAwaiter().GetResult();
            isOvertaken = true;
            return [new MoneyDeposited(1)];
        }));
        await Should.ThrowAsync<PostgresException>(test.AppendAsync(Accounts.Note(TestStore.NewStream(), "a\0b")));
        (await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()))).Position.ShouldBe(4);

        test.Store.Generation.ShouldBe(before);
    }

    [Fact]
    public async Task What_was_decided_on_a_batch_that_the_database_rejects_is_decided_again()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await using var head = await HeldHead.TakeAsync(test);
        var rejected = test.AppendAsync(Accounts.Note(account, "a\0b"));
        await head.HasWaitersAsync(1);

        var next = Watched(account, new MoneyDeposited(7));
        var onTop = test.AppendAsync(next.Command);
        await next.Decided;
        await head.ReleaseAsync();

        await Should.ThrowAsync<PostgresException>(rejected);
        (await onTop).Position.ShouldBe(1);
        (await test.LogAsync()).ShouldHaveSingleItem().Version.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_decided_for_a_tenant_that_is_gone_is_not_written()
    {
        await using var test = await TestStore.CreateAsync();
        await using var head = await HeldHead.TakeAsync(test);
        var deposit = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);

        await head.DeleteAsync(test);
        await head.ReleaseAsync();

        (await deposit).Outcome.ShouldBe(AppendOutcome.UnknownTenant);
        (await test.LogAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_version_of_a_stream_that_a_batch_before_touched_is_not_read_again()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();
        await test.AppendAsync(Noted(stream).Command);
        await using var head = await HeldHead.TakeAsync(test);
        var other = test.AppendAsync(Noted(TestStore.NewStream()).Command);
        await head.HasWaitersAsync(1);

        await head.LockStreamsAsync();
        var next = Noted(stream);
        var onTop = test.AppendAsync(next.Command);
        await next.Decided;
        await head.ReleaseAsync();

        (await other).Position.ShouldBe(2);
        (await onTop).Events.ShouldHaveSingleItem().Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_version_that_another_instance_has_moved_on_from_is_read_again()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();
        await test.AppendAsync(Noted(stream).Command);
        await test.AppendAsync(Noted(stream).Command, test.Open());
        await using var head = await HeldHead.TakeAsync(test);
        var other = test.AppendAsync(Noted(TestStore.NewStream()).Command);
        await head.HasWaitersAsync(1);

        var next = Noted(stream);
        var onTop = test.AppendAsync(next.Command);
        await next.Decided;
        await head.ReleaseAsync();

        (await other).Position.ShouldBe(3);
        (await onTop).Events.ShouldHaveSingleItem().Version.ShouldBe(3);
    }

    [Fact]
    public async Task An_answer_does_not_wait_for_the_batch_that_follows()
    {
        await using var test = await TestStore.CreateAsync();
        await using var head = await HeldHead.TakeAsync(test);
        var first = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);
        var between = HeldHead.TakeTableAsync(test);
        await head.HasWaitersAsync(2);
        var next = Watched(TestStore.NewStream(), new MoneyDeposited(1));
        var second = test.AppendAsync(next.Command);
        await next.Decided;

        await head.ReleaseAsync();
        await using var heads = await between;

        (await first.WaitAsync(TimeSpan.FromSeconds(30))).Position.ShouldBe(1);
        second.IsCompleted.ShouldBeFalse();
        await heads.ReleaseAsync();
        (await second).Position.ShouldBe(2);
    }

    [Theory]
    [InlineData(999, true)]
    [InlineData(1_000, false)]
    public async Task What_a_batch_left_behind_is_not_read_again_within_a_second(int milliseconds, bool isKnown)
    {
        await using var test = await TestStore.CreateAsync();
        var clock = new StandingClock();
        var store = test.Open(clock: clock);
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 5), store);
        await using var head = await HeldHead.TakeAsync(test);
        await head.LockStatesAsync();

        clock.Pass(TimeSpan.FromMilliseconds(milliseconds));
        var isDecided = false;
        var withdrawal = test.AppendAsync(new StreamCommand<Account>(Accounts.Account, account, (state, _) =>
        {
            isDecided = true;
            return [new MoneyWithdrawn(state!.Balance)];
        }), store);
        await head.HasWaitersAsync(1); // to be compared with, or to be read

        isDecided.ShouldBe(isKnown);
        await head.ReleaseAsync();
        (await withdrawal).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.BalanceAsync(account)).ShouldBe(0);
    }

    [Fact]
    public async Task A_state_of_which_a_batch_has_left_the_version_alone_is_read()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(clock: new StandingClock());
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 10), store);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        await DepositBesideVersionAsync(test, store, account);

        var withdrawal = await test.AppendAsync(Accounts.Withdraw(account, 10), store).WaitAsync(TimeSpan.FromSeconds(30));

        withdrawal.Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.BalanceAsync(account)).ShouldBe(0);
    }

    [Fact]
    public async Task What_a_batch_left_behind_and_another_instance_has_changed_is_read_again()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(clock: new StandingClock());
        var account = TestStore.NewStream();
        await test.AppendAsync(KeyedDeposit(account), store);
        await test.AppendAsync(Accounts.Withdraw(account, 10), test.Open());

        (await test.AppendAsync(Accounts.Withdraw(account, 10), store)).Outcome.ShouldBe(AppendOutcome.Refused, "the money was gone");
        (await test.AppendAsync(KeyedDeposit(account), store)).Outcome.ShouldBe(AppendOutcome.Repeated);
        (await test.AppendAsync(Accounts.Deposit(account, 3), store)).Position.ShouldBe(3);
        (await test.BalanceAsync(account)).ShouldBe(3);
    }

    /// <summary>Whatever a rule would say now, the first time counts.</summary>
    [Theory]
    [InlineData("records")]
    [InlineData("has nothing to record")]
    [InlineData("refuses")]
    [InlineData("throws")]
    public async Task A_command_that_comes_again_beside_others_gets_the_first_answer(string now)
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        var first = await test.AppendAsync(KeyedDeposit(account));
        await using var head = await HeldHead.TakeAsync(test);
        var before = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);

        var again = test.AppendAsync(Keyed(account, () => now switch
        {
            "records" => [new MoneyDeposited(10)],
            "has nothing to record" => [],
            "refuses" => null,
            _ => throw new DivideByZeroException(),
        }));
        var beside = Watched(TestStore.NewStream(), new MoneyDeposited(1));
        var neighbour = test.AppendAsync(beside.Command);
        await beside.Decided;
        await head.ReleaseAsync();

        (await again).Outcome.ShouldBe(AppendOutcome.Repeated);
        (await again).Events.ShouldBe(first.Events);
        AppendResult[] others = [await before, await neighbour];
        others.ShouldAllBe(r => r.Outcome == AppendOutcome.Recorded);
        (await test.LogAsync()).Count.ShouldBe(3);
        (await test.BalanceAsync(account)).ShouldBe(10);
    }

    [Fact]
    public async Task A_new_command_that_is_refused_beside_others_stays_refused()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await using var head = await HeldHead.TakeAsync(test);
        var before = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);

        var refused = test.AppendAsync(Keyed(account, () => null));
        var beside = Watched(TestStore.NewStream(), new MoneyDeposited(1));
        var neighbour = test.AppendAsync(beside.Command);
        await beside.Decided;
        await head.ReleaseAsync();

        (await refused).Outcome.ShouldBe(AppendOutcome.Refused);
        AppendResult[] others = [await before, await neighbour];
        others.ShouldAllBe(r => r.Outcome == AppendOutcome.Recorded);
    }

    [Fact]
    public async Task A_command_that_comes_again_twice_in_one_batch_gets_the_first_answer_both_times()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        var first = await test.AppendAsync(KeyedDeposit(account));
        var (again, twice) = await InOneRoundAsync(test, Keyed(account, () => null), Keyed(account, () => null));

        AppendResult[] answers = [again, twice];
        answers.ShouldAllBe(a => a.Outcome == AppendOutcome.Repeated);
        answers.ShouldAllBe(a => a.Events.SequenceEqual(first.Events));
    }

    [Fact]
    public async Task A_command_that_waits_for_its_marks_is_decided_before_those_that_came_later()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        var (withdraw, deposit) = await InOneRoundAsync(
            test, Keyed(account, state => state?.Balance >= 10 ? [new MoneyWithdrawn(10)] : null), Accounts.Deposit(account, 10));

        withdraw.Outcome.ShouldBe(AppendOutcome.Refused);
        deposit.Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.BalanceAsync(account)).ShouldBe(10);
    }

    [Fact]
    public async Task A_request_that_waits_for_marks_leaves_nothing_behind()
    {
        await using var test = await TestStore.CreateAsync();
        var (unmarked, marked) = (TestStore.NewStream(), TestStore.NewStream());
        await using var head = await HeldHead.TakeAsync(test);
        var before = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);

        var beside = Watched(unmarked, new MoneyDeposited(10));
        var both = test.Store.AppendAsync(
            test.Tenant, TestStore.Metadata, [beside.Command, Keyed(marked, () => [])], receipt: false, CancellationToken.None);
        await beside.Decided;
        await head.ReleaseAsync();

        (await before).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await both).Select(r => r.Outcome).ShouldBe([AppendOutcome.Recorded, AppendOutcome.NothingToRecord]);
        (await test.LogAsync()).Count.ShouldBe(2);
        (await test.BalanceAsync(unmarked)).ShouldBe(10);
    }

    [Fact]
    public async Task A_request_that_repeats_a_command_of_its_own_says_that_it_recorded_it()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await using var head = await HeldHead.TakeAsync(test);
        var before = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);

        var beside = Watched(TestStore.NewStream(), new MoneyDeposited(1));
        var both = test.Store.AppendAsync(
            test.Tenant, TestStore.Metadata, [beside.Command, KeyedDeposit(account), KeyedDeposit(account)], receipt: false,
            CancellationToken.None);
        await beside.Decided;
        await head.ReleaseAsync();

        (await before).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await both).Select(r => r.Outcome).ShouldBe([AppendOutcome.Recorded, AppendOutcome.Recorded, AppendOutcome.Repeated]);
        (await test.BalanceAsync(account)).ShouldBe(10);
    }

    /// <summary>Two commands that are decided in one round of a batch that follows another.</summary>
    static async Task<(AppendResult First, AppendResult Second)> InOneRoundAsync(TestStore test, StreamCommand one, StreamCommand two)
    {
        await using var head = await HeldHead.TakeAsync(test);
        var before = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await head.HasWaitersAsync(1);

        var hold = await test.HoldWriterAsync();
        var (first, second) = (test.AppendAsync(one), test.AppendAsync(two));
        var last = Watched(TestStore.NewStream(), new MoneyDeposited(1));
        var decided = test.AppendAsync(last.Command);
        hold.Release();
        await last.Decided;
        await head.ReleaseAsync();

        await Task.WhenAll(before, hold.Command!, decided);
        return (await first, await second);
    }

    /// <summary>A request that wants to know one account's version, which is 1, and brings another one money.</summary>
    static Task<AppendResult[]> DepositBesideVersionAsync(TestStore test, Store store, Guid account) => store.AppendAsync(
        test.Tenant, TestStore.Metadata,
        [
            new StreamCommand<NoState>(StateType.Stateless("account"), account, (_, _) => []) { ExpectedVersion = 1 },
            Accounts.Deposit(TestStore.NewStream()),
        ], receipt: false, CancellationToken.None);

    static StreamCommand KeyedDeposit(Guid account) => Keyed(account, () => [new MoneyDeposited(10)]);

    static StreamCommand Keyed(Guid account, Func<IReadOnlyList<object>?> decide) => Keyed(account, _ => decide());

    static StreamCommand Keyed(Guid account, Func<Account?, IReadOnlyList<object>?> decide) =>
        new StreamCommand<Account>(Accounts.Account, account, (state, _) => decide(state))
        {
            Idempotency = new IdempotencyMark(account, new byte[32]),
        };

    /// <summary>A command that always records an event, and a task that ends once it was decided.</summary>
    static (StreamCommand Command, Task Decided) Watched(Guid account, object recorded) => Watched(Accounts.Account, account, recorded);

    /// <summary>Likewise, on a stream that has no state.</summary>
    static (StreamCommand Command, Task Decided) Noted(Guid stream) =>
        Watched(StateType.Stateless("notes"), stream, new MoneyDeposited(1));

    static (StreamCommand Command, Task Decided) Watched<TState>(StateType<TState> state, Guid stream, object recorded)
        where TState : class
    {
        var decided = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (new StreamCommand<TState>(state, stream, (_, _) =>
        {
            decided.TrySetResult();
            return [recorded];
        }), decided.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>It stands still unless it is told how much time has passed.</summary>
    sealed class StandingClock : TimeProvider
    {
        long timestamp = 1;

        public override long GetTimestamp() => Interlocked.Read(ref timestamp);

        public void Pass(TimeSpan time) => Interlocked.Add(ref timestamp, time.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond);
    }
}
