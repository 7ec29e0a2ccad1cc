using System.Net;
using System.Text;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>A witness as an operator runs it.</summary>
public sealed class WitnessCommandSpecs : IDisposable
{
    static readonly string OtherLogVkey =
        new VerifierKey("stet.example/audit/other", SignatureType.Ed25519, new byte[Ed25519.PublicKeySize]).ToString();

    readonly string folder = TestCluster.NewFolder();

    string KeyFile => Path.Combine(folder, "witness.key");

    string StateFolder => Path.Combine(folder, "state");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_new_key_is_its_owners_alone_and_its_verifier_key_is_printed()
    {
        var (exitCode, output, errors) = await KeygenAsync();

        exitCode.ShouldBe(0, errors);
        output.Trim().ShouldMatch(@"^witness\.example/w2\+[0-9a-f]{8}\+B[A-Za-z0-9+/]+=*$");
        File.GetUnixFileMode(KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        output.ShouldNotContain("PRIVATE");
        using var key = WitnessKey.Load(KeyFile);
        key.Verifier.ToString().ShouldBe(output.Trim());
    }

    [Fact]
    public async Task A_key_that_is_there_is_never_overwritten()
    {
        await KeygenAsync();
        var before = await File.ReadAllTextAsync(KeyFile);

        var (exitCode, _, errors) = await KeygenAsync();

        exitCode.ShouldBe(2);
        errors.ShouldContain(KeyFile);
        (await File.ReadAllTextAsync(KeyFile)).ShouldBe(before);
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("a+b")]
    [InlineData("")]
    public async Task A_name_that_no_note_can_carry_is_refused(string name)
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync("witness", "keygen", "--name", name, "--out", KeyFile);

        exitCode.ShouldBe(2);
        errors.ShouldContain("name");
        File.Exists(KeyFile).ShouldBeFalse();
    }

    [Fact]
    public async Task The_help_shows_an_example()
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync("witness", "--help");

