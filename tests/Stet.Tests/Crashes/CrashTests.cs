using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Stet.Client.AuditLog;
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
            var seen = new SeenLog();
            var interrupted = 0;
            using var stop = new CancellationTokenSource();
            using var client = new HttpClient { BaseAddress = service.Address, Timeout = TimeSpan.FromSeconds(30) };
            client.DefaultRequestHeaders.Add("X-Tenant-Id", Tenant);

            var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    var key = $"caller-{caller}-{i}";
                    while (await TryRecordAsync(client, key) is var answer)
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

            var auditor = Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested) await seen.LookAsync(client);
            });

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
            newest.ShouldBe(acknowledged.Count + seen.Receipts.Count, "every position belongs to one acknowledged command");
            await seen.ShouldLieOnOneHistoryAsync(client);
            (await service.StopAsync()).ShouldBe(0);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    /// <summary>The checkpoints and receipts that somebody outside has been handed.</summary>
    sealed class SeenLog
    {
        const string Log = $"/v1/tenants/{Tenant}/audit";

        readonly Dictionary<long, string> roots = [];
        int asked;

        public List<string> Receipts { get; } = [];

        /// <summary>Takes a checkpoint, then writes with a receipt, until both were answered.</summary>
        public async Task LookAsync(HttpClient client)
        {
            if (await AnswerAsync(() => client.GetAsync(new Uri($"{Log}/checkpoint", UriKind.Relative))) is { } note)
            {
                var lines = note.Split('\n');
                var (size, root) = (long.Parse(lines[1]), lines[2]);
                if (!roots.TryAdd(size, root)) roots[size].ShouldBe(root, $"two roots were signed for size {size}");
            }

            var key = $"receipt-{asked}";
            var body = JsonContent.Create(new
            {
                subject = new { type = "crash", id = key },
                field_key = "field",
                value = key,
                @class = "FACT",
                permissions = new { readers = new[] { "bot" } },
                actor = new { type = "test", id = "auditor" },
                idempotency_key = key,
            });
            if (await AnswerAsync(() => client.PostAsync(new Uri("/v1/corrections?receipt=true", UriKind.Relative), body)) is { } receipt)
            {
                Receipts.Add(receipt);
                asked++;
            }
        }

        /// <summary>Every checkpoint leads to the newest one, and every receipt verifies.</summary>
        public async Task ShouldLieOnOneHistoryAsync(HttpClient client)
        {
            var keys = await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/audit/keys", UriKind.Relative));
            var trust = new AuditTrust([AuditKey.Parse(keys.GetProperty("keys")[0].GetProperty("vkey").GetString()!)]);
            Receipts.Count.ShouldBeGreaterThan(0);
            foreach (var receipt in Receipts)
                AuditProof.Verify(Encoding.UTF8.GetBytes(receipt), trust).Outcome.ShouldBe(AuditOutcome.Verified, receipt);

            roots.Count.ShouldBeGreaterThan(0);
            await client.GetAsync(new Uri($"{Log}/checkpoint?min_position={roots.Keys.Max()}", UriKind.Relative));
            foreach (var (size, root) in roots.Where(r => r.Key > 0))
            {
                var proof = await client.GetFromJsonAsync<JsonElement>(new Uri($"{Log}/consistency?from={size}", UriKind.Relative));
                proof.GetProperty("from_root").GetString().ShouldBe(root, $"size {size} has another root today");
                MerkleProof.VerifyConsistency(
                    size, proof.GetProperty("to").GetInt64(), Convert.FromBase64String(root), proof.GetProperty("to_root").GetBytesFromBase64(),
                    [.. proof.GetProperty("hashes").EnumerateArray().Select(h => h.GetBytesFromBase64())]).ShouldBeTrue();
            }
        }

        static async Task<string?> AnswerAsync(Func<Task<HttpResponseMessage>> ask)
        {
            try
            {
                using var answer = await ask();
                var text = await answer.Content.ReadAsStringAsync();
                if (answer.IsSuccessStatusCode) return text;

                // Before the tenant's first command there is no log.
                ((int)answer.StatusCode).ShouldBeOneOf([503, 404, 403], text);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                // Nobody is there just now.
            }

            await Task.Delay(20);
            return null;
        }
    }

    static async Task<(string Id, long Position)?> TryRecordAsync(HttpClient client, string key)
    {
        try
        {
            using var answer = await client.PostAsync(new Uri("/v1/corrections", UriKind.Relative), JsonContent.Create(new
            {
                subject = new { type = "crash", id = key },
                field_key = "field",
                value = key,
                @class = "FACT",
                permissions = new { readers = new[] { "bot" } },
                actor = new { type = "test", id = "caller" },
                idempotency_key = key,
            }));
            if (!answer.IsSuccessStatusCode)
            {
                ((int)answer.StatusCode).ShouldBe(503, await answer.Content.ReadAsStringAsync());
                return null;
            }

            var receipt = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return (receipt.GetProperty("correction_id").GetString()!, receipt.GetProperty("position").GetInt64());
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return null;
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
