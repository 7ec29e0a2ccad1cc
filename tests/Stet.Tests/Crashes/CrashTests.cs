using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Stet.Postgres;
using Stet.Testing;

namespace Stet.Tests.Crashes;

/// <summary>
/// Kills the service or its PostgreSQL with SIGKILL at random moments under load. <c>STET_CRASHES</c> says how often:
/// 3 by default, 50 for the long form.
/// </summary>
public class CrashTests
{
    const int Callers = 12;
    const string Tenant = "33333333-3333-4333-8333-333333333333";

    static readonly int Crashes = int.Parse(Environment.GetEnvironmentVariable("STET_CRASHES") ?? "3");

    [Fact]
    public async Task No_acknowledged_correction_is_lost_or_doubled_and_no_checkpoint_contradicts_another()
    {
        var folder = TestCluster.NewFolder();
        var port = ServiceProcess.FreePort();
        var service = await ServiceProcess.ServeAsync(folder, port);
        try
        {
            var acknowledged = new ConcurrentDictionary<string, (string Id, long Position)>();
            var seen = new SeenLog(Tenant);
            var interrupted = 0;
            using var stop = new CancellationTokenSource();
            using var client = new HttpClient { BaseAddress = service.Address, Timeout = TimeSpan.FromSeconds(30) };
            client.DefaultRequestHeaders.Add("X-Tenant-Id", Tenant);

            var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    var key = $"caller-{caller}-{i}";
                    while (await Caller.TryRecordAsync(client, key) is var answer)
                    {
                        if (answer is { } receipt)
                        {
                            acknowledged[key] = receipt;
                            break;
                        }

                        // The outcome is unknown: the same command goes out again until it is answered.
                        Interlocked.Increment(ref interrupted);
                        await Task.Delay(50);
                    }
                }
            })).ToArray();

            var auditor = Task.Run(() => seen.WatchAsync(client, "auditor", stop.Token));

            var random = new Random(20261121);
            for (var crash = 0; crash < Crashes; crash++)
            {
                await GrowAsync(acknowledged, 100 + random.Next(200));
                if (crash % 2 == 0)
                {
                    await service.KillAsync();
                    await service.DisposeAsync();
                    service = await ServiceProcess.ServeAsync(folder, port);
                }
                else
                {
                    foreach (var pid in ServerProcesses.All(Path.Combine(folder, "postgres"))) Kill(pid);
                }
            }

            await GrowAsync(acknowledged, 100);
            await stop.CancelAsync();
            await Task.WhenAll([.. callers, auditor]);

            interrupted.ShouldBeGreaterThan(0, "no crash met a command under way");
            var positions = new HashSet<long>();
            foreach (var (key, (id, position)) in acknowledged)
            {
                positions.Add(position).ShouldBeTrue("two commands cannot have one position");
                var history = await client.GetFromJsonAsync<JsonElement>(
                    new Uri($"/v1/history?subject_type=crash&subject_id={key}&requester_id=bot", UriKind.Relative));
                var only = history.GetProperty("corrections").EnumerateArray().ShouldHaveSingleItem();
                only.GetProperty("correction_id").GetString().ShouldBe(id);
                only.GetProperty("position").GetInt64().ShouldBe(position);
            }

            var newest = (await client.GetFromJsonAsync<JsonElement>(
                new Uri("/v1/facts?subject_type=x&subject_id=x&requester_id=bot", UriKind.Relative))).GetProperty("position").GetInt64();
            newest.ShouldBe(acknowledged.Count + seen.Written, "every position belongs to one acknowledged command");
            await seen.ShouldLieOnOneHistoryAsync(client);
            (await service.StopAsync()).ShouldBe(0);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    static async Task GrowAsync<T>(ConcurrentDictionary<string, T> acknowledged, int count)
    {
        var target = acknowledged.Count + count;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (acknowledged.Count < target) await Task.Delay(10, patience.Token);
    }

    static void Kill(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended with its main process.
        }
    }
}
