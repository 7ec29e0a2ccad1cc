using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Stet.Client.Pcs;
using Stet.CommandLine;
using Stet.Pcs;
using Stet.Testing;
using Stet.Tests.Http;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

public sealed class AgentCommandSpecs : IDisposable
{
    const string Csv = "timestamp,x,y,z\n1.0,0.1,0.2,0.3\n1.1,0.15,0.25,0.35\n1.2,0.2,0.3,0.4\n1.3,0.9,0.4,0.45\n";

    static readonly RootCommand root = [AgentCommand.Create(TimeProvider.System)];

    readonly string folder = AgentProcess.NewFolder();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_document_is_built_signed_and_written()
    {
        var (code, output, error) = await RunAsync("build", "--in", Write("rows.csv", Csv), "--out", At("document.json"), "--key-file", At("secret"));

        (code, error).ShouldBe((0, ""));
        output.ShouldContain("4 rows, D̂ ");
        var document = Read("document.json");
        (document.ShardId, document.Epoch, document.SentAt, document.Delivery)
            .ShouldBe(("test-shard-001", 1, "2025-01-19T12:00:00Z", PcsDelivery.Direct));
        PcsSignature.SignWithHmac(document, PcsTenancy.Secret, PcsDialect.ABytes).ShouldBe(document);
    }

    [Fact]
    public async Task The_secret_may_stand_on_the_command_line_for_existing_agents_and_the_document_on_standard_output()
    {
        var file = await RunAsync("build", "--in", Write("rows.csv", Csv), "--key-file", At("secret"), "--epoch", "5", "--seed", "7", "--sent-at", "2026-01-01T00:00:00Z");
        var line = await RunAsync("build", "--in", At("rows.csv"), "--key", PcsTenancy.Secret, "--epoch", "5", "--seed", "7", "--sent-at", "2026-01-01T00:00:00Z");

        line.ShouldBe(file);
        JsonNode.Parse(line.Output)!["seed"]!.GetValue<int>().ShouldBe(7);
    }

    [Theory]
    [InlineData("HS256")]
    [InlineData("Ed25519")]
    public async Task A_document_of_1_0_goes_from_rows_to_a_verdict_by_real_processes(string algorithm)
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        var seed = new byte[32];
        var (option, body) = algorithm == "HS256"
            ? ("--key-file", $$"""{"use":"1.0","alg":"HS256","secret":"{{Ordinary.LongSecret}}"}""")
            : ("--ed25519-key-file", $$"""{"use":"1.0","alg":"Ed25519","public_key":"{{Convert.ToBase64String(PcsSigningKey.Ed25519(seed).PublicKey!)}}"}""");
        (await tenant.PutAsync("/v1/pcs/keys/k1", body)).Status.ShouldBe(200);
        var key = Write("key", algorithm == "HS256" ? Ordinary.LongSecret : Convert.ToBase64String(seed) + "\n");
        Write("rows.csv", Csv);

        var built = await ServiceProcess.RunAsync(
            "agent", "build", "--in", At("rows.csv"), "--out", At("document.json"), "--pcs", "1.0", "--kid", "k1", "--tenant", tenantId, option, key);
        built.ExitCode.ShouldBe(0, built.Output);
        var sent = await ServiceProcess.RunAsync(
            "agent", "send", At("document.json"), "--url", $"{service.Address}", "--tenant", tenantId, "--outbox", At("outbox"), option, key);

