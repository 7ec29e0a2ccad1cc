using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stet.Observability;

namespace Stet.Tests.Observability;

/// <summary>A real server on a loopback port, with nothing in it but what is observed and a route or two.</summary>
sealed class ObservedService : IAsyncDisposable
{
    readonly WebApplication app;

    ObservedService(WebApplication app, CapturedLogs logs)
    {
        Logs = logs;
        this.app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public CapturedLogs Logs { get; }

    public IServiceProvider Services => app.Services;

    public static async Task<ObservedService> StartAsync(
        Action<IServiceCollection>? services = null, Action<WebApplication>? routes = null,
        Dictionary<string, string?>? settings = null, string[]? instrumentation = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddObservability(instrumentation ?? []);
        var logs = new CapturedLogs();
        builder.Logging.ClearProviders().AddProvider(logs);
        services?.Invoke(builder.Services);

        var built = builder.Build();
        built.MapObservability();
        routes?.Invoke(built);
        await built.StartAsync();

        return new ObservedService(built, logs);
    }

    public async Task<string> GetAsync(string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Client.SendAsync(request);

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }
}
