using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore.Tests;

public class RebuildTests
{
    static readonly RebuildTarget Balances = RebuildTarget.Of(new BalancesProjection());
    static readonly RebuildTarget Snapshots = RebuildTarget.Of(Accounts.Account);

    [Fact]
    public async Task Writers_and_readers_notice_nothing_of_a_rebuild()
    {
        await using var test = await TestStore.CreateAsync();
        var accounts = Enumerable.Range(0, 50).Select(_ => TestStore.NewStream()).ToArray();
        using var enough = new CancellationTokenSource();
        long appended = 0, queried = 0;
        var load = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            for (var i = n; !enough.IsCancellationRequested; i++)
            {
                (await test.AppendAsync(Accounts.Deposit(accounts[i % 50]))).Outcome.ShouldBe(AppendOutcome.Recorded);
                Interlocked.Increment(ref appended);
            }
        })).Concat(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                var (counted, position) = await CountedAsync(test);
                counted.ShouldBe(position, "the read model shows the position that the query says it does");
                Interlocked.Increment(ref queried);
            }
        }))).ToArray();
        while (Interlocked.Read(ref appended) < 500) await Task.Delay(10);

        for (var i = 0; i < 3; i++)
        {
            (await RebuildAsync(test, Balances)).Differences.ShouldBeEmpty();
            (await RebuildAsync(test, Snapshots)).Differences.ShouldBeEmpty();
        }

        var (atSwitch, queriesAtSwitch) = (Interlocked.Read(ref appended), Interlocked.Read(ref queried));
        while (Interlocked.Read(ref appended) < atSwitch + 200 || Interlocked.Read(ref queried) < queriesAtSwitch + 20)
            await Task.Delay(10);

        await enough.CancelAsync();
        await Task.WhenAll(load);

        (await CompareAsync(test, Balances)).ShouldBeEmpty();
        (await CompareAsync(test, Snapshots)).ShouldBeEmpty();
        (await CountedAsync(test)).ShouldBe((appended, appended));
        (await AssertSchemaAsync(test)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_keeps_what_was_read_hears_of_a_rebuild_with_the_next_command_and_of_a_new_connection()
    {
        await using var test = await TestStore.CreateAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var before = test.Store.Generation;
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        test.Store.Generation.ShouldBe(before);

        await RebuildAsync(test, Balances);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        test.Store.Generation.ShouldBe(before + 1);

        await ExecuteAsync(test, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'stet-writer' and datname = current_database()");
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        test.Store.Generation.ShouldBe(before + 2);
    }

    /// <summary>Batches that follow one another hand on the state of a stream that all of them touch.</summary>
    [Fact]
    public async Task A_stream_that_is_never_left_in_peace_goes_on_from_the_rebuilt_state()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 5), test.Open());
        await ExecuteAsync(test, """update stet.account_state set state = '{"balance":900}'""");
        using var enough = new CancellationTokenSource();
        long appended = 0;
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                (await test.AppendAsync(Accounts.Deposit(account))).Outcome.ShouldBe(AppendOutcome.Recorded);
                Interlocked.Increment(ref appended);
            }
        })).ToArray();
        while (Interlocked.Read(ref appended) < 200) await Task.Delay(10);

        var report = await RebuildAsync(test, Snapshots);
        var atSwitch = Interlocked.Read(ref appended);
        while (Interlocked.Read(ref appended) < atSwitch + 200) await Task.Delay(10);
        await enough.CancelAsync();
        await Task.WhenAll(load);

        report.Differences.ShouldHaveSingleItem().Kind.ShouldBe(DifferenceKind.Changed);
        (await CompareAsync(test, Snapshots)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Rows_that_the_log_does_not_lead_to_are_named_and_repaired()
    {
        await using var test = await TestStore.CreateAsync();
        var (changed, lost, invented) = (TestStore.NewStream(), TestStore.NewStream(), TestStore.NewStream());
        await test.AppendAsync(Accounts.Deposit(changed, 5));
        await test.AppendAsync(Accounts.Deposit(lost, 6));
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream(), 7));
        await ExecuteAsync(test, $"""
            update stet.balances set balance = 500 where stream_id = '{changed}';
            delete from stet.balances where stream_id = '{lost}';
            insert into stet.balances values ('{test.Tenant}', '{invented}', 1, 1);
            """);

        var compared = await CompareAsync(test, Balances);

        compared.Select(d => (d.Table, d.Kind, d.Rows, d.Examples.Single())).ShouldBe(
        [
            ("balances", DifferenceKind.Changed, 1, $"{test.Tenant} {changed}"),
            ("balances", DifferenceKind.OnlyLive, 1, $"{test.Tenant} {invented}"),
            ("balances", DifferenceKind.OnlyRebuilt, 1, $"{test.Tenant} {lost}"),
        ]);
        (await test.BalanceAsync(changed)).ShouldBe(500, "comparing changes nothing");

        var report = await RebuildAsync(test, Balances);

        report.Differences.Sum(d => d.Rows).ShouldBe(3);
        (report.Events, report.Switched).ShouldBe((3, true));
        (await test.BalanceAsync(changed)).ShouldBe(5);
        (await test.BalanceAsync(lost)).ShouldBe(6);
        (await CompareAsync(test, Balances)).ShouldBeEmpty();
        (await AssertSchemaAsync(test)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Snapshots_are_folded_anew_from_the_streams_of_their_type()
    {
        await using var test = await TestStore.CreateAsync();
        var (account, statement) = (TestStore.NewStream(), TestStore.NewStream());
        await test.AppendAsync(Accounts.Deposit(account, 5));
        await test.AppendAsync(
            new StreamCommand<Statement>(Accounts.Statement, statement, (_, _) => [new MoneyDeposited(1)]));
        await test.AppendAsync(Accounts.Withdraw(account, 2));
        await ExecuteAsync(test, "update stet.account_state set state = '{\"balance\":900}'");

        var report = await RebuildAsync(test, Snapshots);

        report.Differences.Select(d => (d.Kind, d.Rows)).ShouldBe([(DifferenceKind.Changed, 1)]);
        (await test.AppendAsync(Accounts.Withdraw(account, 4))).Outcome.ShouldBe(AppendOutcome.Refused);
        (await test.AppendAsync(Accounts.Withdraw(account, 3))).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await CompareAsync(test, Snapshots)).ShouldBeEmpty();
        (await AssertSchemaAsync(test)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_interrupted_rebuild_leaves_the_live_tables_and_the_next_one_is_clean()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 5));
        await ExecuteAsync(test, """
            update stet.balances set balance = 6;
            create schema stet_rebuild;
            create table stet_rebuild.balances (leftover int);
            """);
        using var cancel = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => Rebuild(test).RunAsync(
            Balances, compareOnly: false, new OnProgress(_ => cancel.Cancel()), cancel.Token));

        (await test.BalanceAsync(account)).ShouldBe(6);
        await RebuildAsync(test, Balances);
        (await test.BalanceAsync(account)).ShouldBe(5);
    }

    [Fact]
    public async Task Progress_counts_events_up_to_the_total()
    {
        await using var test = await TestStore.CreateAsync();
        await test.Store.AppendAsync(test.Tenant, TestStore.Metadata,
            [.. Enumerable.Range(0, 2500).Select(_ => Accounts.Deposit(TestStore.NewStream()))], receipt: false, CancellationToken.None);
        var seen = new List<(long, long)>();

        await Rebuild(test).RunAsync(
            Balances, compareOnly: true, new OnProgress(p => seen.Add((p.Done, p.Total))), CancellationToken.None);

        seen.ShouldBe([(2000, 2500), (2500, 2500)]);
    }

    [Fact]
    public async Task Two_rebuilds_at_a_time_are_one_too_many()
    {
        await using var test = await TestStore.CreateAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var second = "";

        await Rebuild(test).RunAsync(Balances, compareOnly: true, new OnProgress(_ => second =
            Should.Throw<RebuildException>(() => RebuildAsync(test, Snapshots)).Message), CancellationToken.None);

        second.ShouldBe("another rebuild is running on this database");
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_named_and_nothing_is_switched()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 5));
        await ExecuteAsync(test, "update stet.mt_events set type = 'unheard_of'");

        (await Should.ThrowAsync<RebuildException>(() => RebuildAsync(test, Balances)))
            .Message.ShouldBe($"tenant {test.Tenant}, position 1: no event is named `unheard_of`");
        (await test.BalanceAsync(account)).ShouldBe(5);
    }

    [Fact]
    public async Task A_log_with_a_gap_is_refused()
    {
        await using var test = await TestStore.CreateAsync();
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await ExecuteAsync(test, "delete from stet.mt_events where seq_id = 2");

        (await Should.ThrowAsync<RebuildException>(() => RebuildAsync(test, Balances)))
            .Message.ShouldBe($"the log of tenant {test.Tenant} lacks events between positions 1 and 3");
    }

    [Fact]
    public async Task A_projection_that_breaks_says_between_which_events()
    {
        await using var test = await TestStore.CreateAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await ExecuteAsync(test, "alter table stet.balances add constraint poor check (balance < 0) not valid");

        (await Should.ThrowAsync<RebuildException>(() => RebuildAsync(test, Balances)))
            .Message.ShouldStartWith(
                $"balances cannot take the events of tenant {test.Tenant} from position 1 to 1: 23514");
    }

    [Fact]
    public async Task What_would_be_lost_is_refused()
    {
        await using var test = await TestStore.CreateAsync();
        await ExecuteAsync(test, """
            alter table stet.balances
                add constraint of_account foreign key (tenant_id, stream_id) references stet.account_state
            """);
        (await Should.ThrowAsync<RebuildException>(() => RebuildAsync(test, Balances)))
            .Message.ShouldBe("balances has triggers, foreign keys or partitions, which a rebuild would lose");

        await ExecuteAsync(test, "drop table stet.balances; create table stet.balances (tenant_id varchar)");
        (await Should.ThrowAsync<RebuildException>(() => RebuildAsync(test, Balances)))
            .Message.ShouldBe("balances has no primary key to compare its rows by");

        await ExecuteAsync(test, "drop table stet.balances");
        (await Should.ThrowAsync<RebuildException>(() => RebuildAsync(test, Balances)))
            .Message.ShouldBe("there is no table stet.balances; is the schema this version's?");
        Should.Throw<ArgumentException>(() => RebuildTarget.Of(Accounts.Statement))
            .Message.ShouldStartWith("state statement has no snapshots");
    }

    [Fact]
    public async Task A_table_that_was_changed_meanwhile_is_not_replaced()
    {
        await using var test = await TestStore.CreateAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var change = new OnProgress(_ =>
            ExecuteAsync(test, "create index late on stet.balances (balance)").GetAwaiter().GetResult());

        (await Should.ThrowAsync<RebuildException>(() => Rebuild(test).RunAsync(Balances, false, change, default)))
            .Message.ShouldBe("the schema changed while balances were rebuilt; try again");
    }

    [Fact]
    public async Task Indexes_options_and_narrowed_grants_come_along()
    {
        await using var test = await TestStore.CreateAsync();
        await ExecuteAsync(test, """
            create unique index odd_name on stet.balances (stream_id, balance desc) where balance > 10;
            alter table stet.balances set (fillfactor = 70), add unique (stream_id);
            revoke select on stet.balances from stet_reader;
            grant select (tenant_id) on stet.balances to stet_reader;
            revoke select (tenant_id) on stet.balances from stet_reader;
            """);
        var before = await CatalogAsync(test);

        await RebuildAsync(test, Balances);

        (await CatalogAsync(test)).ShouldBe(before);
    }

    [Fact]
    public async Task A_table_that_takes_another_shape_under_prepared_statements_disturbs_nobody()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        for (var i = 0; i < 5; i++)
        {
            await test.AppendAsync(Accounts.Deposit(account));
            (await ColumnsAsync(test)).ShouldBe(4);
        }

        await ExecuteAsync(test, """
            alter table stet.balances add column note text;
            alter table stet.account_state alter state type jsonb;
            """);

        (await ColumnsAsync(test)).ShouldBe(5);
        (await test.AppendAsync(Accounts.Deposit(account))).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.BalanceAsync(account)).ShouldBe(6);

        static Task<int> ColumnsAsync(TestStore test) => test.Store.QueryAsync(
            test.Tenant, "select * from balances where tenant_id = $1", [Scalar(test.Tenant)],
            (reader, _, _) => Task.FromResult(reader.FieldCount), CancellationToken.None);
    }

    static ProjectionRebuild Rebuild(TestStore test) => new(test.ConnectionString, Accounts.Catalog());

    static Task<RebuildReport> RebuildAsync(TestStore test, RebuildTarget target) =>
        Rebuild(test).RunAsync(target, compareOnly: false, null, CancellationToken.None);

    static async Task<IReadOnlyList<TableDifference>> CompareAsync(TestStore test, RebuildTarget target)
    {
        var report = await Rebuild(test).RunAsync(target, compareOnly: true, null, CancellationToken.None);
        report.Switched.ShouldBeFalse();
        return report.Differences;
    }

    static Task<IReadOnlyList<string>> AssertSchemaAsync(TestStore test) =>
        new SchemaMigrator(test.ConnectionString, [.. SchemaScript.In(typeof(Store).Assembly), Accounts.Tables])
            .AssertAsync(CancellationToken.None);

    static Task<(long Counted, long Position)> CountedAsync(TestStore test) => test.Store.QueryAsync(
        test.Tenant, "select coalesce(sum(events), 0)::bigint from balances where tenant_id = $1",
        [Scalar(test.Tenant)],
        async (reader, position, cancel) => (await reader.ReadAsync(cancel) ? reader.GetInt64(0) : 0, position),
        CancellationToken.None);

    static async Task<string> CatalogAsync(TestStore test)
    {
        await using var connection = await test.OpenAsSuperuserAsync();
        await using var command = new NpgsqlCommand("""
            select concat_ws(E'\n', relacl, reloptions, relowner, relrowsecurity,
                (select string_agg(indexdef, E'\n' order by indexname) from pg_indexes
                    where schemaname = 'stet' and tablename = 'balances'),
                (select string_agg(p::text, E'\n' order by policyname) from pg_policies p
                    where schemaname = 'stet' and tablename = 'balances'),
                (select string_agg(conname || pg_get_constraintdef(k.oid), E'\n' order by conname) from pg_constraint k
                    where conrelid = c.oid))
            from pg_class c where oid = 'stet.balances'::regclass
            """, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    static async Task ExecuteAsync(TestStore test, string sql)
    {
        await using var connection = await test.OpenAsSuperuserAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    sealed class OnProgress(Action<RebuildProgress> act) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value) => act(value);
    }
}
