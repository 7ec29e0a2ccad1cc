using System.Net;
using System.Net.Sockets;

namespace Stet.Client.Tests.Api;

/// <summary>Stands between a client and a service, and cuts connections once the service has answered: the answer is lost.</summary>
sealed class LosingProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stopping = new();
    readonly Uri service;
    readonly Task accepting;
    int toLose;

    public LosingProxy(Uri service)
    {
        this.service = service;
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>Answers lost so far.</summary>
    public int Lost { get; private set; }

    /// <summary>Loses the next answers.</summary>
    public void Lose(int answers) => Volatile.Write(ref toLose, answers);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(RelayAsync(await listener.AcceptSocketAsync(stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    async Task RelayAsync(Socket client)
    {
        using var closing = client;
        using var upstream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await upstream.ConnectAsync(IPAddress.Loopback, service.Port);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        await Task.WhenAll(PumpAsync(client, upstream, isAnswer: false), PumpAsync(upstream, client, isAnswer: true));

        async Task PumpAsync(Socket from, Socket to, bool isAnswer)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer, ended.Token) is var read and > 0)
                {
                    if (isAnswer && Interlocked.Decrement(ref toLose) >= 0)
                    {
                        Lost++;
                        break;
                    }

                    await to.SendAsync(buffer.AsMemory(0, read), ended.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The other side ended the connection.
            }

            await ended.CancelAsync();
        }
    }
}
