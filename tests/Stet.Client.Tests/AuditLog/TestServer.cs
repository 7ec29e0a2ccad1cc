using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Stet.Client.Tests.AuditLog;

/// <summary>A response of <see cref="TestServer"/>.</summary>
/// <param name="Status">Code and reason.</param>
/// <param name="Body">Sent with its length, unless cut.</param>
/// <param name="Headers">Lines, each with its end.</param>
/// <param name="Promised">Length to promise when it is another than the body's.</param>
/// <param name="Stalls">Whether the connection stays open after the body until the server stops.</param>
sealed record Response(string Status, byte[] Body, string Headers = "", int? Promised = null, bool Stalls = false)
{
    public static Response NotFound { get; } = new("404 Not Found", []);

    public static Response Ok(byte[] body) => new("200 OK", body);
}

/// <summary>Answers GET on the loopback, a connection for each request.</summary>
sealed class TestServer : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stopping = new();
    readonly Func<string, string, Response> answer;
    readonly Task accepting;

    /// <param name="answer">Gets path and header lines.</param>
    public TestServer(Func<string, string, Response> answer)
    {
        this.answer = answer;
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1/log");

    /// <summary>Serves the resources of a log.</summary>
    public static TestServer Of(Dictionary<string, byte[]> resources) =>
        new((path, _) => resources.TryGetValue(path["/v1/log/".Length..], out var body) ? Response.Ok(body) : Response.NotFound);

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stopping.Token);
                _ = ServeAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            var request = (await reader.ReadLineAsync())!.Split(' ');
            var headers = new StringBuilder();
            while (await reader.ReadLineAsync() is { Length: > 0 } line) headers.Append(line).Append('\n');

            var response = answer(request[1], headers.ToString());
            var head = $"HTTP/1.1 {response.Status}\r\nContent-Length: {response.Promised ?? response.Body.Length}\r\nConnection: close\r\n{response.Headers}\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
            await stream.WriteAsync(response.Body);
            if (response.Stalls) await Task.Delay(Timeout.Infinite, stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        stopping.Dispose();
    }
}
