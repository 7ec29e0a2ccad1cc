using System.Diagnostics;
using Stet.Testing;

namespace Stet.Tests.Pcs;

/// <summary>What tests of <c>stet agent</c> as a process of its own share.</summary>
static class AgentProcess
{
    /// <summary>Makes a folder with a file of the tenant's secret for 0.1.</summary>
    public static string NewFolder()
    {
        var folder = TestCluster.NewFolder();
        File.WriteAllText(Path.Combine(folder, "secret"), PcsTenancy.Secret + "\n");
        return folder;
    }

    /// <summary>The arguments of <c>stet agent run</c> over <c>rows.csv</c> of a folder.</summary>
    public static string[] Run(TestService service, string tenant, string folder, int epochRows) =>
    [
        "agent", "run", "--source", Path.Combine(folder, "rows.csv"), "--epoch-rows", $"{epochRows}", "--shard-id", "shard-001",
        "--key-file", Path.Combine(folder, "secret"), "--outbox", Path.Combine(folder, "outbox"), "--url", $"{service.Address}", "--tenant", tenant,
    ];

    /// <summary>Runs <c>stet</c> where no file may grow beyond a size.</summary>
    /// <returns>Exit code and standard error.</returns>
    public static async Task<(int ExitCode, string Errors)> RunWithLimitAsync(int kibibytes, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        // Whoever ignores the signal gets the error; the runtime's own double mapping would be a large file.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        foreach (var argument in (string[])
            ["-c", $"trap '' XFSZ; ulimit -f {kibibytes}; exec dotnet \"$@\"", "bash", Path.Combine(AppContext.BaseDirectory, "Stet.dll"), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }
}
