using System.Net;
using System.Text;
using System.Text.Json;
using Stet.Client.Pcs;

namespace Stet.Client.Tests.Pcs;

/// <summary>A service that answers as a test says, and remembers what it was sent.</summary>
sealed class Scripted(Func<int, byte[], CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    readonly Lock gate = new();
    readonly List<byte[]> bodies = [];

    /// <param name="answer">Gets the number of the request, from 1.</param>
    public Scripted(Func<int, HttpResponseMessage> answer) : this((number, _, _) => Task.FromResult(answer(number)))
    {
    }

    public IReadOnlyList<byte[]> Bodies
    {
        get
        {
            lock (gate) return [.. bodies];
        }
    }

    /// <summary>Numbers in the outbox, in the order in which they were sent.</summary>
    public IEnumerable<long> Seqs => Bodies.Select(SeqOf);

    public static HttpResponseMessage Answer(int status, string body = "{}", string? retryAfter = null)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (retryAfter is not null) response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        return response;
    }

    public static HttpResponseMessage Accepted() => Answer(200, """{"outcome":"ACCEPTED","position":42}""");

    public static long SeqOf(byte[] body) => JsonDocument.Parse(body).RootElement.GetProperty("ft").GetProperty("outbox_seq").GetInt64();

    public PcsSender Sender(Outbox outbox, TimeProvider clock) => new(outbox, Endpoint(clock), clock, new Random(1));

    public PcsEndpoint Endpoint(TimeProvider clock) =>
        new(new HttpClient(this) { Timeout = Timeout.InfiniteTimeSpan }, new Uri("http://stet.example/base"), clock);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri!.AbsoluteUri.ShouldBe("http://stet.example/base/v1/pcs/submit");
        request.Content!.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var body = await request.Content.ReadAsByteArrayAsync(cancellationToken);
        int number;
        lock (gate)
        {
            bodies.Add(body);
            number = bodies.Count;
        }

        return await answer(number, body, cancellationToken);
    }
}

/// <summary>Keeps what it is told.</summary>
sealed class Told<T> : IProgress<T>
{
    readonly List<T> all = [];

    public IReadOnlyList<T> All
    {
        get
        {
            lock (all) return [.. all];
        }
    }

    public void Report(T value)
    {
        lock (all) all.Add(value);
    }
}
