using System.Buffers;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Audit.SelfCheck;
using Stet.Tests.Crashes;
using Stet.Tests.Http;
using Stet.Tests.Readme;

namespace Stet.Tests.Audit;

/// <summary>
/// Reads logs with <c>samples/VerifyWithNode</c>, which stands for any tlog-tiles client of somebody else's: it is
/// written in another language and shares nothing with this one.
/// </summary>
public sealed class VerifyWithNodeSpecs : IDisposable
{
    readonly string folder = TestCluster.NewFolder();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [NodeFact]
    public async Task A_log_of_the_service_as_it_comes_is_verified()
    {
        await using var service = await ServiceProcess.ServeAsync(TestCluster.NewFolder());
        var tenantId = TestService.NewTenantId();
        using var client = new HttpClient { BaseAddress = service.Address };
        client.DefaultRequestHeaders.Add("X-Tenant-Id", tenantId);
        for (var i = 0; i < 5; i++) await Caller.TryRecordAsync(client, $"first-{i}");
        var vkey = (string)(await new Tenant(client).GetAsync("/v1/audit/keys")).Json["keys"]![0]!["vkey"]!;
        string[] log = [new Uri(service.Address, $"/v1/tenants/{tenantId}/audit").ToString(), vkey, "--header", $"X-Tenant-Id: {tenantId}"];

        var first = await VerifyAsync([.. log, "--save", At("first")]);
        for (var i = 0; i < 3; i++) await Caller.TryRecordAsync(client, $"second-{i}");
        await Caller.TryGetAsync(client, $"/v1/tenants/{tenantId}/audit/checkpoint?min_position=8");
        var second = await VerifyAsync([.. log, "--since", At("first"), "--index", "2"]);

        first.ExitCode.ShouldBe(0, first.Output);
        first.Output.ShouldContain($"checkpoint: localhost/v1/tenants/{tenantId}/audit, size 5, root ");
        first.Output.ShouldContain("inclusion: entry 4 is {\"actor\":\"application\",");
        second.ExitCode.ShouldBe(0, second.Output);
        second.Output.ShouldContain("size 8, root ");
        second.Output.ShouldContain("inclusion: entry 2 is {\"actor\":\"application\",");
        second.Output.ShouldContain("consistency: the log goes on from size 5");
    }

    [NodeFact]
    public async Task Every_tile_of_a_large_log_is_served_as_its_entries_make_it()
    {
        await using var notes = await NotesLog.CreateAsync();
        var settings = new Dictionary<string, string?> { ["STET_KEK"] = Convert.ToBase64String(new byte[32]) };
        await using var service = await TestService.StartAsync(new TestServiceOptions { Settings = settings }, notes.Database);
        var log = new LogClient(service, await notes.NewTenantAsync());

        var before = 0L;
        foreach (var size in (long[])[0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 70_000])
        {
            await notes.GrowAsync(log.TenantId, before, size);
            (await log.CheckpointAsync($"?min_position={size}")).Size.ShouldBe(size);
            string[] since = size == 0 ? [] : ["--since", At("seen")];

            var (exitCode, output) = await VerifyAsync([.. await ArgumentsAsync(service, log), "--all", "--save", At("seen"), .. since]);

            exitCode.ShouldBe(0, output);
            if (size > 0) output.ShouldContain($"all: {size} entries make every tile and the root\nconsistency: the log goes on from size {before}");
            before = size;
        }
    }

    // Each in a hash that the proof of the entry takes.
    [NodeTheory]
    [InlineData(0, "update stet.audit_leaf set hash = sha256(hash) where tenant_id = {tenant} and position = 257")]
    [InlineData(1, "update stet.audit_tile set hashes = sha256('') || substr(hashes, 33) where tenant_id = {tenant}")]
    [InlineData(256, "update stet.audit_tile set root = sha256(root) where tenant_id = {tenant}")]
    public async Task A_tampered_tile_is_refused(int index, string change)
    {
        var service = await TestService.SharedAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(257);
        (await VerifyAsync([.. await ArgumentsAsync(service, log), "--index", $"{index}"])).ExitCode.ShouldBe(0);

        // A process that has the tile in memory still serves what was signed, and one that knows no root signs nothing.
        await using var other = await TestService.StartAsync(database: service.Database);
        await log.At(other).CheckpointAsync();
        await log.TamperAsync(change);

        var (exitCode, output) = await VerifyAsync([.. await ArgumentsAsync(other, log.At(other)), "--index", $"{index}"]);
        exitCode.ShouldBe(1);
        output.ShouldEndWith($"refused: entry {index} does not lead to the root");
    }

