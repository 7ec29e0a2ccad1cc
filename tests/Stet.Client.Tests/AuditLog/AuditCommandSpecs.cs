using System.CommandLine;
using System.Text.Json;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.Client.Tests.AuditLog;

public class AuditCommandSpecs
{
    static readonly TestLog Log = TestLog.OfSize(300);
    static readonly string Vkey = Log.Key.Vkey;

    [Fact]
    public async Task Verify_tells_people_what_it_verified()
    {
        using var folder = new TestFolder().Export(Log);
        var payloads = folder.Write("payloads.ndjson", Log.PayloadLines());

        var (code, output, error) = await RunAsync("verify", "--log", folder.Root, "--vkey", Vkey, "--payloads", payloads);

        (code, error).ShouldBe((0, ""));
        output.ShouldBe($"""
            Verified {TestLog.Origin}: size 300, root {Convert.ToBase64String(Log.Root)}
            300 entries read; payloads: 300 intact, 0 erased

            """);
    }

    [Fact]
    public async Task Verify_says_which_payloads_it_left_unchecked()
    {
        using var folder = new TestFolder().Export(Log);
        var payloads = folder.Write("payloads.ndjson", Log.PayloadLines());

        var (code, output, _) = await RunAsync("verify", "--log", folder.Root, "--vkey", Vkey);

        code.ShouldBe(0);
        output.ShouldEndWith($"300 entries read\nThe payloads were not checked: name them with --payloads {payloads}\n");
    }

    [Fact]
    public async Task Verify_tells_programs_in_JSON()
    {
        var witness = TestKey.Witness("witness.example/w1", 0x60);
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", Log.Note(witness));
        var keys = folder.Write("keys", $"{Vkey}\n\n");

        var (code, output, _) = await RunAsync("verify", "--log", folder.Root, "--vkey", "@" + keys, "--witness", witness.Vkey, "--json");

        code.ShouldBe(0);
        output.TrimEnd().ShouldBe(
            $$"""{"outcome":"verified","code":0,"problem":null,"origin":"{{TestLog.Origin}}","size":300,"root":"{{JsonEncodedText.Encode(Convert.ToBase64String(Log.Root))}}","remembered":null,"entries":300,"payloads_intact":0,"payloads_erased":0,"cosigners":["witness.example/w1"],"newest_cosignature":"2026-03-02T09:00:00Z"}""");
    }

