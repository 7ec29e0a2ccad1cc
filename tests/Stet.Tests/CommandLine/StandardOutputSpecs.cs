using System.Diagnostics;
using Stet.Testing;
using Stet.Tests.Audit.Witnesses;

namespace Stet.Tests.CommandLine;

public sealed class StandardOutputSpecs
{
    [Theory]
    [InlineData(2, "--help")]
    [InlineData(2, "describe")]
    [InlineData(2, "check-env")]
    [InlineData(2, "db", "dump")]
    [InlineData(2, "projections", "list")]
    [InlineData(2, "policy", "init", "FOLDER")]
    [InlineData(2, "policy", "format", "FOLDER")]
    [InlineData(2, "audit", "verify", "--json", "--log", "FOLDER", "--vkey", RunningWitness.LogVkey)]
    [InlineData(1, "agent", "build", "--key", "k", "--in", "FOLDER/rows.csv")]
    public async Task Standard_output_that_cannot_be_written_is_one_line_and_no_finding(int code, params string[] arguments)
    {
        foreach (var redirection in (string[])[">/dev/full", ">&-"])
        {
            var folder = TestCluster.NewFolder();
            await File.WriteAllTextAsync(Path.Combine(folder, "a.cedar"), "permit (principal, action, resource);");
            await File.WriteAllTextAsync(Path.Combine(folder, "rows.csv"), "timestamp,x,y,z\n1,1,1,1\n2,1,2,1\n");

            var (exitCode, errors) = await RunAsync(redirection, [.. arguments.Select(argument => argument.Replace("FOLDER", folder))]);

            errors.ShouldMatch("^Standard output cannot be written: .+\n$", redirection);
            exitCode.ShouldBe(code, redirection);
        }
    }

    [Fact]
    public async Task A_service_that_cannot_say_where_it_listens_ends()
    {
        var folder = TestCluster.NewFolder();
        TestCluster.KeepSmall(folder);

        var (exitCode, errors) = await RunAsync(">/dev/full", "run", "--data", folder, "--urls", $"http://127.0.0.1:{ServiceProcess.FreePort()}");

        (exitCode, errors).ShouldBe((2, "Standard output cannot be written: No space left on device\n"));
    }

    [Fact]
    public async Task A_key_that_nobody_was_told_is_not_kept()
    {
        var file = Path.Combine(TestCluster.NewFolder(), "witness.key");

        var (exitCode, _) = await RunAsync(">/dev/full", "witness", "keygen", "--name", "witness.example/w1", "--out", file);

        exitCode.ShouldBe(2);
        File.Exists(file).ShouldBeFalse();
    }

    [Fact]
    public async Task A_watch_ends_when_its_reader_is_gone()
    {
        var state = Path.Combine(TestCluster.NewFolder(), "state");

        var (_, errors) = await RunAsync(
            "| head -1 >/dev/null", "audit", "watch", "--log", "http://127.0.0.1:1/log", "--vkey", RunningWitness.LogVkey, "--state", state, "--interval", "1s");

        errors.ShouldEndWith("Standard output cannot be written: nobody reads it any more\n");
    }

    static async Task<(int ExitCode, string Errors)> RunAsync(string redirection, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", ["-c", $"dotnet \"$0\" \"$@\" {redirection}", Path.Combine(AppContext.BaseDirectory, "Stet.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ConnectionStrings__Stet"] = "" },
        };
        using var shell = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var errors = await shell.StandardError.ReadToEndAsync(patience.Token);
            await shell.WaitForExitAsync(patience.Token);
            return (shell.ExitCode, errors);
        }
        finally
        {
            shell.Kill(entireProcessTree: true);
        }
    }
}
