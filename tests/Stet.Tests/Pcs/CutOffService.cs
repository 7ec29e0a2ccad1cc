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
    readonly string folder = TestCluster.NewFolder();
    readonly Relay relay;
    WebApplication? app;

    CutOffService(string server) => relay = new Relay(new UnixDomainSocketEndPoint(server));

    public static async Task<CutOffService> StartAsync(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        var service = new CutOffService(Path.Combine(target.Host!, $".s.PGSQL.{target.Port}"));
        (target.Host, target.Port) = ("127.0.0.1", service.relay.Port);

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
    public void CutOff() => relay.CutOff();

    public void Reconnect() => relay.Reconnect();

    public async ValueTask DisposeAsync()
    {
        await app!.DisposeAsync();
        await relay.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
