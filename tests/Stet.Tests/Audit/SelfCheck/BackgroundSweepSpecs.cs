using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Corrections;
using Stet.Tests.Enforcement;
using Stet.Tests.Observability;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Tests.Audit.SelfCheck;

public class BackgroundSweepSpecs
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task A_log_is_checked_an_interval_after_it_began_and_an_interval_after_every_check()
    {
        await using var instance = await Instance.CreateAsync();

        await instance.RoundAsync();
        (await instance.RowAsync()).ShouldBeNull();

        instance.Clock.Advance(Day);
        await instance.RoundAsync();
        (await instance.RowAsync()).ShouldBeNull("a day is over when more than a day has passed");

        instance.Clock.Advance(TimeSpan.FromSeconds(1));
        await instance.RoundAsync();
        var first = instance.Clock.GetUtcNow().UtcDateTime;
        (await instance.RowAsync()).ShouldBe(new(0, null, 0, 0, first, 0, 0));

        instance.Clock.Advance(TimeSpan.FromHours(23));
        await instance.RoundAsync();
        (await instance.RowAsync())!.CompletedAt.ShouldBe(first);
        instance.Metric("stet.audit.selfcheck.age").ShouldBe([23 * 3600]);
    }

    [Fact]
    public async Task The_age_is_that_of_the_log_that_waits_longest_while_a_round_goes_on()
    {
        await using var instance = await Instance.CreateAsync();
        instance.Clock.Advance(Day);
        await instance.Notes.NewTenantAsync(3);
        instance.Clock.Advance(TimeSpan.FromSeconds(1));
        await instance.RoundAsync();
        instance.Clock.Advance(Day - TimeSpan.FromSeconds(0.5));
        instance.Metric("stet.audit.selfcheck.age").ShouldBe([Day.TotalSeconds + 0.5]);
        using var stop = new CancellationTokenSource();

        var slow = instance.Open(share: 0.000001).RoundAsync(stop.Token);

        await EventuallyAsync(() => Task.FromResult(instance.Metric("stet.audit.selfcheck.age") is [< 86_400]));
        slow.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(slow);
    }

    [Fact]
    public async Task A_finding_is_logged_with_tenant_and_position_and_never_with_data()
    {
        await using var instance = await Instance.CreateAsync();
        await instance.Notes.ChangeAsync(instance.TenantId, Change.Data(7), Change.NoLeaf(9, 10));

        await instance.DayAsync();

        instance.Logs.Lines.Select(l => (l.Level, l.Message)).ShouldBe([
            (LogLevel.Error, $"Audit log of {instance.TenantId}: Altered at positions 7 to 7: data"),
            (LogLevel.Error, $"Audit log of {instance.TenantId}: Missing at positions 9 to 10: leaf"),
            (LogLevel.Error, $"Audit log of {instance.TenantId}, checked to position 2500: 2 missing, 1 altered; "
                + $"`stet audit selfcheck --tenant {instance.TenantId}` names them all"),
        ]);
        instance.Metric("stet.audit.selfcheck.findings").ShouldBe([2, 1]);
    }

    [Fact]
    public async Task A_flood_of_findings_is_counted_and_not_logged_one_by_one()
    {
        await using var instance = await Instance.CreateAsync();
        await instance.Notes.ChangeAsync(
            instance.TenantId, "delete from stet.audit_leaf where tenant_id = $1 and position <= 1000 and position % 2 = 0");

        await instance.DayAsync();

        instance.Logs.Lines.Count.ShouldBe(101);
        (await instance.RowAsync())!.LastMissing.ShouldBe(500);
    }

    [Fact]
    public async Task What_was_mended_is_no_finding_of_the_next_sweep()
    {
        await using var instance = await Instance.CreateAsync();
        await instance.Notes.ChangeAsync(instance.TenantId, Change.Commit(7));
        await instance.DayAsync();
        instance.Metric("stet.audit.selfcheck.findings").ShouldBe([0, 1]);

        await instance.Notes.ChangeAsync(instance.TenantId, Change.Commit(7));
        await instance.DayAsync();

        instance.Metric("stet.audit.selfcheck.findings").ShouldBe([0, 0]);
    }

    [Fact]
    public async Task A_sweep_that_was_stopped_goes_on_where_it_was_in_another_process()
    {
        await using var instance = await Instance.CreateAsync();
        await instance.Notes.ChangeAsync(instance.TenantId, Change.Commit(7));
        instance.Clock.Advance(Day + Day);
        using var stop = new CancellationTokenSource();
        var slow = instance.Open(share: 0.000001).RoundAsync(stop.Token);
        await EventuallyAsync(async () => (await instance.RowAsync()) is { Position: 1024 });

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(slow);
        (await instance.RowAsync()).ShouldBe(new(1024, instance.Clock.GetUtcNow().UtcDateTime, 0, 1, null, 0, 0));
        await instance.Notes.ChangeAsync(instance.TenantId, Change.Commit(8), Change.Commit(1025));
        await instance.RoundAsync();

        (await instance.RowAsync()).ShouldBe(new(0, null, 0, 0, instance.Clock.GetUtcNow().UtcDateTime, 0, 2));
        instance.Logs.Lines.Where(l => l.Message.Contains("at positions")).Select(l => l.Message.Split(": ")[1])
            .ShouldBe(["Altered at positions 7 to 7", "Altered at positions 1025 to 1025"]);
    }

    [Theory]
    [InlineData("ff", "no format")]
    [InlineData("01 0500000000000000 00 0a00000000000000 0000000000000000 0000 00000000", "position 10, and the end is 5")]
    [InlineData("01 c409000000000000 00 ffffffffffffffff 0000000000000000 0000 00000000", "position -1")]
    [InlineData("01 c409000000000000 01 c409000000000000 ffffff7f", "more peaks than there are")]
    [InlineData("01 c409000000000000 00 0100000000000000 0000000000000000 01 ffffff7f", "more peaks than there are")]
    public async Task A_stored_state_that_nobody_can_go_on_from_begins_the_sweep_anew(string state, string because)
    {
        await using var instance = await Instance.CreateAsync();
        await instance.Notes.ChangeAsync(instance.TenantId, $"""
            insert into stet.audit_selfcheck (tenant_id, started_at, position, state, missing) values ($1, now(), 1024, '\x{state}', 99)
            """, Change.Commit(8));

        await instance.DayAsync().WaitAsync(TimeSpan.FromSeconds(30));

        (await instance.RowAsync()).ShouldBe(new(0, null, 0, 0, instance.Clock.GetUtcNow().UtcDateTime, 0, 1), because);
    }

    [Fact]
    public async Task Two_instances_do_not_sweep_one_tenant_at_once()
    {
        await using var instance = await Instance.CreateAsync();
        instance.Clock.Advance(Day + Day);
        await using var other = await instance.Notes.Connections.Subscriber.OpenConnectionAsync();
        (await SessionLock.TryTakeAsync(other, SelfCheckProgress.LockOf(instance.TenantId), CancellationToken.None)).ShouldBeTrue();

        await instance.RoundAsync();
        (await instance.RowAsync()).ShouldBeNull();

        await SessionLock.ReleaseAsync(other, SelfCheckProgress.LockOf(instance.TenantId));
        await instance.RoundAsync();
        (await instance.RowAsync())!.CompletedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_key_that_this_installation_was_not_given_is_logged_and_keeps_no_other_log_from_its_check()
    {
        await using var instance = await Instance.CreateAsync();
        var other = await instance.Notes.NewTenantAsync(3);
        await instance.Notes.ChangeAsync(instance.TenantId, "update stet.audit_key set kek_id = '00000000' where tenant_id = $1");

        await instance.DayAsync();

        instance.Logs.Lines.ShouldHaveSingleItem().Message.ShouldStartWith(
            $"Audit log of {instance.TenantId} cannot be checked: Keys in the database are wrapped by installation key 00000000");
        (await instance.RowAsync()).ShouldBeNull();
        (await RowAsync(instance.Notes.Database, other))!.CompletedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_check_that_fails_is_logged_and_keeps_no_other_log_from_its_own()
    {
        await using var instance = await Instance.CreateAsync();
        var other = await instance.Notes.NewTenantAsync(3);
        await using (var connection = await instance.Notes.Database.OpenAsync())
        await using (var refuse = new NpgsqlCommand(
            $"alter table stet.audit_selfcheck add constraint refused check (tenant_id <> '{instance.TenantId}')", connection))
            await refuse.ExecuteNonQueryAsync();

        await instance.DayAsync();

        instance.Logs.Lines.ShouldHaveSingleItem().Message.ShouldStartWith($"Audit log of {instance.TenantId} cannot be checked: 23514");
        (await RowAsync(instance.Notes.Database, other))!.CompletedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_log_that_another_instance_has_just_checked_is_left_alone()
    {
        await using var instance = await Instance.CreateAsync();
        await instance.DayAsync();
        await using var connection = await instance.Notes.Connections.Subscriber.OpenConnectionAsync();
        var now = instance.Clock.GetUtcNow().UtcDateTime;

        (await SelfCheckProgress.ReadAsync(connection, instance.TenantId, now, CancellationToken.None)).ShouldBeNull();
        (await SelfCheckProgress.ReadAsync(connection, instance.TenantId, now.AddSeconds(1), CancellationToken.None)).ShouldBe(SelfCheckProgress.None);
    }

    [Fact]
    public async Task The_service_checks_its_logs_by_itself_and_shows_it()
    {
        var clock = new ManualClock();
        await using var home = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenantId = TestService.NewTenantId();
        await Tenancy.Of(home, tenantId).RecordAsync(OrdinaryJson.Correction());
        clock.Advance(Day + Day);

        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock }, home.Database);

        await EventuallyAsync(async () => await RowAsync(home.Database, tenantId) is { CompletedAt: not null });
        using var client = service.AnonymousClient();
        var families = Exposition.Parse(await client.GetStringAsync("/metrics"));
        families.ShouldContainKey("stet_audit_selfcheck_position");
        families.ShouldContainKey("stet_audit_selfcheck_age_seconds");
        families["stet_audit_selfcheck_interval_seconds"].Samples.ShouldHaveSingleItem().Value.ShouldBe(Day.TotalSeconds);
        families["stet_audit_selfcheck_findings"].Samples.Select(s => s.Labels["class"]).Distinct().ShouldBe(["missing", "altered"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("Audit:SelfCheck:Share", "0")]
    [InlineData("Audit:SelfCheck:Share", "1.1")]
    [InlineData("Audit:SelfCheck:Interval", "00:00:01")]
    [InlineData("Audit:SelfCheck:Interval", "366.00:00:00")]
    public async Task Options_out_of_range_stop_the_start(string key, string value) =>
        await Should.ThrowAsync<OptionsValidationException>(async () =>
        {
            await using var service = await TestService.StartAsync(new TestServiceOptions { Settings = new Dictionary<string, string?> { [key] = value } });
        });

    static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        var since = Stopwatch.StartNew();
        while (!await holds())
        {
            since.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
            await Task.Delay(20);
        }
    }

    static async Task<Row?> RowAsync(TestDatabase database, string tenantId)
    {
        await using var connection = await database.OpenAsync();
        await using var command = new NpgsqlCommand("""
            select position, started_at, missing, altered, completed_at, last_missing, last_altered
            from stet.audit_selfcheck where tenant_id = $1
            """, connection) { Parameters = { Scalar(tenantId) } };
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync()
            ? new Row(
                row.GetInt64(0), row.IsDBNull(1) ? null : row.GetDateTime(1), row.GetInt64(2), row.GetInt64(3),
                row.IsDBNull(4) ? null : row.GetDateTime(4), row.GetInt64(5), row.GetInt64(6))
            : null;
    }

    sealed record Row(
        long Position, DateTime? StartedAt, long Missing, long Altered, DateTime? CompletedAt, long LastMissing, long LastAltered);

    /// <summary>An instance's background sweep over a database with one log of 2,500.</summary>
    sealed class Instance : IAsyncDisposable
    {
        readonly ServiceProvider provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        readonly string folder = TestCluster.NewFolder();
        readonly StateFile state;
        readonly ILoggerFactory logging;
        readonly BackgroundSweep sweep;

        Instance(NotesLog notes, ManualClock clock, string tenantId)
        {
            (Notes, Clock, TenantId) = (notes, clock, tenantId);
            logging = LoggerFactory.Create(builder => builder.AddProvider(Logs));
            Metrics = new SelfCheckMetrics(provider.GetRequiredService<IMeterFactory>(), new SelfCheckOptions(), clock);
            state = StateFile.Open(Path.Combine(folder, "audit-state"));
            sweep = Open(share: 1);
        }

        public NotesLog Notes { get; }

        public ManualClock Clock { get; }

        public string TenantId { get; }

        public CapturedLogs Logs { get; } = new();

        SelfCheckMetrics Metrics { get; }

        public static async Task<Instance> CreateAsync()
        {
            var clock = new ManualClock();
            var notes = await NotesLog.CreateAsync(clock);
            return new Instance(notes, clock, await notes.NewTenantAsync(1_000, 2_500));
        }

        public BackgroundSweep Open(double share) => new(
            Notes.Connections, Notes.Installation, state, new SelfCheckOptions { Share = share }, Metrics, Clock,
            logging.CreateLogger<BackgroundSweep>());

        public Task RoundAsync() => sweep.RoundAsync(CancellationToken.None);

        /// <summary>Lets a good day pass and whatever is due be done.</summary>
        public Task DayAsync()
        {
            Clock.Advance(Day + TimeSpan.FromHours(1));
            return RoundAsync();
        }

        public Task<Row?> RowAsync() => BackgroundSweepSpecs.RowAsync(Notes.Database, TenantId);

        /// <summary>A metric's values now, in the order of its series.</summary>
        public double[] Metric(string name)
        {
            var values = new List<double>();
            using var listener = new MeterListener
            {
                InstrumentPublished = (instrument, listener) =>
                {
                    if (instrument.Name == name && instrument.Meter.Scope == provider.GetRequiredService<IMeterFactory>())
                        listener.EnableMeasurementEvents(instrument);
                },
            };
            listener.SetMeasurementEventCallback<long>((_, value, _, _) => values.Add(value));
            listener.SetMeasurementEventCallback<double>((_, value, _, _) => values.Add(value));
            listener.Start();
            listener.RecordObservableInstruments();
            return [.. values];
        }

        public async ValueTask DisposeAsync()
        {
            sweep.Dispose();
            state.Dispose();
            Directory.Delete(folder, recursive: true);
            logging.Dispose();
            await provider.DisposeAsync();
            await Notes.DisposeAsync();
        }
    }
}