    [NodeFact]
    public async Task Another_key_and_the_checkpoint_of_another_log_are_refused()
    {
        var service = await TestService.SharedAsync();
        var (log, other) = (LogClient.New(service), LogClient.New(service));
        await log.RecordAsync(3);
        await other.RecordAsync(3);
        using var stranger = new SignerKey(await OriginAsync(log), SignatureType.Ed25519, new byte[32]);
        var arguments = await ArgumentsAsync(service, log);
        (await VerifyAsync([.. await ArgumentsAsync(service, other), "--save", At("other")])).ExitCode.ShouldBe(0);

        (await VerifyAsync([arguments[0], stranger.Verifier.ToString(), .. arguments[2..]])).Output
            .ShouldBe($"refused: no signature by {await OriginAsync(log)} with the key {stranger.Verifier.Id:x8}");
        (await VerifyAsync([arguments[0], await other.VkeyAsync(), .. arguments[2..]])).Output.ShouldStartWith("refused: no signature by ");
        var since = await VerifyAsync([.. arguments, "--since", At("other")]);
        (since.ExitCode, since.Output.Split('\n')[^1]).ShouldBe((1, $"refused: no signature by {await OriginAsync(log)} with the key {arguments[1].Split('+')[1]}"));
    }

    [NodeTheory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(255, 17)]
    [InlineData(256, 255)]
    [InlineData(257, 256)]
    [InlineData(512, 257)]
    [InlineData(600, 511)]
    [InlineData(65_536, 600)]
    [InlineData(65_537, 65_536)]
    [InlineData(70_000, 65_537)]
    public async Task A_log_of_any_size_is_verified(int size, int before)
    {
        await using var server = await StaticLog.StartAsync(size);
        File.WriteAllText(At("before"), server.Checkpoint(before));

        var (exitCode, output) = await VerifyAsync(server.Address, server.Vkey, "--since", At("before"));

        exitCode.ShouldBe(0, output);
        output.ShouldContain($"size {size}, root {server.Root(size)}");
        output.ShouldContain($"consistency: the log goes on from size {before}");
        if (size > 0) output.ShouldContain($"inclusion: entry {size - 1} is entry-{size - 1}\n");
    }

    [NodeFact]
    public async Task A_tile_that_is_not_what_the_entries_make_is_found_wherever_it_is()
    {
        var service = await TestService.SharedAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(600);
        var arguments = await ArgumentsAsync(service, log);
        (await VerifyAsync([.. arguments, "--all"])).ExitCode.ShouldBe(0);

        await log.TamperAsync("update stet.audit_tile set hashes = substr(hashes, 1, 8160) || sha256('') where tenant_id = {tenant} and n = 0");

        await using var other = await TestService.StartAsync(database: service.Database);
        (await VerifyAsync([.. await ArgumentsAsync(other, log.At(other)), "--index", "300", "--all"])).Output
            .ShouldEndWith("refused: tile 0 of level 0 is not what the entries make");
    }

    [NodeFact]
    public async Task A_history_that_was_rewritten_or_cut_is_refused()
    {
        await using var server = await StaticLog.StartAsync(600);
        var forged = server.Root(301);
        foreach (var (size, refusal) in ((int, string)[])[(300, "the log does not go on from size 300"), (600, "there are two roots of one size"), (601, "the log had 601 entries and has 600")])
        {
            File.WriteAllText(At("before"), server.Checkpoint(size, forged));

            var (exitCode, output) = await VerifyAsync(server.Address, server.Vkey, "--since", At("before"));

            (exitCode, output.Split('\n')[^1]).ShouldBe((1, $"refused: {refusal}"));
        }
    }

