using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Stet.CommandLine;
using Stet.Testing;

namespace Stet.Tests.Readme;

/// <summary><c>README.md</c> against the service; the links of all guides.</summary>
public sealed partial class ReadmeSpecs
{
    static readonly string readme = Repository.Read("README.md");

    [Fact]
    public async Task The_sessions_answer_what_the_README_prints()
    {
        await using var service = await ServiceProcess.ServeAsync(TestCluster.NewFolder());
        var steps = Block().Matches(Section("A session") + Section("Proofs")).Select(m => (Language: m.Groups["language"].Value, Text: m.Groups["text"].Value)).ToArray();
        var commands = steps.Where(s => s.Language == "sh").Select(s => s.Text
            .Replace("http://127.0.0.1:8080", service.Address.ToString().TrimEnd('/'))
            .Replace("dotnet run --project src/Stet --", Repository.Run));
        var (answered, printed) = (new RunValues(), new RunValues());

        var output = await BashAsync(string.Join("\necho; echo ----\n", commands));

        output.Split("----\n").Select(answered.Masked).ShouldBe(steps.Where(s => s.Language != "sh").Select(s => printed.Masked(s.Text)));
    }

    [Fact]
    public void Every_option_is_listed_with_its_default()
    {
        var options = OptionValues.In(new ConfigurationBuilder().Build())
            .Where(o => !o.Key.StartsWith("Logging:LogLevel", StringComparison.Ordinal))
            .Select(o => $"{o.Key} = {o.Value ?? "none"}");

        Option().Matches(Section("Configuration")).Select(m => $"{m.Groups["key"].Value} = {m.Groups["value"].Value}")
            .ShouldBe(options, ignoreOrder: true);
    }

    [Fact]
    public void Every_link_leads_somewhere() =>
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md"))
            .SelectMany(guide => Link().Matches(File.ReadAllText(guide)).Select(m => Path.Combine(Path.GetDirectoryName(guide)!, m.Value)))
            .Where(path => !Path.Exists(path)).ShouldBeEmpty();

    [Fact]
    public void Every_folder_of_the_tree_is_there()
    {
        var parent = "";
        foreach (var path in Tree().Matches(Section("The tree")).Select(m => m.Value))
        {
            if (!path.StartsWith(' ')) parent = path;
            Path.Exists(Path.Combine(Repository.Root, path.StartsWith(' ') ? parent + path.Trim() : path)).ShouldBeTrue(path);
        }
    }

    static string Section(string title) => readme.Split($"\n\n## {title}\n")[1].Split("\n\n## ")[0];

    static async Task<string> BashAsync(string script)
    {
        var start = new ProcessStartInfo("bash")
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
        return output;
    }

    [GeneratedRegex("^(?<fence>`{3,})(?<language>[a-z]+)\n(?<text>.*?)^\\k<fence>$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^\\| `(?<key>[A-Z][A-Za-z:]+)` \\| (?<value>[^ |]+)", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex(@"(?<=\]\()[^)#:]+(?=\))")]
    private static partial Regex Link();

    [GeneratedRegex("^ *[A-Za-z.]+/[A-Za-z./]*(?=  )", RegexOptions.Multiline)]
    private static partial Regex Tree();
}
