using Stet.Testing;

namespace Stet.EventStore.Tests;

public class RestartTests
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_when_PostgreSQL_is_killed_under_load()
    {
        await using var cluster = await TestCluster.OwnAsync();
        await using var test = await TestStore.OnAsync(cluster.ConnectionString);
        var other = test.Open();
        using var stop = new CancellationTokenSource();
        var acknowledged = new System.Collections.Concurrent.ConcurrentBag<(Guid Stream, long Position)>();
        var refused = 0;

        var callers = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var stream = TestStore.NewStream();
                try
                {
                    var result = await test.AppendAsync(Accounts.Deposit(stream), i % 2 == 0 ? test.Store : other);
                    acknowledged.Add((stream, result.Position));
                }
                catch (StoreUnavailableException)
                {
                    Interlocked.Increment(ref refused);
                    await Task.Delay(20);
                }
            }
        })).ToArray();
        var reader = Task.Run(() => ReadDenselyAsync(test, stop.Token));

        int? killed = null;
        for (var i = 0; i < 2; i++)
        {
            await GrownBy(acknowledged, 200);
            cluster.PostmasterPid.ShouldNotBe(killed);
            killed = cluster.PostmasterPid;
            cluster.Kill();
        }

        await GrownBy(acknowledged, 200);
        cluster.PostmasterPid.ShouldNotBe(killed);
        await stop.CancelAsync();
        await Task.WhenAll(callers);
        (await reader).ShouldBeGreaterThan(0);

        var log = await test.LogAsync();
        log.Select(e => e.Position).ShouldBe(Enumerable.Range(1, log.Count).Select(p => (long)p));
        log.Select(e => e.StreamId).Distinct().Count().ShouldBe(log.Count, "every stream was sent one command");
        var positions = log.ToDictionary(e => e.StreamId, e => e.Position);
        acknowledged.ShouldAllBe(a => positions.ContainsKey(a.Stream) && positions[a.Stream] == a.Position);
    }

    static async Task GrownBy<T>(IReadOnlyCollection<T> items, int count)
    {
        var target = items.Count + count;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (items.Count < target) await Task.Delay(20, patience.Token);
    }

    /// <summary>Polls the log as a subscriber does; a gap, a fall or a change of what was read is a failure.</summary>
    internal static async Task<long> ReadDenselyAsync(TestStore test, CancellationToken stop)
    {
        var position = 0L;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                foreach (var e in await test.Store.ReadAsync(test.Tenant, position, 100, CancellationToken.None))
                    e.Position.ShouldBe(++position);
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }

        return position;
    }
}
