using System.Text;
using Microsoft.AspNetCore.Builder;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>A witness on a loopback port with the key and the log of the published test data.</summary>
sealed class RunningWitness : IAsyncDisposable
{
    public const string PrivateKey = "PRIVATE+KEY+witness.example/w1+858ecd0c+BGBhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/";
    public const string Vkey = "witness.example/w1+858ecd0c+BBdFU7RW3d/GkI7KscEB/mqyHiuqBhd5W31DpjSCmT/V";
    public const string LogVkey = "stet.example/audit/acme+eb67220f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

    readonly WebApplication app;
    readonly WitnessState state;
    readonly SignerKey key;

    RunningWitness(WebApplication app, WitnessState state, SignerKey key)
    {
        (this.app, this.state, this.key) = (app, state, key);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public Uri Address => Client.BaseAddress!;

    public HttpClient Client { get; }

    /// <summary>Starts a witness that signs at a given time.</summary>
    public static async Task<RunningWitness> StartAsync(string folder, DateTimeOffset now)
    {
        var keyFile = Path.Combine(TestCluster.NewFolder(), "key");
        await File.WriteAllTextAsync(keyFile, PrivateKey + "\n");
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var opened = WitnessState.Open(folder);
        var loaded = WitnessKey.Load(keyFile);
        var cosigner = new Cosigner(loaded, LogKeys.Read([LogVkey]), opened, new ManualClock(now));
        var started = WitnessServer.Build("http://127.0.0.1:0", cosigner);
        await started.StartAsync();
        return new RunningWitness(started, opened, loaded);
    }

    public async Task<HttpResponseMessage> PostAsync(string body)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        return await Client.PostAsync("/add-checkpoint", content);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        state.Dispose();
        key.Dispose();
    }
}
