using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Stet.Audit.Witnesses;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

public sealed class AddCheckpointSpecs : IDisposable
{
    const string Origin = "stet.example/audit/acme";

    static readonly JsonElement published = TlogData.Read("witness-add-checkpoint.json").RootElement;
    static readonly DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(published.GetProperty("time").GetInt64());

    readonly string folder = TestCluster.NewFolder();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_published_requests_get_the_published_answers_in_their_order()
    {
        await using var witness = await StartAsync();

        foreach (var request in published.GetProperty("sequence").EnumerateArray()) await ExpectAsync(witness, request);
    }

    [Fact]
    public async Task A_witness_that_is_restarted_after_every_request_answers_the_same()
    {
        foreach (var request in published.GetProperty("sequence").EnumerateArray())
        {
            await using var witness = await StartAsync();
            await ExpectAsync(witness, request);
        }
    }

    [Fact]
    public async Task What_was_seen_is_served_with_the_witness_own_line()
    {
        await using var witness = await StartAsync();
        using var answer = await witness.PostAsync(Body("first checkpoint"));

        using var served = await witness.Client.GetAsync($"/{WitnessState.NameOf(Origin)}/checkpoint");

        served.StatusCode.ShouldBe(HttpStatusCode.OK);
        served.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        (await served.Content.ReadAsStringAsync())
            .ShouldBe(Body("first checkpoint")["old 0\n\n".Length..] + await answer.Content.ReadAsStringAsync());
        using var head = await witness.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/{WitnessState.NameOf(Origin)}/checkpoint"));
        head.Content.Headers.ContentLength.ShouldBe(served.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Nothing_is_served_of_a_log_that_was_not_seen_or_is_unknown()
    {
        await using var witness = await StartAsync();

        (await witness.Client.GetAsync($"/{WitnessState.NameOf(Origin)}/checkpoint")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await witness.Client.GetAsync($"/{WitnessState.NameOf("elsewhere")}/checkpoint")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await witness.Client.GetAsync("/checkpoint")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_lost_reply_is_repaired_by_sending_again()
    {
        await using (var witness = await StartAsync())
        {
            // Nobody reads the answer.
            using var sender = new TcpClient();
            await sender.ConnectAsync(IPAddress.Loopback, witness.Address.Port);
            var body = Encoding.UTF8.GetBytes(Body("first checkpoint"));
            await sender.Client.SendAsync(Encoding.ASCII.GetBytes(
                $"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {body.Length}\r\n\r\n"));
            await sender.Client.SendAsync(body);
            while ((await witness.Client.GetAsync($"/{WitnessState.NameOf(Origin)}/checkpoint")).StatusCode != HttpStatusCode.OK)
                await Task.Delay(10);
            sender.LingerState = new LingerOption(true, 0);
        }

        await using var restarted = await StartAsync();

        using var again = await restarted.PostAsync(Body("first checkpoint"));
        again.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await again.Content.ReadAsStringAsync()).ShouldBe("300\n");

        using var right = await restarted.PostAsync(Body("the same again, old size right"));
        right.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Requests_at_one_time_are_decided_one_after_the_other()
    {
        await using var witness = await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => witness.PostAsync(Body("first checkpoint"))));

        answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(15);
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_kept_is_not_cosigned()
    {
        await using var witness = await StartAsync();
        Directory.CreateDirectory(Path.Combine(folder, WitnessState.NameOf(Origin) + ".new"));

        using var answer = await witness.PostAsync(Body("first checkpoint"));

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadAsStringAsync()).ShouldNotContain("witness.example");
        Directory.Delete(Path.Combine(folder, WitnessState.NameOf(Origin) + ".new"));
        using var again = await witness.PostAsync(Body("first checkpoint"));
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(64 * 1024, HttpStatusCode.BadRequest)]
    [InlineData((64 * 1024) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_has_at_most_64_KiB(int length, HttpStatusCode status)
    {
        await using var witness = await StartAsync();

        using var answer = await witness.PostAsync(new string('a', length));

        answer.StatusCode.ShouldBe(status);
    }

    [Theory]
    [InlineData(64 * 1024, HttpStatusCode.BadRequest)]
    [InlineData((64 * 1024) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_of_unknown_length_has_at_most_64_KiB(int length, HttpStatusCode status)
    {
        await using var witness = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/add-checkpoint")
        {
            Content = new ByteArrayContent(new byte[length]),
            Headers = { TransferEncodingChunked = true },
        };

        using var answer = await witness.Client.SendAsync(request);

        answer.StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task Only_POST_adds_a_checkpoint()
    {
        await using var witness = await StartAsync();

        (await witness.Client.GetAsync("/add-checkpoint")).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    Task<RunningWitness> StartAsync() => RunningWitness.StartAsync(folder, now);

    static string Body(string name) => published.GetProperty("sequence").EnumerateArray()
        .First(r => r.GetProperty("case").GetString() == name).GetProperty("body").GetString()!;

    static async Task ExpectAsync(RunningWitness witness, JsonElement request)
    {
        var name = request.GetProperty("case").GetString();

        using var answer = await witness.PostAsync(request.GetProperty("body").GetString()!);

        ((int)answer.StatusCode).ShouldBe(request.GetProperty("status").GetInt32(), name);
        if (!request.TryGetProperty("reply", out var reply)) return;
        (await answer.Content.ReadAsByteArrayAsync()).ShouldBe(Encoding.UTF8.GetBytes(reply.GetString()!), name);
        answer.Content.Headers.ContentType!.ToString().ShouldBe(request.GetProperty("content_type").GetString(), name);
    }
}
