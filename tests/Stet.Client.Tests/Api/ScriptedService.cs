using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Stet.Client.Tests.Api;

/// <summary>A request as a scripted service heard it.</summary>
sealed record Heard(string Method, string Path, IHeaderDictionary Headers, string Body);

/// <summary>A web server on the loopback that answers as a test says, and remembers what it was asked.</summary>
sealed class ScriptedService : IAsyncDisposable
{
    /// <summary>An answer to a heartbeat.</summary>
    public const string Receipt = """{"status":"ok","position":7}""";

    readonly WebApplication app;
    readonly List<Heard> heard = [];

    ScriptedService(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.Single());

    public IReadOnlyList<Heard> Heard
    {
        get
        {
            lock (heard) return [.. heard];
        }
    }

    /// <param name="answer">Gets the number of the request, from 1, and the context.</param>
    public static async Task<ScriptedService> StartAsync(Func<int, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var service = new ScriptedService(builder.Build());
        service.app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            var body = await reader.ReadToEndAsync();
            int number;
            lock (service.heard)
            {
                service.heard.Add(new Heard(context.Request.Method, context.Request.Path + context.Request.QueryString, new HeaderDictionary(context.Request.Headers.ToDictionary()), body));
                number = service.heard.Count;
            }

            await answer(number, context);
        });
        await service.app.StartAsync();
        return service;
    }

    public static Task AnswerAsync(HttpContext context, string json, int status = 201, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(json);
    }

    public static Task RefuseAsync(HttpContext context, HttpStatusCode status, string code, string? retryAfter = null)
    {
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        return AnswerAsync(
            context, $$"""{"type":"urn:stet:problem:{{code}}","title":"No","status":{{(int)status}},"detail":"not now","code":"{{code}}"}""",
            (int)status, "application/problem+json");
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
