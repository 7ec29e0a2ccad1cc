using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Stet.Testing;

namespace Stet.Tests.Pcs;

/// <summary>A service whose way to the database a test can cut off.</summary>
sealed class CutOffService : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stopping = new();
    readonly string folder = TestCluster.NewFolder();
    readonly Lock gate = new();
    readonly HashSet<Socket> open = [];
    readonly string server;
    bool isCutOff;
    WebApplication? app;
    Task? accepting;

    CutOffService(string server) => this.server = server;

    public static async Task<CutOffService> StartAsync(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        var service = new CutOffService(Path.Combine(target.Host!, $".s.PGSQL.{target.Port}"));
        service.listener.Start();
        (target.Host, target.Port) = ("127.0.0.1", ((IPEndPoint)service.listener.LocalEndpoint).Port);
        service.accepting = service.AcceptAsync();

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "Stet", EnvironmentName = "Development" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(
        [
            KeyValuePair.Create("Logging:LogLevel:Default", (string?)"None"),
            KeyValuePair.Create("STET_KEK", (string?)"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            KeyValuePair.Create("Audit:Folder", (string?)service.folder),
        ]);
        service.app = StetApplication.Build(builder, target.ConnectionString);
        await service.app.StartAsync();
        return service;
    }

    public HttpClient Client(string tenantId) => new()
    {
        BaseAddress = new Uri(app!.Urls.Single()),
        DefaultRequestHeaders = { { "X-Tenant-Id", tenantId } },
    };

    /// <summary>Breaks every connection to the database; new ones are refused.</summary>
    public void CutOff()
    {
        lock (gate)
        {
            isCutOff = true;
            foreach (var socket in open) socket.Dispose();
            open.Clear();
        }
    }

    public void Reconnect()
    {
        lock (gate) isCutOff = false;
    }

    public async ValueTask DisposeAsync()
    {
        await app!.DisposeAsync();
        await stopping.CancelAsync();
        listener.Stop();
        await accepting!;
        stopping.Dispose();
        Directory.Delete(folder, recursive: true);
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
        using var upstream = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        lock (gate)
        {
            if (isCutOff) return;
            open.Add(client);
            open.Add(upstream);
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        try
        {
            await upstream.ConnectAsync(new UnixDomainSocketEndPoint(server), ended.Token);
            await Task.WhenAll(PumpAsync(client, upstream), PumpAsync(upstream, client));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was cut off.
        }

        async Task PumpAsync(Socket from, Socket to)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer, ended.Token) is var read and > 0)
                    await to.SendAsync(buffer.AsMemory(0, read), ended.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The other side ended the connection.
            }

            await ended.CancelAsync();
        }
    }
}
