using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>A witness on a loopback port that does to each request what the test says, and else what is right.</summary>
sealed class ScriptedWitness : IAsyncDisposable
{
    public const string Name = "witness.example/scripted";

    readonly ConcurrentQueue<RequestDelegate> script = [];
    readonly ConcurrentQueue<RequestDelegate> noteScript = [];
    readonly ConcurrentQueue<string> requests = [];
    readonly string folder = TestCluster.NewFolder();
    readonly SignerKey key = new(Name, SignatureType.Cosignature, Enumerable.Repeat((byte)7, 32).ToArray());
    readonly WitnessState state;
    readonly WebApplication app;
    Cosigner? cosigner;

    ScriptedWitness(WebApplication app) => (this.app, state) = (app, WitnessState.Open(folder));

    public string Url => app.Urls.Single();

    public VerifierKey Key => key.Verifier;

    /// <summary>The bodies of the requests so far.</summary>
    public IReadOnlyList<string> Requests => [.. requests];

    /// <summary>What a service is told to ask it.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["Audit:Witnesses:0:Vkey"] = Key.ToString(),
        ["Audit:Witnesses:0:Url"] = Url + "/",
    };

    public static async Task<ScriptedWitness> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        var witness = new ScriptedWitness(builder.Build());
        witness.app.Urls.Add("http://127.0.0.1:0");
        witness.app.MapPost("/add-checkpoint", (RequestDelegate)witness.AddAsync);
        witness.app.MapGet("/{log}/checkpoint", (RequestDelegate)witness.GetAsync);
        await witness.app.StartAsync();
        return witness;
    }

    /// <summary>Lets it cosign a log.</summary>
    public void Know(string logVkey) =>
        cosigner = new Cosigner(key, [VerifierKey.Parse(logVkey)], state, TimeProvider.System);

    /// <summary>How often it was asked what it has seen.</summary>
    public int AskedForNotes { get; private set; }

    /// <summary>What it does when it is asked next what it has seen.</summary>
    public void NextNote(RequestDelegate behaviour) => noteScript.Enqueue(behaviour);

    /// <summary>What it does to the next requests.</summary>
    public void Next(params RequestDelegate[] behaviours)
    {
        foreach (var behaviour in behaviours) script.Enqueue(behaviour);
    }

    public static RequestDelegate Answers(int status, string body = "") => async http =>
    {
        http.Response.StatusCode = status;
        await http.Response.WriteAsync(body);
    };

    public static Task HangsUp(HttpContext http)
    {
        http.Abort();
        return Task.CompletedTask;
    }

    public static Task NeverAnswers(HttpContext http) => Task.Delay(Timeout.Infinite, http.RequestAborted)
        .ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>This witness's line under a checkpoint.</summary>
    public NoteSignature Cosign(string text) => key.Cosign(text, 1_767_225_600);

    /// <summary>A line by this witness's key, over another text.</summary>
    public Task AnswersWithAWrongLine(HttpContext http) =>
        http.Response.WriteAsync($"{Cosign("another/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")}\n");

    /// <summary>A good line, by a key that nobody has configured.</summary>
    public static async Task AnswersWithAStrangersLine(HttpContext http)
    {
        using var stranger = new SignerKey(Name, SignatureType.Cosignature, Enumerable.Repeat((byte)8, 32).ToArray());
        var text = SignedNote.Parse(AddCheckpointRequest.Parse(await BodyAsync(http)).Note).Text;
        await http.Response.WriteAsync($"{stranger.Cosign(text, 1_767_225_600)}\n");
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        state.Dispose();
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    async Task AddAsync(HttpContext http)
    {
        http.Request.EnableBuffering();
        var body = await BodyAsync(http);
        http.Request.Body.Position = 0;
        requests.Enqueue(Encoding.UTF8.GetString(body));
        if (script.TryDequeue(out var behaviour))
        {
            await behaviour(http);
            return;
        }

        var answer = await cosigner!.AddCheckpointAsync(body);
        http.Response.StatusCode = answer.Status;
        await http.Response.WriteAsync(answer.Body);
    }

    async Task GetAsync(HttpContext http)
    {
        AskedForNotes++;
        if (noteScript.TryDequeue(out var behaviour)) await behaviour(http);
        else if (cosigner!.Newest((string)http.Request.RouteValues["log"]!) is { } note) await http.Response.Body.WriteAsync(note);
        else http.Response.StatusCode = 404;
    }

    static async Task<byte[]> BodyAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }
}
