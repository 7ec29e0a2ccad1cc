using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Testing;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore.Tests;

public class SubscriptionTests
{
    [Fact]
    public async Task Every_event_counts_once_and_in_order_while_two_instances_append_and_runners_die()
    {
        await using var test = await WithSeenTableAsync();
        var (other, neighbour) = (test.Open(), await NewTenantAsync(test));
        var runner = new Running(test, new Recorder());

        for (var round = 0; round < 4; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
                DepositAsync(i % 2 == 0 ? test.Store : other, i % 3 == 0 ? neighbour : test.Tenant)));
            await ExecuteAsync(test, """
                select pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'stet-subscriber' and datname = current_database()
                """);
            if (round % 2 == 1) continue;
            await runner.DisposeAsync();
            runner = new Running(test, new Recorder());
        }

        await WaitForAsync(async () =>
            (await SeenAsync(test, test.Tenant)).Count + (await SeenAsync(test, neighbour)).Count == 240);
        (await SeenAsync(test, test.Tenant)).ShouldBe(Enumerable.Range(1, 160).Select(p => (long)p));
        (await SeenAsync(test, neighbour)).ShouldBe(Enumerable.Range(1, 80).Select(p => (long)p));
        runner.Runner.Failures.ShouldBeEmpty();
        await runner.DisposeAsync();
    }

    [Fact]
    public async Task Two_runners_share_the_tenants_and_never_an_event()
    {
        await using var test = await WithSeenTableAsync();
        var handled = new ConcurrentQueue<(string, long)>();
        Func<StoredEvent, Task> note = e =>
        {
            handled.Enqueue((e.TenantId, e.Position));
            return Task.CompletedTask;
        };
        var tenants = new List<string>();
        for (var i = 0; i < 10; i++) tenants.Add(await NewTenantAsync(test));
        await using var first = new Running(test, new Recorder { On = note }, o => o.BatchSize = 3);
        await using var second = new Running(test, new Recorder { On = note }, o => o.BatchSize = 3);

        await Task.WhenAll(tenants.SelectMany(t => Enumerable.Range(0, 20).Select(_ => DepositAsync(test.Store, t))));

        await WaitForAsync(() => Task.FromResult(handled.Count >= 200));
        handled.Distinct().Count().ShouldBe(handled.Count);
        foreach (var tenant in tenants)
        {
            handled.Where(h => h.Item1 == tenant).Select(h => h.Item2)
                .ShouldBe(Enumerable.Range(1, 20).Select(p => (long)p));
        }
    }

    [Fact]
    public async Task An_event_that_cannot_be_handled_stops_its_tenant_in_that_subscription_alone()
    {
        await using var test = await WithSeenTableAsync();
        var neighbour = await NewTenantAsync(test);
        var poisonous = true;
        var strict = new Recorder
        {
            On = e => poisonous && e.Data is NoteTaken
                ? throw new InvalidOperationException("no notes")
                : Task.CompletedTask,
        };
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await test.AppendAsync(Accounts.Note(TestStore.NewStream(), "a note"));
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await using var running = new Running(test, strict);
        await using var easy = new Running(test, new Recorder { Name = "easy" });

        await WaitForAsync(() => Task.FromResult(running.Runner.Failures.Count > 0));
        await DepositAsync(test.Store, neighbour);
        await WaitForAsync(async () =>
            (await SeenAsync(test, neighbour)).Count == 1 && (await SeenAsync(test, test.Tenant, "easy")).Count == 4);

        running.Runner.Failures.ShouldBe(
            [new SubscriptionFailure("recorder", test.Tenant, 3, "note_taken", "no notes")]);
        (await SeenAsync(test, test.Tenant)).ShouldBe([1, 2]);

        poisonous = false;
        running.Runner.Retry();
        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Count == 4);
        (await SeenAsync(test, test.Tenant)).ShouldBe([1, 2, 3, 4]);
        running.Runner.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_stops_after_those_before_it()
    {
        await using var test = await WithSeenTableAsync();
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await ExecuteAsync(test, "update stet.mt_events set type = 'unheard_of' where seq_id = 2");
        await using var running = new Running(test, new Recorder());

        await WaitForAsync(() => Task.FromResult(running.Runner.Failures.Count > 0));

        running.Runner.Failures.ShouldBe(
            [new SubscriptionFailure("recorder", test.Tenant, 2, "unheard_of", "no event is named `unheard_of`")]);
        (await SeenAsync(test, test.Tenant)).ShouldBe([1]);
    }

    [Fact]
    public async Task An_event_that_is_missing_from_the_log_is_not_passed_over()
    {
        await using var test = await WithSeenTableAsync();
        for (var i = 0; i < 3; i++) await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await ExecuteAsync(test, "delete from stet.mt_events where seq_id = 2");
        await using var running = new Running(test, new Recorder());

        await WaitForAsync(() => Task.FromResult(running.Runner.Failures.Count > 0));

        running.Runner.Failures[0].Reason.ShouldBe("the log has no event at position 2");
        (await SeenAsync(test, test.Tenant)).ShouldBe([1]);
    }

    [Fact]
    public async Task A_passing_failure_is_tried_again()
    {
        await using var test = await WithSeenTableAsync();
        var failures = 2;
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var flaky = new Recorder
        {
            On = _ => failures-- > 0 ? throw new TimeoutException("the other side is slow") : Task.CompletedTask,
        };
        await using var running = new Running(test, flaky);

        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Count == 1);

        running.Runner.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_runner_that_lost_its_turn_writes_nothing()
    {
        await using var test = await WithSeenTableAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var turns = 0;
        var overtaken = new Recorder
        {
            On = _ => turns++ == 0
                ? ExecuteAsync(test, $"select stet.advance('stet:recorder:{test.Tenant}', 0, 1)")
                : Task.CompletedTask,
        };
        await using var running = new Running(test, overtaken);
        await WaitForAsync(() => Task.FromResult(turns == 1));

        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));

        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Contains(2));
        (await SeenAsync(test, test.Tenant)).ShouldBe([2], "position 1 was taken by whoever moved the progress on");
    }

    [Fact]
    public async Task A_busy_tenant_does_not_keep_others_waiting()
    {
        await using var test = await WithSeenTableAsync();
        var quiet = await NewTenantAsync(test);
        await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => DepositAsync(test.Store, test.Tenant)));
        await DepositAsync(test.Store, quiet);
        var order = new ConcurrentQueue<string>();
        var recorder = new Recorder { On = e => { order.Enqueue(e.TenantId); return Task.CompletedTask; } };

        await using var running = new Running(test, recorder, o => (o.BatchSize, o.Parallelism) = (10, 1));

        await WaitForAsync(() => Task.FromResult(order.Count == 401));
        order.ToList().IndexOf(quiet).ShouldBeLessThanOrEqualTo(20);
    }

    [Fact]
    public async Task An_asynchronous_projection_keeps_its_tables_behind_the_appends()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connections = StoreConnections.For(test.ConnectionString);
        await using var store = new Store(
            connections, Accounts.Catalog(), [], null, new StoreOptions(), TimeProvider.System, NullLogger<Store>.Instance);
        await using var running = new Running(test, new AsynchronousProjection(new BalancesProjection()));
        var account = TestStore.NewStream();

        await test.AppendAsync(Accounts.Deposit(account, 7), store);
        await test.AppendAsync(Accounts.Withdraw(account, 3), store);

        await WaitForAsync(async () => await test.BalanceAsync(account) == 4);
    }

    [Fact]
    public async Task It_goes_on_by_itself_after_a_restart_of_the_database()
    {
        await using var cluster = await TestCluster.OwnAsync();
        await using var test = await TestStore.OnAsync(cluster.ConnectionString);
        await CreateSeenTableAsync(test);
        await using var running = new Running(test, new Recorder());
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Count == 1);

        await cluster.RestartAsync(CancellationToken.None);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));

        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Count == 2);
        running.Runner.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_event_is_handled_without_waiting_for_the_next_poll()
    {
        await using var test = await WithSeenTableAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await using var running = new Running(test, new Recorder(), o => o.PollInterval = TimeSpan.FromHours(1));
        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Count == 1);

        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));

        await WaitForAsync(async () => (await SeenAsync(test, test.Tenant)).Count == 2);
    }

    [Fact]
    public async Task The_writer_learns_which_tenants_are_behind_and_no_other_role_does()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connections = StoreConnections.For(test.ConnectionString);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        await NewTenantAsync(test);

        await using var pending = connections.Subscriber.CreateCommand(
            "select array_agg(p) from stet.pending('anything') p");
        (await pending.ExecuteScalarAsync()).ShouldBe(new[] { test.Tenant });

        await using var asReader = connections.Reader.CreateCommand("select stet.pending('anything')");
        (await Should.ThrowAsync<PostgresException>(() => asReader.ExecuteScalarAsync()))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    static async Task<TestStore> WithSeenTableAsync()
    {
        var test = await TestStore.CreateAsync();
        await CreateSeenTableAsync(test);
        return test;
    }

    static Task CreateSeenTableAsync(TestStore test) => ExecuteAsync(test, """
        create table stet.seen (
            n bigint generated always as identity, tenant_id varchar not null, subscription varchar not null,
            position bigint not null);
        select stet.secure('stet.seen', 'insert');
        """);

    static async Task<string> NewTenantAsync(TestStore test) =>
        (await test.Store.CreateTenantAsync(TestStore.NewTenant(), CancellationToken.None)).Id;

    static Task DepositAsync(Store store, string tenant) =>
        store.AppendAsync(tenant, TestStore.Metadata, Accounts.Deposit(TestStore.NewStream()), CancellationToken.None);

    static async Task ExecuteAsync(TestStore test, string sql)
    {
        await using var connection = await test.OpenAsSuperuserAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    static Task<IReadOnlyList<long>> SeenAsync(TestStore test, string tenant, string subscription = "recorder") =>
        test.Store.QueryAsync<IReadOnlyList<long>>(
            tenant, """
            select coalesce(array_agg(position order by n), '{}') from stet.seen
            where tenant_id = $1 and subscription = $2
            """, [Scalar(tenant), Scalar(subscription)],
            async (reader, _, cancel) => await reader.ReadAsync(cancel) ? reader.GetFieldValue<long[]>(0) : [],
            CancellationToken.None);

    static async Task WaitForAsync(Func<Task<bool>> happened)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await HasHappenedAsync()) await Task.Delay(20, patience.Token);

        async Task<bool> HasHappenedAsync()
        {
            try
            {
                return await happened();
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        }
    }

    sealed class Recorder : ISubscription
    {
        public string Name { get; init; } = "recorder";

        public Func<StoredEvent, Task> On { get; init; } = _ => Task.CompletedTask;

        public async Task HandleAsync(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch, CancellationToken cancel)
        {
            foreach (var stored in events) await On(stored);
            batch.Add(
                "insert into seen (tenant_id, subscription, position) select $1, $2, p from unnest($3::bigint[]) p",
                Scalar(events[0].TenantId), Scalar(Name), Column(events, e => e.Position));
        }
    }

    sealed class Running : IAsyncDisposable
    {
        readonly StoreConnections connections;
        readonly CancellationTokenSource stop = new();
        readonly Task run;

        public Running(TestStore test, ISubscription subscription, Action<SubscriptionOptions>? configure = null)
        {
            var options = new SubscriptionOptions { PollInterval = TimeSpan.FromMilliseconds(500) };
            configure?.Invoke(options);
            connections = StoreConnections.For(test.ConnectionString);
            Runner = new SubscriptionRunner(
                connections, Accounts.Catalog(), [subscription], options, TimeProvider.System,
                NullLogger<SubscriptionRunner>.Instance);
            run = Runner.RunAsync(stop.Token);
        }

        public SubscriptionRunner Runner { get; }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await run;
            await connections.DisposeAsync();
            stop.Dispose();
        }
    }
}
