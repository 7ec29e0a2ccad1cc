using FsCheck;
using FsCheck.Fluent;

namespace Stet.EventStore.Tests;

/// <summary>
/// Random commands from several callers through two instances against the real store; afterwards the log, replayed in
/// its order through a model that knows nothing of batches, must explain every answer and every read model.
/// </summary>
public class ModelTests
{
    const int Streams = 4;
    const int Callers = 6;

    [Fact]
    public async Task Whatever_callers_do_at_once_the_log_explains_every_answer()
    {
        await using var test = await TestStore.CreateAsync();
        var other = test.Open();
        var property = Prop.ForAll(
            Gen.ArrayOf(Gen.Choose(0, int.MaxValue).Select(Command.From)).ToArbitrary(),
            commands => RunAsync(test, other, commands));

        await Task.Run(() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(60).WithEndSize(150), property));
    }

    static async Task RunAsync(TestStore test, Store other, Command[] commands)
    {
        var tenant = TestStore.NewTenant();
        await test.Store.CreateTenantAsync(tenant, CancellationToken.None);
        var streams = Enumerable.Range(0, Streams).Select(_ => TestStore.NewStream()).ToArray();
        using var done = new CancellationTokenSource();
        var polling = PollAsync(test.Store, tenant, done.Token);

        var answers = new (Command Command, AppendResult[]? Results)[commands.Length];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (var i = caller; i < commands.Length; i += Callers)
            {
                var store = commands[i].Instance == 0 ? test.Store : other;
                AppendResult[]? results;
                try
                {
                    results = await store.AppendAsync(tenant, TestStore.Metadata, commands[i].For(streams), receipt: false, CancellationToken.None);
                }
                catch (DivideByZeroException)
                {
                    results = null;
                }

                answers[i] = (commands[i], results);
            }
        }));

        var log = await test.Store.ReadAsync(tenant, 0, int.MaxValue, CancellationToken.None);
        await done.CancelAsync();
        (await polling).ShouldBe(log, "a reader that polls sees the log in its order, without gaps");

        var model = new Model();
        foreach (var e in log) model.Apply(e);
        model.Explain(answers, streams);

        foreach (var stream in streams)
        {
            var row = await test.Store.QueryAsync(
                tenant, "select balance, events, (select state->>'balance' from stet.account_state s where s.tenant_id = $1 and s.stream_id = $2) from stet.balances where tenant_id = $1 and stream_id = $2",
                [NpgsqlBatchExtensions.Scalar(tenant), NpgsqlBatchExtensions.Scalar(stream)],
                async (reader, _, cancel) => await reader.ReadAsync(cancel)
                    ? (Balance: reader.GetInt64(0), Events: reader.GetInt64(1), State: reader.GetString(2))
                    : (0, 0, "0"), CancellationToken.None);
            row.ShouldBe((model.BalanceOf(stream), model.EventsOf(stream), model.BalanceOf(stream).ToString()));
        }
    }

    static async Task<List<StoredEvent>> PollAsync(Store store, string tenant, CancellationToken done)
    {
        var seen = new List<StoredEvent>();
        while (true)
        {
            var ending = done.IsCancellationRequested;
            seen.AddRange(await store.ReadAsync(tenant, seen.Count, 50, CancellationToken.None));
            if (ending) return seen;
        }
    }

    /// <summary>One thing a caller may do, made from a number so that a failure can be told again.</summary>
    sealed record Command(int Kind, int Stream, int Second, long Amount, int Key, int Instance)
    {
        public static Command From(int seed)
        {
            var random = new Random(seed);
            return new Command(random.Next(10), random.Next(Streams), random.Next(Streams), random.Next(1, 20), random.Next(6), random.Next(2));
        }

        public IReadOnlyList<StreamCommand> For(Guid[] streams) => Kind switch
        {
            <= 3 => [Accounts.Deposit(streams[Stream], Amount)],
            <= 5 => [Accounts.Withdraw(streams[Stream], Amount)],
            6 => [Accounts.Withdraw(streams[Stream], Amount), Accounts.Deposit(streams[Second], Amount)],
            7 => [Accounts.Deposit(streams[Second], Amount), Accounts.Throw(streams[Stream])],
            _ => [Keyed(streams[Key % Streams])],
        };

        public bool IsKeyed => Kind > 7;

        /// <summary>Few, so that keys meet repetitions and conflicts.</summary>
        public long Payload => Amount % 3;

        StreamCommand Keyed(Guid stream) => new StreamCommand<Account>(Accounts.Account, stream, (_, _) => [new MoneyDeposited(Payload)])
        {
            Idempotency = new IdempotencyMark(new Guid(Key, 1, 1, new byte[8]), [(byte)Payload]),
        };
    }

    sealed class Model
    {
        readonly Dictionary<Guid, (long Balance, long Events)> accounts = [];
        readonly Dictionary<Guid, StoredEvent> byId = [];
        readonly List<(Guid Stream, long Balance)> history = [];
        long position;

        public long BalanceOf(Guid stream) => accounts.GetValueOrDefault(stream).Balance;

        public long EventsOf(Guid stream) => accounts.GetValueOrDefault(stream).Events;

        public void Apply(StoredEvent e)
        {
            e.Position.ShouldBe(++position);
            var (balance, events) = accounts.GetValueOrDefault(e.StreamId);
            e.Version.ShouldBe(events + 1);
            balance += e.Data is MoneyDeposited deposited ? deposited.Amount : -((MoneyWithdrawn)e.Data).Amount;
            balance.ShouldBeGreaterThanOrEqualTo(0);
            accounts[e.StreamId] = (balance, events + 1);
            history.Add((e.StreamId, balance));
            byId.Add(e.Id, e);
        }

        long BalanceAt(long at, Guid stream) => history.Take((int)at).LastOrDefault(h => h.Stream == stream).Balance;

        public void Explain((Command Command, AppendResult[]? Results)[] answers, Guid[] streams)
        {
            var claimed = new HashSet<Guid>();
            foreach (var (command, results) in answers)
            {
                if (results is null)
                {
                    command.Kind.ShouldBe(7, "only the command that throws may fail");
                    continue;
                }

                var refused = results.Any(r => r.Outcome is AppendOutcome.Refused or AppendOutcome.KeyConflict);
                foreach (var result in results)
                {
                    if (refused) result.Outcome.ShouldNotBe(AppendOutcome.Recorded);
                    foreach (var e in result.Events) byId[e.Id].ShouldBe(e);
                    if (result.Outcome == AppendOutcome.Recorded) result.Events.ShouldAllBe(e => claimed.Add(e.Id));
                    if (result.Outcome == AppendOutcome.Refused)
                        BalanceAt(result.Position, streams[command.Stream]).ShouldBeLessThan(command.Amount, "only an account without the money refuses");
                }
            }

            claimed.SetEquals(byId.Keys).ShouldBeTrue("every event belongs to exactly one acknowledged command");
            foreach (var key in answers.Where(a => a.Command.IsKeyed).GroupBy(a => a.Command.Key)) ExplainKey([.. key], streams);
        }

        static void ExplainKey((Command Command, AppendResult[]? Results)[] answers, Guid[] streams)
        {
            var (first, recorded) = answers.Where(a => a.Results![0].Outcome == AppendOutcome.Recorded)
                .Select(a => (a.Command, a.Results![0])).ShouldHaveSingleItem();
            recorded.Events.ShouldHaveSingleItem().StreamId.ShouldBe(streams[first.Key % Streams]);
            foreach (var (command, results) in answers.Where(a => !ReferenceEquals(a.Command, first)))
            {
                var result = results.ShouldHaveSingleItem();
                if (command.Payload == first.Payload) result.Events.ShouldBe(recorded.Events, "the same payload gets the first answer");
                result.Outcome.ShouldBe(command.Payload == first.Payload ? AppendOutcome.Repeated : AppendOutcome.KeyConflict);
            }
        }
    }
}
