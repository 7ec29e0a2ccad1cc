using System.Diagnostics;
using System.Text.RegularExpressions;
using Stet.Testing;
using Stet.Tests.CommandLine;

namespace Stet.Tests.Readme;

/// <summary><c>docs/policy.md</c> against the service.</summary>
public sealed partial class PolicyGuideSpecs
{
    static readonly string guide = Repository.Read("docs/policy.md");

    [Fact]
    public async Task Every_command_answers_what_the_guide_prints()
    {
        await using var service = await ServiceProcess.ServeAsync(TestCluster.NewFolder());
        var steps = Step().Matches(guide);
        var script = string.Join("\necho ----\n", steps.Select(s => s.Groups["command"].Value
            .Replace("http://127.0.0.1:8080", service.Address.ToString().TrimEnd('/'))
            .Replace("dotnet run --project src/Stet --", Repository.Run)));

        var (exitCode, output) = await BashAsync(script);

        exitCode.ShouldBe(0, output);
        var (answered, printed) = (new RunValues(), new RunValues());
        output.Split("----\n").Select(text => answered.Masked(text.Replace(service.Address.ToString().TrimEnd('/'), "http://127.0.0.1:8080")))
            .ShouldBe(steps.Select(s => printed.Masked(s.Groups["answer"].Value)));
    }

    [Fact]
    public async Task The_test_that_the_guide_shows_passes_as_it_stands_there()
    {
        var folder = TestCluster.NewFolder();
        (await CommandRun.OfAsync(["init", folder])).ExitCode.ShouldBe(0);
        var test = guide.Split("```json\n").Select(text => text.Split("```")[0]).First(text => text.Contains("\"expected\""));
        await File.WriteAllTextAsync(Path.Combine(folder, "tests", "mine.json"), test);

        var run = await CommandRun.OfAsync(["test", folder], folder);

        run.Output.ShouldStartWith("71 tests passed");
    }

    [Fact]
    public void Every_link_leads_somewhere() =>
        Link().Matches(guide).Select(m => m.Value)
            .Where(path => !Path.Exists(Path.Combine(Repository.Root, "docs", path))).ShouldBeEmpty();

    static async Task<(int ExitCode, string Output)> BashAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["-e"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = TestCluster.NewFolder(),
        };
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync(script);
        bash.StandardInput.Close();
        var output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, output);
    }

    // A command, and the block right behind it: what it prints.
    [GeneratedRegex("^```sh\n(?<command>.*?)^```\n\n```(?:text|json)\n(?<answer>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Step();

    [GeneratedRegex(@"(?<=\]\()[^)#:]+(?=\))")]
    private static partial Regex Link();
}
