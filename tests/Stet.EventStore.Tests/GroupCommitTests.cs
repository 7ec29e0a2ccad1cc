namespace Stet.EventStore.Tests;

public class GroupCommitTests
{
    [Fact]
    public async Task Two_commands_on_one_stream_in_one_batch_see_each_other()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        var hold = await test.HoldWriterAsync();

        var deposit = test.AppendAsync(Accounts.Deposit(account, 10));
        var withdraw = test.AppendAsync(Accounts.Withdraw(account, 10));
        var again = test.AppendAsync(Accounts.Withdraw(account, 10));
        hold.Release();

        (await deposit).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await withdraw).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await again).Outcome.ShouldBe(AppendOutcome.Refused);
        var log = await test.LogAsync();
        log.Select(e => (e.Position, e.Version, e.Data)).ShouldBe([(1, 1, new MoneyDeposited(10)), (2, 2, new MoneyWithdrawn(10))]);
        log[0].Timestamp.ShouldBe(log[1].Timestamp, "both were decided in one batch");
        (await test.BalanceAsync(account)).ShouldBe(0);
    }

    [Fact]
    public async Task Two_instances_on_one_stream_never_overdraw_it()
    {
        await using var test = await TestStore.CreateAsync();
        var other = test.Open();
        var account = TestStore.NewStream();
        await test.AppendAsync(Accounts.Deposit(account, 100));

        var results = await Task.WhenAll(Enumerable.Range(0, 300).Select(i =>
            test.AppendAsync(Accounts.Withdraw(account, 1), i % 2 == 0 ? test.Store : other)));

        results.Count(r => r.Outcome == AppendOutcome.Recorded).ShouldBe(100);
        results.Count(r => r.Outcome == AppendOutcome.Refused).ShouldBe(200);
        (await test.BalanceAsync(account)).ShouldBe(0);
        (await test.LogAsync()).Select(e => e.Version).ShouldBe(Enumerable.Range(1, 101).Select(v => (long)v));
    }

    [Fact]
    public async Task A_command_that_throws_amid_a_batch_of_200_harms_nobody_else()
    {
        await using var test = await TestStore.CreateAsync();
        var hold = await test.HoldWriterAsync();

        var commands = Enumerable.Range(0, 200)
            .Select(i => test.AppendAsync(i == 100 ? Accounts.Throw(TestStore.NewStream()) : Accounts.Deposit(TestStore.NewStream())))
            .ToArray();
        hold.Release();

        (await Should.ThrowAsync<DivideByZeroException>(commands[100])).Message.ShouldBe("a bug in a rule");
        foreach (var command in commands.Where((_, i) => i != 100)) (await command).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.LogAsync()).Select(e => e.Position).ShouldBe(Enumerable.Range(1, 199).Select(p => (long)p));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_command_that_the_database_rejects_fails_alone(int before)
    {
        // The statements are prepared on their second use, which must not matter.
        await using var test = await TestStore.CreateAsync();
        for (var i = 0; i < before; i++) await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));
        var hold = await test.HoldWriterAsync();

        var commands = Enumerable.Range(0, 64)
            .Select(i => test.AppendAsync(i == 40 ? Accounts.Note(TestStore.NewStream(), "a\0b") : Accounts.Deposit(TestStore.NewStream())))
            .ToArray();
        hold.Release();

        await Should.ThrowAsync<Npgsql.PostgresException>(commands[40]);
        foreach (var command in commands.Where((_, i) => i != 40)) (await command).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.LogAsync()).Select(e => e.Position).ShouldBe(Enumerable.Range(1, 63 + before).Select(p => (long)p));
    }

    [Fact]
    public async Task A_refused_command_takes_its_whole_request_with_it_and_leaves_no_trace()
    {
        await using var test = await TestStore.CreateAsync();
        var (rich, poor) = (TestStore.NewStream(), TestStore.NewStream());
        await test.AppendAsync(Accounts.Deposit(rich, 5));

        var mark = new IdempotencyMark(TestStore.NewStream(), new byte[32]);
        var transfer = new StreamCommand<Account>(Accounts.Account, rich, (_, _) => [new MoneyWithdrawn(5)]) { Idempotency = mark };
        var results = await test.Store.AppendAsync(
            test.Tenant, TestStore.Metadata, [transfer, Accounts.Withdraw(poor, 1)], receipt: false, CancellationToken.None);

        results.Select(r => r.Outcome).ShouldBe([AppendOutcome.NotRecorded, AppendOutcome.Refused]);
        (await test.LogAsync()).Count.ShouldBe(1);
        (await test.AppendAsync(transfer)).Outcome.ShouldBe(AppendOutcome.Recorded, "neither state nor key were kept");
    }

    [Fact]
    public async Task The_expected_version_has_to_be_the_streams()
    {
        await using var test = await TestStore.CreateAsync();
        var account = TestStore.NewStream();
        StreamCommand At(long version) =>
            new StreamCommand<Account>(Accounts.Account, account, (_, _) => [new MoneyDeposited(1)]) { ExpectedVersion = version };

        (await test.AppendAsync(At(0))).Outcome.ShouldBe(AppendOutcome.Recorded);
        (await test.AppendAsync(At(0))).Outcome.ShouldBe(AppendOutcome.VersionConflict);
        (await test.AppendAsync(At(1))).Outcome.ShouldBe(AppendOutcome.Recorded);
    }

    [Fact]
    public async Task A_state_without_a_snapshot_is_folded_from_its_events()
    {
        await using var test = await TestStore.CreateAsync();
        var stream = TestStore.NewStream();
        var seen = new List<int>();
        StreamCommand Next() => new StreamCommand<Statement>(Accounts.Statement, stream, (state, _) =>
        {
            seen.Add(state?.Entries ?? 0);
            return [new MoneyDeposited(1)];
        });

        for (var i = 0; i < 3; i++) await test.AppendAsync(Next());

        seen.ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task A_tenants_timestamps_rise_even_when_the_clock_falls()
    {
        await using var test = await TestStore.CreateAsync();
        var late = test.Open(clock: new FixedClock(new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        var early = test.Open(clock: new FixedClock(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)));

        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), late);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()), early);

        var log = await test.LogAsync();
        log[1].Timestamp.ShouldBe(log[0].Timestamp.AddMicroseconds(1));
    }

    [Fact]
    public async Task A_command_for_a_tenant_that_was_not_created_is_refused()
    {
        await using var test = await TestStore.CreateAsync();

        var result = await test.Store.AppendAsync(
            TestStore.NewTenant(), TestStore.Metadata, Accounts.Deposit(TestStore.NewStream()), CancellationToken.None);

        result.Outcome.ShouldBe(AppendOutcome.UnknownTenant);
    }

    [Fact]
    public async Task Metadata_is_stored_beside_the_event()
    {
        await using var test = await TestStore.CreateAsync();
        var metadata = new EventMetadata(
            "operator", "correlation", "causation", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ada");

        await test.Store.AppendAsync(test.Tenant, metadata, Accounts.Deposit(TestStore.NewStream()), CancellationToken.None);

        await using var connection = await test.OpenAsSuperuserAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select correlation_id, causation_id, headers::text, mt_dotnet_type, data::text, is_archived from stet.mt_events";
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        row.GetString(0).ShouldBe("correlation");
        row.GetString(1).ShouldBe("causation");
        row.GetString(2).ShouldBe("""{"caller": "ada", "actor_class": "operator", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}""");
        row.GetString(3).ShouldBe("Stet.EventStore.Tests.MoneyDeposited, Stet.EventStore.Tests");
        row.GetString(4).ShouldBe("""{"amount": 1}""");
        row.GetBoolean(5).ShouldBeFalse();
    }

    sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