    [NodeFact]
    public async Task What_it_is_not_told_well_it_says()
    {
        await using var server = await StaticLog.StartAsync(3);

        (await VerifyAsync(server.Address)).ExitCode.ShouldBe(2);
        (await VerifyAsync(server.Address, server.Vkey, "--indx", "1")).ExitCode.ShouldBe(2);
        (await VerifyAsync("--help")).ShouldBe((0, "usage: node verify.mjs LOG VKEY [--index N] [--all] [--since FILE] [--save FILE] [--header 'Name: value']"));
        (await VerifyAsync(server.Address, server.Vkey, "--index", "3")).ShouldSatisfyAllConditions(
            answer => answer.ExitCode.ShouldBe(2), answer => answer.Output.ShouldEndWith("\nthere is no entry 3 in a log of size 3"));
        (await VerifyAsync(server.Address, server.Vkey, "--index", "01")).ShouldSatisfyAllConditions(
            answer => answer.ExitCode.ShouldBe(2), answer => answer.Output.ShouldEndWith("\nthis is no size or index: 01"));
        (await VerifyAsync(server.Address, server.Vkey[..^1])).Output.ShouldStartWith("refused: this is no base64");
        (await VerifyAsync($"{server.Address}/elsewhere", server.Vkey)).Output.ShouldBe("refused: checkpoint was answered with 404");
    }

    string At(string name) => Path.Combine(folder, name);

    static async Task<string> OriginAsync(LogClient log) => (await log.VkeyAsync()).Split('+')[0];

    static async Task<string[]> ArgumentsAsync(TestService service, LogClient log) =>
        [new Uri(service.Address, log.Prefix).ToString(), await log.VkeyAsync(), "--header", $"X-Tenant-Id: {log.TenantId}"];

    static async Task<(int ExitCode, string Output)> VerifyAsync(params string[] arguments)
    {
        var program = Path.Combine(Repository.Root, "samples", "VerifyWithNode", "verify.mjs");
        using var node = Process.Start(new ProcessStartInfo(Node.Path!, [program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = node.StandardError.ReadToEndAsync();
        var output = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        return (node.ExitCode, (output + await errors).TrimEnd('\n'));
    }

    /// <summary>A log whose resources are made beforehand, as those of a folder behind any web server are.</summary>
    sealed class StaticLog : IAsyncDisposable
    {
        const string Origin = "static.example/log";

        readonly SignerKey key = new(Origin, SignatureType.Ed25519, new byte[32]);
        readonly WebApplication app;
        readonly NaiveTree tree;

        StaticLog(WebApplication app, NaiveTree tree) => (this.app, this.tree) = (app, tree);

        public string Address => app.Urls.Single();

        public string Vkey => key.Verifier.ToString();

        public static async Task<StaticLog> StartAsync(int size)
        {
            byte[][] entries = [.. Enumerable.Range(0, size + 1).Select(i => Encoding.ASCII.GetBytes($"entry-{i}"))];
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var log = new StaticLog(builder.Build(), NaiveTree.Of(entries));
            var tiles = Tile.Of(size).ToDictionary(tile => tile.Path);
            log.app.MapGet("/checkpoint", () => Results.Text(log.Checkpoint(size)));
            log.app.MapGet("/tile/{**path}", (string path) => tiles.TryGetValue($"tile/{path}", out var tile)
                ? Results.Bytes(tile.IsEntries ? Bundle(entries, tile) : log.tree.Tile(tile.Level, (int)tile.Index, tile.Width))
                : Results.NotFound());
            await log.app.StartAsync();
            return log;
        }

        public LogHash Root(int size) => new(tree.Root(size));

        public string Checkpoint(int size, LogHash? root = null) =>
            SignedNote.Sign(new Checkpoint(Origin, size, root ?? Root(size)).Text, key).ToString();

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            key.Dispose();
        }

        static byte[] Bundle(byte[][] entries, Tile tile)
        {
            var bundle = new ArrayBufferWriter<byte>();
            foreach (var entry in entries.AsSpan((int)tile.Index * Tile.FullWidth, tile.Width)) EntryBundle.Append(bundle, entry);
            return bundle.WrittenSpan.ToArray();
        }
    }
}

/// <summary>The program that runs JavaScript.</summary>
static class Node
{
    public static string? Path { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
        .Select(folder => System.IO.Path.Combine(folder, "node")).FirstOrDefault(File.Exists);

    public const string Missing = "Node (https://nodejs.org), which runs the verifier of somebody else's, is not on the PATH.";
}

/// <summary>A test that needs Node, and says so where it is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = Node.Path is null ? Node.Missing : null!;
}

/// <summary>A test that needs Node, and says so where it is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = Node.Path is null ? Node.Missing : null!;
}