        sent.ExitCode.ShouldBe(0, sent.Output);
        sent.Output.ShouldContain(" ACCEPTED, position ");
        (built.Output + sent.Output).ShouldNotContain(Ordinary.LongSecret);
        var recorded = (await tenant.ReadAsync($"/v1/pcs/{Read("document.json").PcsId}"))["submissions"]!.AsArray().ShouldHaveSingleItem()!;
        recorded["document"]!["ft"]!["outbox_seq"]!.GetValue<long>().ShouldBe(1);
        recorded["dialect"]!.GetValue<string>().ShouldBe($"JCS-{algorithm}");
    }

    [Fact]
    public async Task A_dead_letter_is_listed_with_its_reason_and_delivered_once_the_reason_is_gone()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        Write("wrong", "another secret");
        await RunAsync("build", "--in", Write("rows.csv", Csv), "--out", At("document.json"), "--key-file", At("wrong"));
        string[] delivery = ["--url", $"{service.Address}", "--tenant", tenantId, "--outbox", At("outbox")];

        var first = await RunAsync(["send", At("document.json"), .. delivery]);
        first.Code.ShouldBe(2);
        first.Error.ShouldContain("dead: 401 signature_invalid");
        (await RunAsync("outbox", "status", "--outbox", At("outbox"))).ShouldSatisfyAllConditions(
            s => s.Code.ShouldBe(2), s => s.Output.ShouldStartWith("0 pending, 1 dead, 0 delivered; "));
        (await RunAsync("outbox", "dead", "--outbox", At("outbox"))).Output.ShouldContain("signature_invalid after 1 attempts");
        (await RunAsync("outbox", "list", "--state", "pending", "--outbox", At("outbox"))).ShouldBe((0, "", ""));

        (await RunAsync(["send", .. delivery])).ShouldBe((0, "", "1 documents died before: `stet agent outbox dead` says why." + Environment.NewLine));

        (await tenant.PutAsync("/v1/pcs/keys/k2", """{"use":"0.1","alg":"HS256","secret":"another secret"}""")).Status.ShouldBe(200);
        (await RunAsync("outbox", "retry", "7", "--outbox", At("outbox"))).Code.ShouldBe(1);
        (await RunAsync("outbox", "replay", "1", "--outbox", At("outbox"))).Output.ShouldStartWith("1 pending again");
        (await RunAsync("outbox", "status", "--outbox", At("outbox"))).Code.ShouldBe(3);
        var second = await RunAsync(["send", .. delivery]);

        second.Code.ShouldBe(0, second.Error);
        second.Output.ShouldContain("1 " + Read("document.json").PcsId + " ");
        (await RunAsync("outbox", "list", "--outbox", At("outbox"))).Output.ShouldContain(" acked ");
        (await RunAsync("outbox", "compact", "--outbox", At("outbox"))).Code.ShouldBe(0);
        (await RunAsync("outbox", "status", "--outbox", At("outbox"))).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_document_that_another_key_signed_is_not_queued()
    {
        var (key, other) = (Write("key", Ordinary.LongSecret), Write("other", "another-32-byte-secret-for-tests"));
        string[] build = ["build", "--in", Write("rows.csv", Csv), "--pcs", "1.0", "--kid", "k1", "--tenant", "acme"];
        await RunAsync([.. build, "--out", At("ours.json"), "--key-file", key]);
        await RunAsync([.. build, "--out", At("theirs.json"), "--key-file", other]);

        var (code, _, error) = await RunAsync("send", At("ours.json"), At("theirs.json"), "--outbox", At("outbox"), "--key-file", key);

        code.ShouldBe(1);
        error.ShouldStartWith($"`{At("theirs.json")}` cannot be sent: The document was signed with another key");
        File.Exists(At("outbox")).ShouldBeFalse();
    }

    [Fact]
    public async Task The_checkpoint_of_no_source_stands_behind_a_document_that_was_sent()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        await PcsTenancy.NewAsync(service, tenantId);
        await RunAsync("build", "--in", Write("rows.csv", Csv), "--epoch", "7", "--out", At("document.json"), "--key-file", At("secret"));

        await RunAsync("send", At("document.json"), "--url", $"{service.Address}", "--tenant", tenantId, "--outbox", At("outbox"));

        await using var outbox = Outbox.Open(At("outbox"), TimeProvider.System);
        outbox.Checkpoint("").ShouldBe(new OutboxCheckpoint("", 0, 7));
    }

    [Fact]
    public async Task What_was_sent_twice_is_recorded_once()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        await RunAsync("build", "--in", Write("rows.csv", Csv), "--out", At("document.json"), "--key-file", At("secret"));

        var (code, output, error) = await RunAsync(
            "send", At("document.json"), At("document.json"), "--url", $"{service.Address}", "--tenant", tenantId, "--outbox", At("outbox"));

        code.ShouldBe(0, error);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        (await RunAsync("outbox", "status", "--outbox", At("outbox"))).Output.ShouldMatch(@"\A0 pending, 0 dead, 2 delivered; \d+ bytes\s*\z");
        (await tenant.ReadAsync($"/v1/pcs/{Read("document.json").PcsId}"))["submissions"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_torn_end_is_cut_off_and_told_once()
    {
        await using (var outbox = Outbox.Open(At("outbox"), TimeProvider.System)) await outbox.EnqueueAsync(_ => [1]);
        var whole = new FileInfo(At("outbox")).Length;
        await using (var file = File.OpenWrite(At("outbox")))
        {
            file.Position = whole;
            file.WriteByte(7);
        }

        (await RunAsync("outbox", "compact", "--outbox", At("outbox"))).Error
            .ShouldBe($"The last 1 bytes of `{At("outbox")}` were a torn record and have been cut off, at byte {whole}.{Environment.NewLine}");
        (await RunAsync("outbox", "compact", "--outbox", At("outbox"))).Error.ShouldBe("");
    }

    [Fact]
    public async Task What_a_service_says_changes_nothing_on_a_terminal()
    {
        await using var service = await AnsweringService.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync("""{"code":"no\u001b[2J","detail":"x\n2 abc ACCEPTED\u202e"}""");
        });
        await RunAsync("build", "--in", Write("rows.csv", Csv), "--out", At("document.json"), "--key-file", At("secret"));

        var sent = await RunAsync("send", At("document.json"), "--url", service.Urls.Single(), "--outbox", At("outbox"));
        var dead = await RunAsync("outbox", "dead", "--outbox", At("outbox"));

        sent.Error.ShouldEndWith($" dead: 403 no\uFFFD[2J (x\uFFFD2 abc ACCEPTED\uFFFD){Environment.NewLine}");
        dead.Output.ShouldEndWith($" no\uFFFD[2J after 1 attempts (x\uFFFD2 abc ACCEPTED\uFFFD){Environment.NewLine}");
    }

    [Fact]
    public async Task A_token_that_is_renewed_in_its_file_is_used_from_then_on()
    {
        var tokens = new List<string>();
        var contents = new Queue<string>(["", "second\n"]);
        await using var service = await AnsweringService.StartAsync(context =>
        {
            tokens.Add(context.Request.Headers.Authorization.ToString());
            if (contents.TryDequeue(out var next)) Write("token", next);
            context.Response.StatusCode = tokens.Count < 3 ? 503 : 403;
            return Task.CompletedTask;
        });
        await RunAsync("build", "--in", Write("rows.csv", Csv), "--out", At("document.json"), "--key-file", At("secret"));

        await RunAsync("send", At("document.json"), "--url", service.Urls.Single(), "--outbox", At("outbox"), "--token-file", Write("token", "first"));

        tokens.ShouldBe(["Bearer first", "Bearer first", "Bearer second"]);
    }

    [Fact]
    public async Task An_empty_file_is_no_outbox_for_any_verb()
    {
        Write("empty", "");
        foreach (var arguments in (string[][])[["status"], ["list"], ["retry", "--all"], ["compact"]])
            (await RunAsync(["outbox", .. arguments, "--outbox", At("empty")])).ShouldSatisfyAllConditions(
                r => r.Code.ShouldBe(1), r => r.Error.ShouldContain("is no outbox"));

        (await RunAsync("send", "--outbox", At("empty"), "--url", "http://127.0.0.1:1")).Code.ShouldBe(1);
        new FileInfo(At("empty")).Length.ShouldBe(0);
    }

    [Fact]
    public async Task Wrong_usage_is_said_in_a_line()
    {
        var csv = Write("rows.csv", Csv);
        Write("text", "no base64!");
        Write("empty", "");
        File.WriteAllBytes(At("bytes"), [0x73, 0xff, 0xfe]);
        (string[] Arguments, string Why)[] all =
        [
            (["build", "--in", csv], "STET_PCS_KEY"),
            (["build", "--in", csv, "--key-file", At("absent")], "cannot be read"),
            (["build", "--in", csv, "--key-file", At("empty")], "empty"),
            (["build", "--in", csv, "--key-file", At("bytes")], "is not UTF-8 text: put the secret in as text, such as base64"),
            (["build", "--in", csv, "--key-file", At("secret"), "--ed25519-key-file", At("secret")], "one signs"),
            (["build", "--in", csv, "--ed25519-key-file", At("text")], "base64"),
            (["build", "--in", csv, "--ed25519-key-file", Write("short", "AAAA")], "32 bytes"),
            (["build", "--in", csv, "--key-file", At("secret"), "--pcs", "1.0"], "`kid`"),
            (["build", "--in", csv, "--key-file", At("secret"), "--pcs", "1.0", "--kid", "k", "--tenant", "t"], "at least 32 bytes"),
            (["build", "--in", csv, "--key-file", At("secret"), "--chunk-size", "0"], "chunk size"),
            (["build", "--in", csv, "--key-file", At("secret"), "--epoch", "-1"], "epoch"),
            (["build", "--in", csv, "--key-file", At("secret"), "--sent-at", "today"], "sent_at"),
            (["build", "--in", At("absent.csv"), "--key-file", At("secret")], "cannot be read"),
            (["build", "--in", Write("header.csv", "timestamp,x,y,z\n"), "--key-file", At("secret")], "no rows"),
            (["build", "--in", csv, "--key-file", At("secret"), "--out", folder], "cannot be written"),
            (["send", csv, "--outbox", At("outbox")], "is no document"),
            (["send", At("absent"), "--outbox", At("outbox")], "cannot be read"),
            (["send", "--outbox", csv], "no outbox"),
            (["send", "--outbox", At("outbox"), "--tenant", "two words"], "visible ASCII"),
            (["send", "--outbox", At("outbox"), "--url", "ftp://stet.example"], "--url"),
            (["send", "--outbox", At("outbox"), "--token-file", At("absent")], "cannot be read"),
            (["send", "--outbox", At("outbox"), "--token-file", At("empty")], "holds no access token"),
            (["run", "--source", csv, "--key-file", At("secret"), "--outbox", At("outbox")], "--epoch-seconds or --epoch-rows"),
            (["run", "--source", csv, "--key-file", At("secret"), "--outbox", At("outbox"), "--epoch-rows", "0"], "at least one row"),
            (["run", "--source", At("absent.csv"), "--key-file", At("secret"), "--outbox", At("outbox"), "--epoch-rows", "1"], "cannot be read"),
            (["run", "--source", csv, "--key-file", At("secret"), "--outbox", At("outbox"), "--epoch-rows", "1", "--idle-seconds", "0"], "--idle-seconds"),
            (["outbox", "list", "--outbox", At("missing")], "no outbox"),
            (["outbox", "retry", "--outbox", csv], "--all"),
        ];
        foreach (var (arguments, why) in all)
        {
            var (code, _, error) = await RunAsync(arguments);
            code.ShouldBe(1, string.Join(' ', arguments));
            error.ShouldContain(why);
            error.ShouldNotContain("   at ");
        }
    }

    [Theory]
    [InlineData("`--state` must be `pending`, `dead` or `acked`.", "outbox", "list", "--state", "bogus")]
    [InlineData("`--state` must be `pending`, `dead` or `acked`.", "outbox", "list", "--state")]
    [InlineData("`x` is no number of a dead letter: `stet agent outbox dead` shows them.", "outbox", "retry", "1", "x")]
    [InlineData("`--bogus` is no option of this command; see `stet agent outbox list --help`.", "outbox", "list", "--bogus")]
    [InlineData("`surplus` is no option of this command; see `stet agent build --help`.", "build", "--in", "rows.csv", "surplus")]
    public async Task What_a_verb_does_not_take_is_said_in_a_line_without_the_help(string why, params string[] arguments) =>
        (await RunAsync(arguments)).ShouldBe((1, "", why + Environment.NewLine));

    [Fact]
    public async Task Help_shows_an_example_and_the_exit_codes()
    {
        var (code, output, _) = await RunAsync("--help");
        code.ShouldBe(0);
        output.ShouldContain("stet agent run --source events.csv");
        output.ReplaceLineEndings("\n").ShouldContain("Exit codes:\n  0 everything delivered");
        (await RunAsync("build", "--help")).Output.ShouldNotContain("stet agent run");
        (await RunAsync("run", "--epoch-rows", "x")).Output.ShouldNotContain("Exit codes");
    }

    static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await root.Parse(["agent", .. arguments]).InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    string At(string file) => Path.Combine(folder, file);

    string Write(string file, string text)
    {
        File.WriteAllText(At(file), text);
        return At(file);
    }

    PcsDocument Read(string file) => PcsDocument.TryRead(File.ReadAllBytes(At(file)), out var document, out var refusal)
        ? document
        : throw new InvalidOperationException($"refused: {refusal.Code}");
}
