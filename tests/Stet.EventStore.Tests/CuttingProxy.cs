using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Stet.EventStore.Tests;

/// <summary>What the proxy does with the next thing a client says after it was armed.</summary>
enum Cut
{
    /// <summary>Loses it: the server never hears it.</summary>
    Request,

    /// <summary>Passes it on, waits for the server's answer and loses that.</summary>
    Answer,
}

/// <summary>Stands between a store and PostgreSQL and cuts a connection at a chosen moment.</summary>
sealed class CuttingProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stopping = new();
    readonly string server;
    readonly Task accepting;
    volatile object? armed;

    public CuttingProxy(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        server = Path.Combine(target.Host!, $".s.PGSQL.{target.Port}");
        listener.Start();
        target.Host = "127.0.0.1";
        target.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        target.Pooling = true;
        ConnectionString = target.ConnectionString;
        accepting = AcceptAsync();
    }

    public string ConnectionString { get; }

    public int Cuts { get; private set; }

    public void Arm(Cut cut) => armed = cut;

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
        using var upstream = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var closing = client;
        await upstream.ConnectAsync(new UnixDomainSocketEndPoint(server));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        var loseAnswer = false;

        await Task.WhenAll(Pump(client, upstream, fromClient: true), Pump(upstream, client, fromClient: false));

        async Task Pump(Socket from, Socket to, bool fromClient)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer, ended.Token) is var read and > 0)
                {
                    if (fromClient && armed is Cut cut)
                    {
                        armed = null;
                        Cuts++;
                        if (cut == Cut.Request) break;
                        loseAnswer = true;
                    }

                    if (!fromClient && loseAnswer) break;
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
