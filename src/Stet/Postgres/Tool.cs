using System.ComponentModel;
using System.Diagnostics;

namespace Stet.Postgres;

/// <summary>What a command line program answered.</summary>
/// <param name="ExitCode">0 when it did what it was asked.</param>
/// <param name="Output">Standard output, then standard error, without the line end.</param>
public sealed record ToolResult(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;
}

/// <summary>Runs the command line programs that PostgreSQL and the system come with.</summary>
public static class Tool
{
    const int NotStarted = 127;

    /// <summary>Runs a program to its end, from <c>/</c> and without this process's PostgreSQL settings.</summary>
    /// <param name="program">Its path, or its name on PATH.</param>
    /// <param name="arguments">Passed as they are; no shell reads them.</param>
    /// <param name="account">The user it runs as, which takes root; null for the user of this process.</param>
    /// <param name="cancel">Kills the program.</param>
    /// <returns>Exit code 127, as from a shell, when there is no such program.</returns>
    public static async Task<ToolResult> RunAsync(
        string program, IEnumerable<string> arguments, string? account, CancellationToken cancel)
    {
        // Another user may not be allowed to enter the working directory of this process.
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };

        if (account is not null) start.UserName = account;

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);

        start.Environment["LC_ALL"] = "C";

        using var process = new Process { StartInfo = start };

        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new ToolResult(NotStarted, e.Message);
        }

        process.StandardInput.Close();

        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);

        try
        {
            await process.WaitForExitAsync(cancel);

            return new ToolResult(process.ExitCode, $"{await output}\n{await errors}".Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }
}
