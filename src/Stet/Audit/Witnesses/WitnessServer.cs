using System.Text;
using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>A witness over HTTP (C2SP tlog-witness): <c>POST /add-checkpoint</c>, <c>GET /{hash of origin}/checkpoint</c>.</summary>
static partial class WitnessServer
{
    const string Text = "text/plain; charset=utf-8";

    /// <summary>The witness as a program of its own, not started.</summary>
    public static WebApplication Build(string url, Cosigner cosigner)
    {
        var builder = StetApplication.NewBuilder();
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // which would count the framing of chunks; the body is read within a limit
        });
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // the command says why it cannot start

        var app = builder.Build();
        app.MapPost("/add-checkpoint", (RequestDelegate)(http => AddAsync(http, cosigner, app.Logger)));
        app.MapMethods("/{log}/checkpoint", [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)(http => GetAsync(http, cosigner)));
        return app;
    }

    static async Task AddAsync(HttpContext http, Cosigner cosigner, ILogger logger)
    {
        var body = new byte[AddCheckpointRequest.MaxSize + 1];
        var length = http.Request.ContentLength > AddCheckpointRequest.MaxSize
            ? body.Length
            : await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (length == body.Length)
        {
            await AnswerAsync(
                http, StatusCodes.Status413PayloadTooLarge, Text,
                Encoding.UTF8.GetBytes($"The request has more than {AddCheckpointRequest.MaxSize} bytes.\n"));
            return;
        }

        // Decided even if nobody waits any more: that is an answer that got lost.
        WitnessAnswer answer;
        try
        {
            answer = await cosigner.AddCheckpointAsync(body.AsMemory(0, length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotKept(logger, e.Message);
            answer = new WitnessAnswer(
                StatusCodes.Status503ServiceUnavailable, Text, "The checkpoint cannot be kept, so it is not cosigned: try again later.\n");
        }

        if (answer.ToStore is { } note) Cosigned(logger, OneLine(note.Text));
        else if (answer.Status is StatusCodes.Status403Forbidden or StatusCodes.Status422UnprocessableEntity) Refused(logger, answer.Status, OneLine(answer.Body));
        await AnswerAsync(http, answer.Status, answer.ContentType, Encoding.UTF8.GetBytes(answer.Body));
    }

    static Task GetAsync(HttpContext http, Cosigner cosigner) =>
        cosigner.Newest((string)http.Request.RouteValues["log"]!) is { } note
            ? AnswerAsync(http, StatusCodes.Status200OK, Text, note)
            : AnswerAsync(http, StatusCodes.Status404NotFound, Text, "No checkpoint of such a log was seen here.\n"u8.ToArray());

    static async Task AnswerAsync(HttpContext http, int status, string contentType, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    static string OneLine(string text) => text.TrimEnd('\n').Replace('\n', ' ');

    [LoggerMessage(50, LogLevel.Information, "Cosigned {Checkpoint}")]
    static partial void Cosigned(ILogger logger, string checkpoint);

    [LoggerMessage(51, LogLevel.Warning, "Refused with {Status}: {Reason}")]
    static partial void Refused(ILogger logger, int status, string reason);

    [LoggerMessage(52, LogLevel.Error, "A checkpoint cannot be kept: {Reason}")]
    static partial void NotKept(ILogger logger, string reason);
}
