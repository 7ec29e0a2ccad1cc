using Stet.Testing;

namespace Stet.EventStore.Tests;

public class LostConnectionTests
{
    [Fact]
    public async Task After_a_switch_to_another_server_nothing_is_read_or_decided_on_the_old_one()
    {
        await using var old = await TestCluster.OwnAsync();
        await using var promoted = await TestCluster.OwnAsync();
        await using var test = await TestStore.OnAsync(old.ConnectionString);
        await TestStore.ApplySchemaAsync(promoted.ConnectionString);
        var there = test.Open(connectionString: promoted.ConnectionString);
        await there.CreateTenantAsync(test.Tenant, CancellationToken.None);
        await using var proxy = new CuttingProxy(old.ConnectionString);
        var service = test.Open(connectionString: proxy.ConnectionString);
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), service);
        (await service.PositionAsync(test.Tenant, CancellationToken.None)).ShouldBe(1);
        var before = service.Generation;

        await MakeReadOnlyAsync(test);
        proxy.Switch(promoted.ConnectionString);
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(account), there);
        (await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), service)).Position.ShouldBe(4);
        service.Generation.ShouldBe(before + 1);

        (await test.AppendAsync(Accounts.Withdraw(account, 9), service)).ShouldSatisfyAllConditions(
            refused => refused.Outcome.ShouldBe(AppendOutcome.Refused), refused => refused.Position.ShouldBe(4));
        (await test.AppendAsync(Accounts.Withdraw(account, 3), service)).Position.ShouldBe(5);
        (await service.PositionAsync(test.Tenant, CancellationToken.None)).ShouldBe(5);
    }

    [Theory]
    [InlineData((int)Cut.Request)]
    [InlineData((int)Cut.Answer)]
    public async Task A_connection_lost_around_the_commit_loses_no_command_and_doubles_none(int cut)
    {
        await using var test = await TestStore.CreateAsync();
        await using var proxy = new CuttingProxy(test.ConnectionString);
        var store = test.Open(connectionString: proxy.ConnectionString);
        var account = TestStore.NewStream();
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(account), store);

        // Armed while the command is decided: the next thing the writer says is its writes and the commit.
        var command = new StreamCommand<Account>(Accounts.Account, account, (_, _) =>
        {
            if (proxy.Cuts == 0) proxy.Arm((Cut)cut);
            return [new MoneyDeposited(10)];
        });
        var result = await test.AppendAsync(command, store);

        proxy.Cuts.ShouldBe(1);
        result.Outcome.ShouldBe(AppendOutcome.Recorded);
        result.Position.ShouldBe(4);
        (await test.LogAsync()).Count.ShouldBe(4);
        (await test.BalanceAsync(account)).ShouldBe(13);
        (await test.LogAsync())[3].Id.ShouldBe(result.Events[0].Id, "the answer names the event that is in the log");
        (await test.AppendAsync(Accounts.Deposit(account), store)).Position.ShouldBe(5);
    }

    [Fact]
    public async Task A_commit_stays_in_doubt_when_the_connection_that_asks_for_it_is_lost_too()
    {
        await using var test = await TestStore.CreateAsync();
        await using var proxy = new CuttingProxy(test.ConnectionString);
        var store = test.Open(connectionString: proxy.ConnectionString);
        var account = TestStore.NewStream();
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(account), store);
        proxy.OnCut = () =>
        {
            if (proxy.Cuts == 1) proxy.Arm(Cut.Request, after: 1); // a new connection is greeted, and lost with the first question
        };

        var deposit = test.AppendAsync(
            new StreamCommand<Account>(Accounts.Account, account, (_, _) =>
            {
                if (proxy.Cuts == 0) proxy.Arm(Cut.Answer);
                return [new MoneyDeposited(10)];
            }), store);

        (await deposit).Outcome.ShouldBe(AppendOutcome.Recorded);
        proxy.Cuts.ShouldBe(2);
        (await test.LogAsync()).Count.ShouldBe(4);
        (await test.BalanceAsync(account)).ShouldBe(13);
    }

    [Fact]
    public async Task A_commit_of_which_nothing_can_be_found_out_is_answered_so_and_holds_up_no_later_command()
    {
        await using var test = await TestStore.CreateAsync();
        await using var proxy = new CuttingProxy(test.ConnectionString);
        var store = test.Open(connectionString: proxy.ConnectionString);
        var account = TestStore.NewStream();
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(account), store);

        var unanswered = test.AppendAsync(
            new StreamCommand<Account>(Accounts.Account, account, (_, _) =>
            {
                AsSuperuser(test, "revoke select on stet.mt_events from stet_writer").GetAwaiter().GetResult();
                proxy.Arm(Cut.Answer);
                return [new MoneyDeposited(10)];
            }), store);

        (await Should.ThrowAsync<StoreUnavailableException>(unanswered)).Message.ShouldContain("may have been recorded");
        await AsSuperuser(test, "grant select on stet.mt_events to stet_writer");
        var next = await test.AppendAsync(Accounts.Deposit(account), store).WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        next.Position.ShouldBe(5);
        (await test.BalanceAsync(account)).ShouldBe(14);
    }

    [Fact]
    public async Task A_session_that_is_terminated_before_it_writes_is_replaced()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        var killed = false;

        var result = await test.AppendAsync(new StreamCommand<Account>(Accounts.Account, account, (_, _) =>
        {
            if (!killed) TerminateWriters(test).GetAwaiter().GetResult();
            killed = true;
            return [new MoneyDeposited(1)];
        }));

        result.Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.LogAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_query_on_a_lost_session_is_asked_again_on_a_new_one()
    {
        await using var test = await TestStore.CreateAsync();
        var proxy = new CuttingProxy(test.ConnectionString);
        var store = test.Open(connectionString: proxy.ConnectionString);
        await store.PositionAsync(test.Tenant, CancellationToken.None);

        proxy.Arm(Cut.Answer);
        (await store.PositionAsync(test.Tenant, CancellationToken.None)).ShouldBe(0);
        proxy.Cuts.ShouldBe(1);

        await proxy.DisposeAsync();
        await Should.ThrowAsync<StoreUnavailableException>(store.PositionAsync(test.Tenant, CancellationToken.None));
    }

    [Fact]
    public async Task A_read_of_the_log_on_a_lost_session_is_asked_again_on_a_new_one()
    {
        await using var test = await TestStore.CreateAsync();
        var proxy = new CuttingProxy(test.ConnectionString);
        var store = test.Open(connectionString: proxy.ConnectionString);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        await store.ReadAsync(test.Tenant, 0, 10, CancellationToken.None);

        proxy.Arm(Cut.Answer);
        (await store.ReadAsync(test.Tenant, 0, 10, CancellationToken.None)).Count.ShouldBe(1);
        proxy.Cuts.ShouldBe(1);

        await proxy.DisposeAsync();
        await Should.ThrowAsync<StoreUnavailableException>(store.ReadAsync(test.Tenant, 0, 10, CancellationToken.None));
    }

    static async Task AsSuperuser(TestStore test, string sql)
    {
        await using var connection = await test.OpenAsSuperuserAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    static async Task TerminateWriters(TestStore test)
    {
        await using var connection = await test.OpenAsSuperuserAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'stet-writer' and datname = current_database()";
        ((long)(await command.ExecuteScalarAsync())!).ShouldBeGreaterThan(0);
    }

    static async Task MakeReadOnlyAsync(TestStore test)
    {
        await using var superuser = await test.OpenAsSuperuserAsync();
        foreach (var sql in (string[])["alter system set default_transaction_read_only = on", "select pg_reload_conf()"])
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, superuser);
            await command.ExecuteNonQueryAsync();
        }
    }
}
