using Npgsql;

namespace Stet.EventStore.Tests;

public class QueueTests
{
    [Fact]
    public async Task A_full_queue_refuses_at_once_and_keeps_what_waits()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { QueueCapacity = 10 });
        var hold = await test.HoldWriterAsync(store);

        var waiting = Enumerable.Range(0, 10).Select(_ => test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store)).ToArray();
        await Should.ThrowAsync<StoreBusyException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
        store.Waiting.ShouldBe(10);
        hold.Release();

        (await Task.WhenAll(waiting)).ShouldAllBe(r => r.Outcome == AppendOutcome.Recorded);
        (await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store)).Outcome.ShouldBe(AppendOutcome.Recorded);
    }

    [Fact]
    public async Task A_store_that_stops_answers_the_commands_that_wait_and_takes_no_more()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open();
        var hold = await test.HoldWriterAsync(store);
        var waiting = Enumerable.Range(0, 50).Select(_ => test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store)).ToArray();

        var stopping = store.DisposeAsync().AsTask();
        await Should.ThrowAsync<StoreUnavailableException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
        hold.Release();
        await stopping;

        (await Task.WhenAll(waiting)).ShouldAllBe(r => r.Outcome == AppendOutcome.Recorded);
        (await test.LogAsync()).Count.ShouldBe(50);
    }

    [Fact]
    public async Task A_store_that_stops_while_its_database_is_away_refuses_the_commands_that_wait()
    {
        await using var test = await TestStore.CreateAsync();
        var proxy = new CuttingProxy(test.ConnectionString);
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromMilliseconds(500) }, proxy.ConnectionString);
        var hold = await test.HoldWriterAsync(store);
        var waiting = Enumerable.Range(0, 5).Select(_ => test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store)).ToArray();

        await proxy.DisposeAsync();
        var stopping = store.DisposeAsync().AsTask();
        hold.Release();
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));

        foreach (var command in waiting) await Should.ThrowAsync<StoreUnavailableException>(command);
    }

    [Fact]
    public async Task A_store_that_stops_in_the_middle_of_a_commit_says_what_may_have_been_recorded_and_what_was_not()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromSeconds(2) });
        await using var observer = await test.OpenAsSuperuserAsync();
        await using var holder = await test.OpenAsSuperuserAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await ScalarAsync(holder, $"select position from stet.tenant_head where tenant_id = '{test.Tenant}' for update");

        var sent = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        while (await ScalarAsync(observer, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") is 0L)
        {
            sent.IsCompleted.ShouldBeFalse();
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }

        var waiting = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        await store.DisposeAsync();

        (await Should.ThrowAsync<StoreUnavailableException>(sent)).Message.ShouldContain("may have been recorded");
        (await Should.ThrowAsync<StoreUnavailableException>(waiting)).Message.ShouldBe("the service is stopping");
    }

    [Fact]
    public async Task A_command_whose_caller_has_gone_is_not_recorded()
    {
        await using var test = await TestStore.CreateAsync();
        var hold = await test.HoldWriterAsync();
        using var gone = new CancellationTokenSource();

        var command = test.Store.AppendAsync(test.Tenant, TestStore.Metadata, Accounts.Deposit(TestStore.NewStream()), gone.Token);
        await gone.CancelAsync();
        hold.Release();

        await Should.ThrowAsync<OperationCanceledException>(command);
        (await test.LogAsync()).ShouldBeEmpty();
    }

    static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
