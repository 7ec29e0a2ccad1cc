using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Stet.Tests.Authentication;

/// <summary>An issuer's key server on a loopback port, which counts how often it is asked.</summary>
sealed class KeyServer : IAsyncDisposable
{
    readonly WebApplication app;
    int requests;

    KeyServer(WebApplication app) => this.app = app;

    public string Url => $"{app.Urls.Single()}/keys";

    public int Requests => Volatile.Read(ref requests);

    public IResult Answer { get; set; } = Results.NotFound();

    public static async Task<KeyServer> StartAsync(params Issuer[] issuers)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        var server = new KeyServer(builder.Build()) { Answer = Results.Text(Issuer.Set(issuers), "application/json") };

        server.app.Urls.Add("http://127.0.0.1:0");
        server.app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref server.requests);
            return server.Answer;
        });
        server.app.MapGet("/elsewhere", () => Results.Text(Issuer.Set(issuers), "application/json"));
        await server.app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
