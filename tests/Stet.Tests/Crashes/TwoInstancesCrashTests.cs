using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Stet.Testing;
using Xunit.Abstractions;

namespace Stet.Tests.Crashes;

/// <summary>
/// Two services on one database; one of them, the other or PostgreSQL is killed with SIGKILL at random moments under load.
/// <c>STET_CRASHES</c> says how often: 6 by default, twice each, 1000 for the long form.
/// </summary>
public class TwoInstancesCrashTests(ITestOutputHelper output)
{
    const int CallersEach = 6;
    const string Tenant = "44444444-4444-4444-8444-444444444444";

    static readonly int Crashes = int.Parse(Environment.GetEnvironmentVariable("STET_CRASHES") ?? "6");

    [Fact]
    public async Task All_that_two_instances_ever_signed_lies_on_one_history()
    {
        await using var cluster = await TestCluster.OwnAsync();
        var kek = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        Instance[] instances = [new(cluster, kek), new(cluster, kek)];
        var acknowledged = new ConcurrentDictionary<string, long>();
        var seen = new SeenLog(Tenant);
        using var stop = new CancellationTokenSource();
        try
        {
            foreach (var instance in instances) await instance.StartAsync();
            var work = instances.SelectMany((instance, i) => Enumerable.Range(0, CallersEach)
                .Select(caller => Task.Run(() => RecordAsync(instance.Client, $"caller-{i}-{caller}", acknowledged, stop.Token)))
                .Append(Task.Run(() => seen.WatchAsync(instance.Client, $"auditor-{i}", stop.Token)))).ToArray();

            var random = new Random(20261121);
            var kills = Enumerable.Range(0, Crashes).Select(crash => crash % 3).ToArray();
            random.Shuffle(kills);
            var readyAfter = new List<TimeSpan>();
            foreach (var kill in kills)
            {
                await GrowAsync(acknowledged, random.Next(20, 200));
                var killed = Stopwatch.GetTimestamp();
                if (kill == 2) await CrashAsync(cluster);
                else await instances[kill].CrashAsync();
                foreach (var instance in instances) await instance.ReadyAsync();
                readyAfter.Add(Stopwatch.GetElapsedTime(killed));
            }

            readyAfter.Sort();
            output.WriteLine($"{kills.Length} kills, {acknowledged.Count} commands; all ready again after {readyAfter[kills.Length / 2].TotalSeconds:F1} s (median), {readyAfter[^1].TotalSeconds:F1} s (longest)");

            await GrowAsync(acknowledged, 100);
            await stop.CancelAsync();
            await Task.WhenAll(work);

            foreach (var instance in instances)
            {
                await instance.ReadyAsync();
                await seen.ShouldLieOnOneHistoryAsync(instance.Client);
            }

            acknowledged.Values.Distinct().Count().ShouldBe(acknowledged.Count, "two commands cannot have one position");
            (await PositionAsync(instances[0].Client)).ShouldBe(acknowledged.Count + seen.Written, "every position belongs to one acknowledged command");
            foreach (var instance in instances) (await instance.StopAsync()).ShouldBe(0);
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var instance in instances) await instance.DisposeAsync();
        }
    }

    static async Task RecordAsync(HttpClient client, string caller, ConcurrentDictionary<string, long> acknowledged, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            (string Id, long Position)? receipt;

            // An unknown outcome is asked for until it is known.
            while ((receipt = await Caller.TryRecordAsync(client, $"{caller}-{i}")) is null) await Task.Delay(50, CancellationToken.None);
            acknowledged[$"{caller}-{i}"] = receipt.Value.Position;
        }
    }

    static async Task CrashAsync(TestCluster cluster)
    {
        cluster.Kill();
        await cluster.RestartAsync(CancellationToken.None);
    }

    static async Task GrowAsync(ConcurrentDictionary<string, long> acknowledged, int count)
    {
        var target = acknowledged.Count + count;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (acknowledged.Count < target) await Task.Delay(5, patience.Token);
    }

    static async Task<long> PositionAsync(HttpClient client) =>
        (await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/facts?subject_type=x&subject_id=x&requester_id=bot", UriKind.Relative)))
        .GetProperty("position").GetInt64();

    /// <summary>A service process with a folder and an address that outlive it.</summary>
    sealed class Instance : IAsyncDisposable
    {
        readonly TestCluster cluster;
        readonly string folder = TestCluster.NewFolder();
        readonly int port = ServiceProcess.FreePort();
        ServiceProcess? process;

        public Instance(TestCluster cluster, string kek)
        {
            this.cluster = cluster;
            var keyFile = Path.Combine(folder, "kek");
            File.WriteAllText(keyFile, kek);
            File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) };
            Client.DefaultRequestHeaders.Add("X-Tenant-Id", Tenant);
        }

        public HttpClient Client { get; }

        public async Task StartAsync()
        {
            process = ServiceProcess.Run(
                port, "run", "--connection", cluster.ConnectionString, "--data", folder, "--urls", $"http://127.0.0.1:{port}");
            await process.ReadyAsync();
        }

        public Task ReadyAsync() => process!.ReadyAsync();

        public async Task CrashAsync()
        {
            await process!.KillAsync();
            await process.DisposeAsync();
            await StartAsync();
        }

        public Task<int> StopAsync() => process!.StopAsync();

        public async ValueTask DisposeAsync()
        {
            if (process is not null) await process.DisposeAsync();
            Client.Dispose();
        }
    }
}
