namespace Stet.EventStore.Tests;

public class IdempotencyTests
{
    static StreamCommand<Account> Deposit(Guid account, long amount, Guid key) =>
        new StreamCommand<Account>(Accounts.Account, account, (_, _) => [new MoneyDeposited(amount), new MoneyDeposited(0)])
        {
            Idempotency = new IdempotencyMark(key, System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(amount))),
        };

    [Fact]
    public async Task The_same_command_again_gets_the_first_answer()
    {
        await using var test = await TestStore.CreateAsync();
        var (account, key) = (TestStore.NewStream(), TestStore.NewStream());
        var first = await test.AppendAsync(Deposit(account, 7, key));
        await test.AppendAsync(Accounts.Deposit(account));

        var again = await test.AppendAsync(Deposit(account, 7, key));

        again.Outcome.ShouldBe(AppendOutcome.Repeated);
        again.Position.ShouldBe(2);
        again.Events.ShouldBe(first.Events);
        (await test.LogAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task The_same_command_many_times_in_one_batch_is_recorded_once()
    {
        await using var test = await TestStore.CreateAsync();
        var (account, key) = (TestStore.NewStream(), TestStore.NewStream());
        var hold = await test.HoldWriterAsync();

        var sent = Enumerable.Range(0, 20).Select(_ => test.AppendAsync(Deposit(account, 7, key))).ToArray();
        hold.Release();
        var results = await Task.WhenAll(sent);

        results.Count(r => r.Outcome == AppendOutcome.Recorded).ShouldBe(1);
        results.Count(r => r.Outcome == AppendOutcome.Repeated).ShouldBe(19);
        results.ShouldAllBe(r => r.Position == 2 && r.Events.Count == 2 && r.Events[0].Id == results[0].Events[0].Id);
    }

    [Fact]
    public async Task The_same_command_through_two_instances_is_recorded_once()
    {
        await using var test = await TestStore.CreateAsync();
        var other = test.Open();
        var (account, key) = (TestStore.NewStream(), TestStore.NewStream());

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            test.AppendAsync(Deposit(account, 7, key), i % 2 == 0 ? test.Store : other)));

        results.Count(r => r.Outcome == AppendOutcome.Recorded).ShouldBe(1);
        (await test.LogAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Another_payload_under_the_same_key_is_a_conflict()
    {
        await using var test = await TestStore.CreateAsync();
        var (account, key) = (TestStore.NewStream(), TestStore.NewStream());
        await test.AppendAsync(Deposit(account, 7, key));

        (await test.AppendAsync(Deposit(account, 8, key))).Outcome.ShouldBe(AppendOutcome.KeyConflict);
        (await test.LogAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_can_be_done_once_is_done_once_under_whatever_key()
    {
        await using var test = await TestStore.CreateAsync();
        var (account, once) = (TestStore.NewStream(), TestStore.NewStream());
        StreamCommand Opening(Guid key, byte way) => new StreamCommand<Account>(Accounts.Account, account, (_, _) => [new MoneyDeposited(7)])
        {
            Idempotency = new IdempotencyMark(key, [way, 1]),
            Once = new IdempotencyMark(once, [way]),
        };
        var (first, second) = (TestStore.NewStream(), TestStore.NewStream());

        AppendResult[] results =
        [
            await test.AppendAsync(Opening(first, 1)), await test.AppendAsync(Opening(first, 1)),
            await test.AppendAsync(Opening(second, 1)), await test.AppendAsync(Opening(second, 2)), await test.AppendAsync(Opening(first, 2)),
        ];

        results.Select(r => r.Outcome).ShouldBe([
            AppendOutcome.Recorded, AppendOutcome.Repeated, AppendOutcome.Repeated, AppendOutcome.DoneOtherwise, AppendOutcome.KeyConflict]);
        results[2].Events.ShouldBe(results[0].Events);
        (await test.LogAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_belongs_to_its_tenant()
    {
        await using var test = await TestStore.CreateAsync();
        var neighbour = TestStore.NewTenant();
        await test.Store.CreateTenantAsync(neighbour, CancellationToken.None);
        var (account, key) = (TestStore.NewStream(), TestStore.NewStream());
        await test.AppendAsync(Deposit(account, 7, key));

        var result = await test.Store.AppendAsync(neighbour, TestStore.Metadata, Deposit(account, 8, key), CancellationToken.None);

        result.Outcome.ShouldBe(AppendOutcome.Recorded);
    }
}
