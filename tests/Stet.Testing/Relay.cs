using System.Net;
using System.Net.Sockets;

namespace Stet.Testing;

/// <summary>Says of what a client or its server has just sent whether it goes on; if not, the connection is cut.</summary>
/// <param name="isAnswer">Whether the server sent it.</param>
public delegate bool Passes(bool isAnswer);

/// <summary>
/// Stands between clients and a server, on a port of its own, and lets a test lose what they say to each other or cut them
/// off altogether.
/// </summary>
public sealed class Relay : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stopping = new();
    readonly Lock gate = new();
    readonly HashSet<Socket> open = [];
    EndPoint server;
    readonly Func<Passes> connected;
    readonly Task accepting;
    bool isCutOff;

    /// <param name="server">Where the server listens.</param>
    /// <param name="connected">Called for each connection; null: everything passes.</param>
    public Relay(EndPoint server, Func<Passes>? connected = null)
    {
        (this.server, this.connected) = (server, connected ?? (static () => static _ => true));
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where clients connect, on the loopback address.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Breaks every connection; new ones are broken at once.</summary>
    public void CutOff()
    {
        lock (gate)
        {
            isCutOff = true;
            foreach (var socket in open) socket.Dispose();
            open.Clear();
        }
    }

    /// <summary>New connections live again.</summary>
    public void Reconnect()
    {
        lock (gate) isCutOff = false;
    }

    /// <summary>Leads new connections to another server; those that are open stay where they are.</summary>
    public void Switch(EndPoint to) => Volatile.Write(ref server, to);

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
        var target = Volatile.Read(ref server);
        using var upstream = new Socket(
            target.AddressFamily, SocketType.Stream, target.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        lock (gate)
        {
            if (isCutOff) return;
            open.Add(client);
            open.Add(upstream);
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        try
        {
            await upstream.ConnectAsync(target, ended.Token);
            var passes = connected();
            await Task.WhenAll(
                PumpAsync(client, upstream, passes, isAnswer: false, ended), PumpAsync(upstream, client, passes, isAnswer: true, ended));
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It was cut off before there was anything to say.
        }

        lock (gate)
        {
            open.Remove(client);
            open.Remove(upstream);
        }
    }

    static async Task PumpAsync(Socket from, Socket to, Passes passes, bool isAnswer, CancellationTokenSource ended)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, ended.Token) is var read and > 0 && passes(isAnswer))
                await to.SendAsync(buffer.AsMemory(0, read), ended.Token);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The other side ended the connection.
        }

        await ended.CancelAsync();
    }

    static bool IsEnd(Exception e) => e is OperationCanceledException or SocketException or ObjectDisposedException;
}
