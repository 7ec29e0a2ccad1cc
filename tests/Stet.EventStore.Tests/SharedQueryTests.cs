using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore.Tests;

public class SharedQueryTests
{
    [Fact]
    public async Task Queries_of_one_kind_that_are_asked_together_are_one_statement_and_each_gets_its_own_answer()
    {
        await using var test = await TestStore.CreateAsync();
        var largest = 0;
        var halves = Halves(keys => largest = Math.Max(largest, keys));

        var asked = Enumerable.Range(1, 300).Select(n => test.Store.QueryAsync(halves, test.Tenant, 2 * n, CancellationToken.None)).ToArray();

        (await Task.WhenAll(asked)).ShouldBe(Enumerable.Range(1, 300));
        largest.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task A_shared_query_sees_its_own_tenant_alone()
    {
        await using var test = await TestStore.CreateAsync();
        var other = await test.Store.CreateTenantAsync(TestStore.NewTenant(), CancellationToken.None);
        var names = new SharedQuery<int, string[]>(
            "select array_agg(tenant_id) from stet.tenant_head",
            (_, _) => [],
            async (row, _, keys) =>
            {
                await row.ReadAsync();
                return [.. keys.Select(_ => row.GetFieldValue<string[]>(0))];
            });

        var asked = Enumerable.Range(0, 100).Select(n => test.Store.QueryAsync(names, n % 2 == 0 ? test.Tenant : other.Id, n, CancellationToken.None));
        var seen = await Task.WhenAll(asked);

        for (var n = 0; n < seen.Length; n++) seen[n].ShouldBe([n % 2 == 0 ? test.Tenant : other.Id]);
    }

    [Fact]
    public async Task Who_leaves_does_not_wait_until_the_database_answers()
    {
        await using var test = await TestStore.CreateAsync();
        await using var held = await HeldLock.TakeAsync(test);
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        var asked = test.Store.QueryAsync(test.Tenant, HeldLock.Wait, [], (_, _, _) => Task.FromResult(true), leaving.Token);

        await Should.ThrowAsync<OperationCanceledException>(asked.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_slow_query_holds_up_nobody_who_comes_later()
    {
        await using var test = await TestStore.CreateAsync();
        var slow = new List<Task<long>>();
        await using (await HeldLock.TakeAsync(test))
        {
            for (var i = 0; i < 7; i++)
            {
                slow.Add(test.Store.QueryAsync(test.Tenant, HeldLock.Wait, [], (_, position, _) => Task.FromResult(position), CancellationToken.None));
                await Task.Delay(60); // each a group of its own
            }

            await test.Store.PositionAsync(test.Tenant, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5));

            slow.ShouldAllBe(query => !query.IsCompleted);
        }

        await Task.WhenAll(slow);
    }

    [Fact]
    public async Task A_query_that_takes_longer_than_it_may_fails_alone()
    {
        await using var test = await TestStore.CreateAsync();
        string[] statements = ["select", "select", "select pg_sleep(60)", "select", "select"];

        var asked = statements.Select(sql => test.Store.QueryAsync(test.Tenant, sql, [], (_, position, _) => Task.FromResult(position), CancellationToken.None)).ToArray();
        await using var server = new Npgsql.NpgsqlConnection(test.ConnectionString);
        await server.OpenAsync();
        await using var stop = new Npgsql.NpgsqlCommand(
            "select pg_cancel_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)' and datname = current_database()", server);
        while (!asked[2].IsCompleted) await stop.ExecuteNonQueryAsync(); // as a time-out does

        PassingFailure.IsTooSlow(await Should.ThrowAsync<Npgsql.PostgresException>(asked[2])).ShouldBeTrue();
        await Task.WhenAll(asked.Where((_, n) => n != 2)).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Those_who_share_a_statement_that_takes_longer_than_it_may_do_not_wait_for_it_one_after_the_other()
    {
        await using var test = await TestStore.CreateAsync();
        await using var held = await HeldLock.TakeAsync(test);
        var waiting = new SharedQuery<int, bool>(
            "select pg_advisory_xact_lock_shared(1), 'of many' from unnest($1::int[]) with ordinality as t(key, n)",
            (_, keys) => [Column(keys, key => key)], (_, _, keys) => Task.FromResult<IReadOnlyList<bool>>([.. keys.Select(_ => true)]));

        var asked = Enumerable.Range(1, 20).Select(n => test.Store.QueryAsync(waiting, test.Tenant, n, CancellationToken.None)).ToArray();
        await using var server = new Npgsql.NpgsqlConnection(test.ConnectionString);
        await server.OpenAsync();
        await using var stop = new Npgsql.NpgsqlCommand(
            "select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()", server);
        var stopped = 0L;
        for (; !Array.TrueForAll(asked, query => query.IsCompleted); await Task.Delay(20)) stopped += (long)(await stop.ExecuteScalarAsync())!;

        foreach (var query in asked) PassingFailure.IsTooSlow(await Should.ThrowAsync<Npgsql.PostgresException>(query)).ShouldBeTrue();
        stopped.ShouldBeLessThan(10);
    }

    [Fact]
    public async Task A_query_that_waits_for_a_lock_is_given_up_before_a_command_would_be()
    {
        await using var test = await TestStore.CreateAsync();
        await using var held = await HeldLock.TakeAsync(test);

        var asked = test.Store.QueryAsync(test.Tenant, HeldLock.Wait, [], (_, _, _) => Task.FromResult(true), CancellationToken.None);

        await Should.ThrowAsync<StoreUnavailableException>(asked.WaitAsync(new StoreOptions().Patience));
    }

    [Fact]
    public async Task More_queries_than_may_wait_are_refused_at_once()
    {
        await using var test = await TestStore.CreateAsync();
        var asked = new List<Task<bool>>();
        StoreUnavailableException? refused = null;
        await using (await HeldLock.TakeAsync(test))
        {
            for (var i = 0; i < 12_000 && refused is null; i++)
            {
                try
                {
                    asked.Add(test.Store.QueryAsync(test.Tenant, HeldLock.Wait, [], (_, _, _) => Task.FromResult(true), CancellationToken.None));
                }
                catch (StoreUnavailableException e)
                {
                    refused = e;
                }
            }
        }

        refused.ShouldNotBeNull().Message.ShouldBe("too many queries are waiting");
        asked.Count.ShouldBeGreaterThanOrEqualTo(10_000);
        (await Task.WhenAll(asked)).ShouldAllBe(answer => answer);
    }

    [Fact]
    public async Task A_key_that_the_database_rejects_fails_alone()
    {
        await using var test = await TestStore.CreateAsync();
        var reciprocals = new SharedQuery<int, double>(
            "select 1.0::float8 / key from unnest($1::int[]) with ordinality as t(key, n) order by n",
            (_, keys) => [Column(keys, key => key)], async (row, _, keys) =>
            {
                var answers = new List<double>();
                while (await row.ReadAsync()) answers.Add(row.GetDouble(0));
                return answers;
            });

        var asked = Enumerable.Range(-50, 101).Select(n => (n, Answer: test.Store.QueryAsync(reciprocals, test.Tenant, n, CancellationToken.None))).ToArray();

        foreach (var (n, answer) in asked)
        {
            if (n == 0) (await Should.ThrowAsync<Npgsql.PostgresException>(answer)).SqlState.ShouldBe("22012");
            else (await answer).ShouldBe(1.0 / n);
        }
    }

    [Fact]
    public async Task A_key_whose_answer_cannot_be_read_fails_alone()
    {
        await using var test = await TestStore.CreateAsync();
        var halves = Halves(_ => { });

        var asked = Enumerable.Range(1, 100).Select(n => (n, Answer: test.Store.QueryAsync(halves, test.Tenant, n == 50 ? 99 : 2 * n, CancellationToken.None))).ToArray();

        foreach (var (n, answer) in asked)
        {
            if (n == 50) (await Should.ThrowAsync<InvalidDataException>(answer)).Message.ShouldBe("99 is odd");
            else (await answer).ShouldBe(n);
        }
    }

    static SharedQuery<int, int> Halves(Action<int> sees) => new(
        "select key from unnest($1::int[]) with ordinality as t(key, n) order by n",
        (_, keys) =>
        {
            sees(keys.Count);
            return [Column(keys, key => key)];
        },
        async (row, _, _) =>
        {
            var answers = new List<int>();
            while (await row.ReadAsync())
            {
                var key = row.GetInt32(0);
                answers.Add(key % 2 == 0 ? key / 2 : throw new InvalidDataException($"{key} is odd"));
            }

            return answers;
        });

    /// <summary>A lock that queries wait for until it is let go.</summary>
    sealed class HeldLock(StoreConnections connections, Npgsql.NpgsqlConnection holder) : IAsyncDisposable
    {
        public const string Wait = "select pg_advisory_xact_lock_shared(1)";

        public static async Task<HeldLock> TakeAsync(TestStore test)
        {
            var connections = StoreConnections.For(test.ConnectionString);
            var holder = await connections.Subscriber.OpenConnectionAsync();
            await using var take = new Npgsql.NpgsqlCommand("select pg_advisory_lock(1)", holder);
            await take.ExecuteNonQueryAsync();
            return new HeldLock(connections, holder);
        }

        public async ValueTask DisposeAsync()
        {
            await holder.DisposeAsync();
            await connections.DisposeAsync();
        }
    }
}
