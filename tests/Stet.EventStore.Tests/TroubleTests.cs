using System.Diagnostics;
using Npgsql;

namespace Stet.EventStore.Tests;

public class TroubleTests
{
    [Fact]
    public async Task A_database_that_became_read_only_is_waited_for_and_named()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromSeconds(1) });
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        await using var superuser = await test.OpenAsSuperuserAsync();
        var name = new NpgsqlConnectionStringBuilder(test.ConnectionString).Database;
        const string Cut = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";

        await ExecuteAsync(superuser, $"alter database \"{name}\" set default_transaction_read_only = on");
        await ExecuteAsync(superuser, Cut);
        var refused = await Should.ThrowAsync<StoreUnavailableException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
        var trouble = store.Trouble;
        await ExecuteAsync(superuser, $"alter database \"{name}\" reset default_transaction_read_only");

        (await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store)).Position.ShouldBe(2);
        trouble.ShouldNotBeNull().ShouldStartWith("25006: ");
        refused.RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));
        store.Trouble.ShouldBeNull();
    }

    [Fact]
    public async Task Trouble_ends_when_the_database_writes_again_although_no_command_comes()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromMilliseconds(200) });
        await using var superuser = await test.OpenAsSuperuserAsync();
        var name = new NpgsqlConnectionStringBuilder(test.ConnectionString).Database;
        await ExecuteAsync(superuser, $"alter database \"{name}\" set default_transaction_read_only = on");
        await Should.ThrowAsync<StoreUnavailableException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        var trouble = store.Trouble;

        await ExecuteAsync(superuser, $"alter database \"{name}\" reset default_transaction_read_only");
        for (var tries = 0; tries < 500 && store.Trouble is not null; tries++) await Task.Delay(10);

        trouble.ShouldNotBeNull().ShouldStartWith("25006: ");
        store.Trouble.ShouldBeNull();
    }

    [Fact]
    public async Task What_writes_nothing_does_not_end_the_trouble()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromSeconds(1) });
        await using var superuser = await test.OpenAsSuperuserAsync();
        var name = new NpgsqlConnectionStringBuilder(test.ConnectionString).Database;
        await ExecuteAsync(superuser, $"alter database \"{name}\" set default_transaction_read_only = on");
        await Should.ThrowAsync<StoreUnavailableException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));

        // For a second, decisions are made under locks, which this database does not give.
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        var refused = await test.AppendAsync(Accounts.Withdraw(TestStore.NewStream(), 1), store);
        var trouble = store.Trouble;
        await ExecuteAsync(superuser, $"alter database \"{name}\" reset default_transaction_read_only");

        refused.Outcome.ShouldBe(AppendOutcome.Refused);
        trouble.ShouldNotBeNull().ShouldStartWith("25006: ");
    }

    [Fact]
    public async Task Nobody_waits_longer_than_the_patience_for_a_lock_that_somebody_holds()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromSeconds(2) });
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        await using var holder = await test.OpenAsSuperuserAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await ExecuteAsync(holder, "lock table stet.mt_events in access exclusive mode");

        var waits = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(400 * i));
            var sent = Stopwatch.GetTimestamp();
            await Should.ThrowAsync<StoreUnavailableException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
            return Stopwatch.GetElapsedTime(sent);
        }));
        var trouble = store.Trouble;
        await transaction.RollbackAsync();

        waits.Max().ShouldBeLessThan(TimeSpan.FromSeconds(3.8));
        trouble.ShouldBe("no answer within 2 s");
        (await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store)).Position.ShouldBe(2);
    }

    [Fact]
    public async Task A_lock_that_is_not_given_is_named()
    {
        await using var test = await TestStore.CreateAsync();
        var store = test.Open(new StoreOptions { Patience = TimeSpan.FromSeconds(9) });
        await using var holder = await test.OpenAsSuperuserAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await ExecuteAsync(holder, "lock table stet.mt_events in access exclusive mode");

        await Should.ThrowAsync<StoreUnavailableException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));

        store.Trouble.ShouldBe("55P03: canceling statement due to lock timeout");
    }

    [Fact]
    public async Task Nothing_is_written_once_a_newer_version_has_changed_the_schema()
    {
        await using var test = await TestStore.CreateAsync();
        var scripts = SchemaScript.In(typeof(Store).Assembly).Count + 1;
        var store = test.Open(new StoreOptions { SchemaScripts = scripts });
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        SchemaScript[] newer = [.. SchemaScript.In(typeof(Store).Assembly), Accounts.Tables, new("901_newer.sql", "select 1")];

        await new SchemaMigrator(test.ConnectionString, newer).ApplyAsync(CancellationToken.None);

        await Should.ThrowAsync<SchemaChangedException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
        await Should.ThrowAsync<SchemaChangedException>(test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store));
        var restarted = test.Open(new StoreOptions { SchemaScripts = scripts + 1 });
        (await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), restarted)).Position.ShouldBe(2);
    }

    [Fact]
    public async Task A_schema_is_changed_between_two_batches_not_within_one()
    {
        await using var test = await TestStore.CreateAsync();
        var scripts = SchemaScript.In(typeof(Store).Assembly).Count + 1;
        var store = test.Open(new StoreOptions { SchemaScripts = scripts });
        await using var migration = await test.OpenAsSuperuserAsync();
        await using var transaction = await migration.BeginTransactionAsync();
        await ExecuteAsync(migration, "lock table stet.tenant_head in exclusive mode");

        var waiting = test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        await ExecuteAsync(migration, "insert into stet.schema_version (name, checksum, fingerprint) values ('901_newer.sql', '', '')");
        await transaction.CommitAsync();

        await Should.ThrowAsync<SchemaChangedException>(waiting);
        (await test.LogAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Events_that_are_newer_than_the_clock_are_told_until_it_has_caught_up()
    {
        await using var test = await TestStore.CreateAsync();
        var clock = new Stet.Testing.ManualClock();
        var store = test.Open(clock: clock);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        store.Ahead.ShouldBe(TimeSpan.Zero);

        clock.Advance(TimeSpan.FromHours(1));
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), store);
        clock.Advance(TimeSpan.FromHours(-1));

        await ShouldBeAnHourAheadAsync(store);
        var other = test.Open(clock: clock);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), other);
        await ShouldBeAnHourAheadAsync(other);
        clock.Advance(TimeSpan.FromMinutes(61));
        store.Ahead.ShouldBe(TimeSpan.Zero);

        // A command is answered first, and then its time is noted.
        static async Task ShouldBeAnHourAheadAsync(Store store)
        {
            for (var tries = 0; tries < 500 && store.Ahead == TimeSpan.Zero; tries++) await Task.Delay(10);
            store.Ahead.ShouldBe(TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(1));
        }
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