        exitCode.ShouldBe(0);
        output.ShouldContain("--state");
        output.ShouldContain("stet witness --listen 127.0.0.1:8100");
    }

    [Fact]
    public async Task A_witness_cosigns_until_it_is_told_to_stop_and_remembers_when_it_starts_again()
    {
        await KeygenAsync();
        using var published = TlogData.Read("witness-add-checkpoint.json");
        var body = published.RootElement.GetProperty("sequence")[4].GetProperty("body").GetString()!;

        await using (var witness = await ServeAsync())
        {
            (await PostAsync(witness, body)).ShouldBe(HttpStatusCode.OK);
            (await witness.StopAsync()).ShouldBe(0);
            witness.Output.ShouldContain("stet.example/audit/acme");
            witness.Output.ShouldContain("stet.example/audit/other");
        }

        await using var again = await ServeAsync();
        (await PostAsync(again, body)).ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_witness_that_is_killed_remembers_what_it_has_answered()
    {
        await KeygenAsync();
        using var published = TlogData.Read("witness-add-checkpoint.json");
        var body = published.RootElement.GetProperty("sequence")[4].GetProperty("body").GetString()!;

        await using (var killed = await ServeAsync())
        {
            (await PostAsync(killed, body)).ShouldBe(HttpStatusCode.OK);
            await killed.KillAsync();
        }

        await using var again = await ServeAsync();
        (await PostAsync(again, body)).ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_second_witness_on_the_state_folder_refuses_to_start()
    {
        await KeygenAsync();
        await using var first = await ServeAsync();

        var (exitCode, _, errors) = await RunAsync("--log", RunningWitness.LogVkey);

        exitCode.ShouldBe(2);
        errors.ShouldContain("is in use by another witness");
        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_port_in_use_is_said_in_one_line()
    {
        await KeygenAsync();
        await using var first = await ServeAsync();

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            "witness", "--listen", first.Address.Authority, "--state", StateFolder + "2", "--key", KeyFile, "--log", RunningWitness.LogVkey);

        exitCode.ShouldBe(1);
        errors.ShouldStartWith($"The witness cannot listen on {first.Address.Authority}");
        errors.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("xx")]
    [InlineData("example.org:80")]
    [InlineData("*:80")]
    [InlineData("80")]
    [InlineData("127.0.0.1")]
    [InlineData("http://127.0.0.1:80")]
    [InlineData("localhost:0")]
    [InlineData("[::1]")]
    public async Task What_is_no_address_with_a_port_is_not_listened_on(string address)
    {
        var (exitCode, _, errors) = await ListenAsync(address);

        exitCode.ShouldBe(2);
        errors.ShouldStartWith("`--listen` must be an IP address or localhost with a port");
    }

    [Theory]
    [InlineData("0.0.0.0:8100")]
    [InlineData("[::1]:8100")]
    [InlineData("localhost:8100")]
    public async Task Addresses_and_localhost_can_be_listened_on(string address) =>
        (await ListenAsync(address)).Errors.ShouldContain("stet witness keygen");

    [Theory]
    [InlineData("`--listen` is missing", "witness")]
    [InlineData("`--log` is missing", "witness --listen 127.0.0.1:0 --state s --key k")]
    [InlineData("`--listen` is missing", "witness --listen --state s --key k --log l")]
    [InlineData("`--state` is given more than once", "witness --listen 127.0.0.1:0 --state s --state t --key k --log l")]
    [InlineData("`--sate` is no option", "witness --sate s")]
    [InlineData("`--name` is missing", "witness keygen")]
    public async Task A_wrong_call_ends_with_2(string problem, string line)
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(line.Split(' '));

        exitCode.ShouldBe(2);
        errors.ShouldStartWith(problem);
    }

    [Fact]
    public async Task A_key_file_that_others_can_read_is_refused()
    {
        await KeygenAsync();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        var (exitCode, _, errors) = await RunAsync("--log", RunningWitness.LogVkey);

        exitCode.ShouldBe(2);
        errors.ShouldContain($"chmod 600 {KeyFile}");
    }

    [Fact]
    public async Task A_key_file_that_is_missing_or_holds_something_else_is_refused()
    {
        (await RunAsync("--log", RunningWitness.LogVkey)).Errors.ShouldContain("stet witness keygen");

        await File.WriteAllTextAsync(KeyFile, "secret-but-no-key");
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var (exitCode, _, errors) = await RunAsync("--log", RunningWitness.LogVkey);

        exitCode.ShouldBe(2);
        errors.ShouldContain(KeyFile);
        errors.ShouldNotContain("secret-but-no-key");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData(RunningWitness.Vkey)] // a witness's, not a log's
    public async Task A_log_key_that_is_none_is_refused(string log)
    {
        await KeygenAsync();

        var (exitCode, _, errors) = await RunAsync("--log", log);

        exitCode.ShouldBe(2);
        errors.ShouldContain(log);
    }

    [Fact]
    public async Task A_list_of_logs_that_is_missing_is_named()
    {
        await KeygenAsync();

        var (exitCode, _, errors) = await RunAsync("--log", "@missing.txt");

        exitCode.ShouldBe(2);
        errors.ShouldContain("missing.txt");
    }

    [Fact]
    public async Task A_list_that_names_no_log_is_refused()
    {
        await KeygenAsync();
        var list = Path.Combine(folder, "none.txt");
        await File.WriteAllTextAsync(list, "# no log yet\n\n");

        var (exitCode, _, errors) = await RunAsync("--log", $"@{list}");

        exitCode.ShouldBe(2);
        errors.ShouldStartWith($"`@{list}` names no log");
    }

    [Fact]
    public async Task State_that_is_no_checkpoint_stops_the_start()
    {
        await KeygenAsync();
        Directory.CreateDirectory(StateFolder);
        await File.WriteAllTextAsync(Path.Combine(StateFolder, WitnessState.NameOf("stet.example/audit/acme")), "half a not");

        var (exitCode, _, errors) = await RunAsync("--log", RunningWitness.LogVkey);

        exitCode.ShouldBe(2);
        errors.ShouldContain(WitnessState.NameOf("stet.example/audit/acme"));
    }

    Task<(int ExitCode, string Output, string Errors)> KeygenAsync() =>
        ServiceProcess.RunAsync("witness", "keygen", "--name", "witness.example/w2", "--out", KeyFile);

    Task<(int ExitCode, string Output, string Errors)> ListenAsync(string address) => ServiceProcess.RunAsync(
        "witness", "--listen", address, "--state", StateFolder, "--key", KeyFile, "--log", RunningWitness.LogVkey);

    Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] logs) =>
        ServiceProcess.RunAsync(["witness", "--listen", "127.0.0.1:0", "--state", StateFolder, "--key", KeyFile, .. logs]);

    async Task<ServiceProcess> ServeAsync()
    {
        var list = Path.Combine(folder, "logs.txt");
        await File.WriteAllTextAsync(list, $"# logs\n\n{RunningWitness.LogVkey}\n{OtherLogVkey}\n");
        var port = ServiceProcess.FreePort();
        var witness = ServiceProcess.Run(
            port, "witness", "--listen", $"127.0.0.1:{port}", "--state", StateFolder, "--key", KeyFile, "--log", $"@{list}");
        for (var tries = 0; !witness.Output.Contains("Listening:", StringComparison.Ordinal); tries++)
        {
            if (tries > 600) throw new InvalidOperationException($"the witness did not start; it wrote:\n{witness.Output}");
            await Task.Delay(50);
        }

        return witness;
    }

    static async Task<HttpStatusCode> PostAsync(ServiceProcess witness, string body)
    {
        using var client = new HttpClient { BaseAddress = witness.Address };
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var answer = await client.PostAsync("/add-checkpoint", content);
        return answer.StatusCode;
    }
}
