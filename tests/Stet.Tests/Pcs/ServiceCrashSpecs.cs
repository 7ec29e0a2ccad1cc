using System.Collections.Concurrent;
using Stet.Pcs;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Pcs.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>
/// Kills the service with SIGKILL while documents are submitted. <c>STET_CRASHES</c> says how often: 2 by default, 50 for the
/// long form.
/// </summary>
public class ServiceCrashSpecs
{
    const int Callers = 8;

    static readonly int Crashes = int.Parse(Environment.GetEnvironmentVariable("STET_CRASHES") ?? "2");

    [Fact]
    public async Task No_acknowledged_document_is_lost_and_none_is_recorded_twice()
    {
        var folder = TestCluster.NewFolder();
        var port = ServiceProcess.FreePort();
        var service = await ServiceProcess.ServeAsync(folder, port);
        try
        {
            using var client = new HttpClient { BaseAddress = service.Address, Timeout = TimeSpan.FromSeconds(30) };
            client.DefaultRequestHeaders.Add("X-Tenant-Id", TestService.NewTenantId());
            var tenant = new Tenant(client);
            (await tenant.PutAsync("/v1/pcs/keys/k1", $$"""{"use":"0.1","alg":"HS256","secret":"{{PcsTenancy.Secret}}"}""")).Status.ShouldBe(200);

            var answers = new ConcurrentDictionary<long, Answer>();
            using var stop = new CancellationTokenSource();
            var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (long epoch = caller; !stop.IsCancellationRequested; epoch += Callers)
                    answers[epoch] = await UntilAnsweredAsync(tenant, Of(epoch));
            })).ToArray();

            for (var crash = 0; crash < Crashes; crash++)
            {
                await GrowAsync(answers, 200);
                await service.KillAsync();
                await service.DisposeAsync();
                service = await ServiceProcess.ServeAsync(folder, port);
            }

            await GrowAsync(answers, 200);
            await stop.CancelAsync();
            await Task.WhenAll(callers);

            foreach (var (epoch, answer) in answers)
            {
                var again = await tenant.SubmitAsync(Of(epoch));
                (again.Status, again.Text).ShouldBe((200, answer.Text));
                again.Headers["Stet-Duplicate"].ShouldBe("true");
            }

            ((int)(await tenant.ReadAsync("/v1/pcs/summary"))["accepted"]!).ShouldBe(answers.Count);
            (await service.StopAsync()).ShouldBe(0);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    static PcsDocument Of(long epoch) => (Document with { Epoch = epoch }).Signed();

    /// <summary>The outcome of what was not answered is unknown: the same document goes out again.</summary>
    static async Task<Answer> UntilAnsweredAsync(Tenant tenant, PcsDocument document)
    {
        while (true)
        {
            try
            {
                var answer = await tenant.SubmitAsync(document);
                if (answer.Status == 200) return answer;
                answer.ShouldBeProblem(503, "store_unavailable");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // It was killed, or has not started again.
            }

            await Task.Delay(50);
        }
    }

    static async Task GrowAsync(ConcurrentDictionary<long, Answer> answers, int count)
    {
        var target = answers.Count + count;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (answers.Count < target) await Task.Delay(10, patience.Token);
    }
}