    [Fact]
    public async Task Every_finding_has_its_exit_code()
    {
        var witness = TestKey.Witness("witness.example/w1", 0x60);
        using var folder = new TestFolder().Export(Log);
        var policy = folder.Write("policy", $"log {Vkey}\nwitness w1 {witness.Vkey}\nquorum w1\n");
        var state = folder.Write("state", TestLog.OfSize(301).Note());
        string[] verify = ["verify", "--log", folder.Root, "--vkey", Vkey];

        (await RunAsync([.. verify])).Code.ShouldBe(0);
        (await RunAsync("verify", "--log", folder.Root, "--vkey", TestKey.Log(TestLog.Origin, 1).Vkey)).Code.ShouldBe(1);
        (await RunAsync("verify", "--log", folder.Root, "--policy", policy)).Code.ShouldBe(6);
        (await RunAsync([.. verify, "--witness", witness.Vkey, "--quorum", "1"])).Code.ShouldBe(6);
        (await RunAsync([.. verify, "--witness", witness.Vkey, "--quorum", "0", "--max-age", "1h"])).Code.ShouldBe(7);
        (await RunAsync([.. verify, "-state", state])).Code.ShouldBe(7);
        File.WriteAllText(state, TestLog.OfSize(300).With(1, TestLog.Entry(2)).Note());
        (await RunAsync([.. verify, "--state", state])).Code.ShouldBe(5);
        folder.Write("tile/0/000", [1]);
        var malformed = await RunAsync([.. verify]);
        (malformed.Code, malformed.Output, malformed.Error).ShouldBe((4, "", "`tile/0/000` has 1 bytes; 256 hashes have 8192.\n"));
        File.Delete(folder.At("tile/0/000"));
        (await RunAsync([.. verify])).Code.ShouldBe(3);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify --log x")]
    [InlineData("verify --log")]
    [InlineData("verify --log x --vkey")]
    [InlineData("verify --log x --vkey nonsense")]
    [InlineData("verify --log x --vkey @no-such-file")]
    [InlineData("verify --log x --log y --vkey KEY")]
    [InlineData("verify --log x --vkey KEY --nonsense")]
    [InlineData("verify --log x --vkey KEY surplus")]
    [InlineData("verify --log http://x/?a=b --vkey KEY")]
    [InlineData("verify --log http:// --vkey KEY")]
    [InlineData("verify --log http://x/ --vkey KEY --header nonsense")]
    [InlineData("verify --log http://x/ --vkey KEY --header Content-Type:text/plain")]
    [InlineData("verify --log http://localhost:1/ --vkey KEY --header X-Actor:Jürgen")]
    [InlineData("verify --log x --vkey KEY --state a -state b")]
    [InlineData("verify --log x --vkey KEY -state")]
    [InlineData("verify --log x --vkey KEY --max-age 1")]
    [InlineData("verify --log x --vkey KEY --max-age -1s")]
    [InlineData("verify --log x --vkey KEY --max-age 99999999999d")]
    [InlineData("verify --log x --vkey KEY --quorum one")]
    [InlineData("verify --log x --vkey KEY --quorum 1")]
    [InlineData("verify --log x --vkey KEY --policy no-such-file")]
    [InlineData("verify --log x --vkey KEY --policy no-such-file --quorum 1")]
    [InlineData("proof --vkey KEY")]
    [InlineData("proof --vkey KEY --file no-such-file")]
    [InlineData("proof --vkey KEY --file x --entry no-such-file")]
    [InlineData("proof --vkey KEY --file x --entry x --leaf-hash x")]
    [InlineData("export --log http://x/")]
    [InlineData("export --log x --to y")]
    [InlineData("watch --log x --vkey KEY")]
    [InlineData("watch --log x --vkey KEY --state s --interval soon")]
    [InlineData("watch --log x --vkey KEY --state s --interval 0s")]
    [InlineData("verify --log ftp://x/ --vkey KEY")]
    [InlineData("watch --log ftp://x/ --vkey KEY --state s")]
    [InlineData("frob")]
    [InlineData("--frob")]
    [InlineData("frob verify")]
    public async Task A_wrong_call_is_exit_code_2_with_a_message(string line)
    {
        var (code, output, error) = await RunAsync(line.Replace("KEY", Vkey).Split(' '));

        (code, output).ShouldBe((2, ""));
        error.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_call_without_a_verb_is_exit_code_2() =>
        (await RunAsync()).ShouldBe((2, "", "Name what to do; see `stet audit --help`.\n"));

    [Theory]
    [InlineData("verify", "--log <log>")]
    [InlineData("proof", "--file <file>")]
    [InlineData("watch", "--log <log>")]
    [InlineData("export", "--log <log>")]
    [InlineData("export", "--to <to>")]
    public async Task Help_marks_what_is_required(string verb, string option)
    {
        var (_, output, _) = await RunAsync(verb, "--help");

        output.Split('\n').Single(line => line.Contains($"  {option} ")).ShouldEndWith("(REQUIRED)");
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("proof")]
    [InlineData("watch")]
    [InlineData("export")]
    public async Task Help_shows_nothing_that_would_be_refused(string verb)
    {
        var (code, output, _) = await RunAsync(verb, "--help");

        code.ShouldBe(0);
        output.ShouldContain($"audit {verb} [options]");
        output.ShouldNotContain("additional arguments", Case.Insensitive);
        output.ShouldNotContain("surplus");
        if (verb == "export") output.ShouldNotContain("folder of an export");
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("watch")]
    public async Task Help_names_the_state_file_with_two_dashes_alone(string verb)
    {
        var (code, output, _) = await RunAsync(verb, "--help");

        code.ShouldBe(0);
        output.ShouldContain("  --state <state>");
        output.ShouldNotContain(" -state");
    }

    [Fact]
    public async Task A_bad_leaf_hash_or_key_file_is_a_usage_error()
    {
        using var folder = new TestFolder();
        var proof = folder.Write("proof", Log.TlogProof(7));
        var latin = folder.Write("latin", [0xFF]);

        (await RunAsync("proof", "--file", proof, "--vkey", Vkey, "--leaf-hash", "abc")).Code.ShouldBe(2);
        (await RunAsync("proof", "--file", proof, "--vkey", "@" + latin)).Code.ShouldBe(2);
        (await RunAsync("proof", "--file", proof, "--vkey", Vkey)).Code.ShouldBe(2);
    }

    [Fact]
    public async Task A_key_file_may_have_comments()
    {
        using var folder = new TestFolder().Export(Log);
        var keys = folder.Write("keys", $"# of the log\n{Vkey}\n\n  # the end\n");

        (await RunAsync("verify", "--log", folder.Root, "--vkey", "@" + keys)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Proof_takes_the_entry_or_its_leaf_hash()
    {
        using var folder = new TestFolder();
        var proof = folder.Write("proof", Log.TlogProof(7));
        var entry = folder.Write("entry", Log.EntryAt(7));
        var hash = Log.Hash(7, 8);

        var byEntry = await RunAsync("proof", "--file", proof, "--vkey", Vkey, "--entry", entry);
        (byEntry.Code, byEntry.Error).ShouldBe((0, ""));
        byEntry.Output.ShouldBe($"Proved: position 8 of 300 in {TestLog.Origin}, leaf hash {Convert.ToBase64String(hash)}\n");
        (await RunAsync("proof", "--file", proof, "--vkey", Vkey, "--leaf-hash", Convert.ToHexStringLower(hash))).Code.ShouldBe(0);
        var json = await RunAsync("proof", "--file", proof, "--vkey", Vkey, "--leaf-hash", Convert.ToBase64String(hash), "--json");
        JsonDocument.Parse(json.Output).RootElement.GetProperty("proved")[0].GetProperty("position").GetInt64().ShouldBe(8);
        var wrong = await RunAsync("proof", "--file", proof, "--vkey", Vkey, "--leaf-hash", Convert.ToBase64String(new byte[32]));
        (wrong.Code, wrong.Error).ShouldBe((1, "The proof does not show that the entry is at position 8 of 300.\n"));
    }

    [Fact]
    public async Task Export_over_HTTP_and_its_failures()
    {
        using var folder = new TestFolder();
        await using var server = new TestServer((_, _) => Response.NotFound);

        var (code, output, error) = await RunAsync("export", "--log", server.Url.ToString(), "--to", folder.At("copy"), "--header", "X-Key: k");

        (code, output, error).ShouldBe((3, "", "`export` answers 404 instead of 200.\n"));
    }

    [Fact]
    public async Task What_was_exported_is_to_be_verified_with_its_payloads()
    {
        using var folder = new TestFolder();
        await using var server = AuditExportSpecs.Serving(AuditExportSpecs.Tar([("checkpoint", Log.Note())]));

        var (code, output, _) = await RunAsync("export", "--log", server.Url.ToString(), "--to", folder.Root);

        code.ShouldBe(0);
        output.ShouldBe($"1 files in {folder.Root}; now verify them: stet audit verify --log {folder.Root} --payloads {folder.At("payloads.ndjson")} --vkey KEY\n");
    }

    [Fact]
    public async Task What_a_server_or_a_file_says_changes_nothing_on_a_terminal()
    {
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", Log.Note().Replace(TestLog.Origin, "other\u009b[2J\u202e"));
        await using var exporting = AuditExportSpecs.Serving(AuditExportSpecs.Tar([("tile/\u001b[2J\u202eVerified", "x")]));
        await using var answering = new TestServer((_, _) => new("200 OK", [], "Bad \u001b[2J\r\n"));

        var verified = await RunAsync("verify", "--log", folder.Root, "--vkey", Vkey);
        var exported = await RunAsync("export", "--log", exporting.Url.ToString(), "--to", folder.At("copy"));
        var broken = await RunAsync("export", "--log", answering.Url.ToString(), "--to", folder.At("copy"));

        (verified.Code, verified.Error).ShouldBe((1, "The checkpoint of `other\uFFFD[2J\uFFFD` is signed by none of the given keys of that log.\n"));
        (exported.Code, exported.Error).ShouldBe((4, "The export holds `tile/\uFFFD[2J\uFFFDVerified`, which is no file of a log.\n"));
        broken.Code.ShouldBe(3);
        broken.Error.ShouldContain("\uFFFD[2J");
        broken.Error.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Watch_goes_on_while_the_log_grows_or_is_away_and_ends_when_it_forks()
    {
        var rounds = new Queue<Dictionary<string, byte[]>>(
            [Log.Resources(), [], TestLog.OfSize(600).Resources(), TestLog.OfSize(700).With(5, TestLog.Entry(6)).Resources()]);
        Dictionary<string, byte[]> served = [];
        await using var server = new TestServer((path, _) =>
        {
            if (path.EndsWith("/checkpoint", StringComparison.Ordinal)) served = rounds.Dequeue();
            return served.TryGetValue(path["/v1/log/".Length..], out var body) ? Response.Ok(body) : Response.NotFound;
        });
        using var folder = new TestFolder();

        var (code, output, _) = await RunAsync("watch", "--log", server.Url.ToString(), "--vkey", Vkey, "--state", folder.At("state"), "--interval", "1s");

        code.ShouldBe(5);
        var lines = output.TrimEnd().Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToList();
        lines.Select(l => l.GetProperty("outcome").GetString()).ShouldBe(["verified", "unavailable", "verified", "fork"]);
        lines.Select(l => l.GetProperty("entries").GetInt64()).ShouldBe([300, 0, 344, 0]);
    }

    [Fact]
    public async Task Watch_ends_when_the_log_goes_on_under_another_origin()
    {
        await using var server = new TestServer((_, _) => new("410 Gone", []));
        using var folder = new TestFolder();

        var (code, output, _) = await RunAsync("watch", "--log", server.Url.ToString(), "--vkey", Vkey, "--state", folder.At("state"));

        code.ShouldBe(3);
        JsonDocument.Parse(output).RootElement.GetProperty("problem").GetString()!.ShouldContain("this history has ended");
    }

    [Fact]
    public async Task Stopping_ends_a_verification_and_a_watch_with_130()
    {
        using var folder = new TestFolder().Export(Log);
        var stopped = new CancellationToken(canceled: true);

        (await RunAsync(stopped, "verify", "--log", folder.Root, "--vkey", Vkey)).ShouldBe((130, "", "Stopped before it was done.\n"));
        (await RunAsync(stopped, "watch", "--log", folder.Root, "--vkey", Vkey, "--state", folder.At("state"))).Code.ShouldBe(130);
    }

    static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync(CancellationToken.None, arguments);

    static async Task<(int Code, string Output, string Error)> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        var root = new RootCommand { AuditCommand.Create(TimeProvider.System) };
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var code = await root.Parse(["audit", .. arguments], new() { ResponseFileTokenReplacer = null }).InvokeAsync(new() { Output = output, Error = error }, cancel);
        return (code, output.ToString(), error.ToString());
    }
}
