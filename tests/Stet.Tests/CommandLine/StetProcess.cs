using System.Collections.Concurrent;
using System.Diagnostics;

namespace Stet.Tests.CommandLine;

/// <summary>The built <c>stet</c> as a process of its own, as a user runs it.</summary>
sealed class StetProcess : IAsyncDisposable
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    readonly Process process;
    readonly ConcurrentQueue<string> output = new();
    readonly ConcurrentQueue<string> errors = new();
    readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    StetProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, e) => Read(output, e.Data);
        process.ErrorDataReceived += (_, e) => Read(errors, e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>What it has written to standard error so far.</summary>
    public string Errors => string.Join('\n', errors);

    /// <summary>Where it listens; set by <see cref="ServeAsync"/>.</summary>
    public Uri Url => listening.Task.Result;

    /// <summary>Starts a command.</summary>
    public static StetProcess Start(params IEnumerable<string> arguments) => StartIn("Development", arguments);

    /// <summary>Starts a command in an environment.</summary>
    public static StetProcess StartIn(string environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Stet.dll"), .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = environment;
        start.Environment.Remove("ConnectionStrings__Stet");
        start.Environment.Remove("ASPNETCORE_URLS");
        return new StetProcess(new Process { StartInfo = start });
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params IEnumerable<string> arguments)
    {
        await using var stet = Start(arguments);
        return (await stet.EndAsync(), stet.Output, stet.Errors);
    }

    /// <summary>Starts the service on a free port and answers when it listens.</summary>
    public static async Task<StetProcess> ServeAsync(params IEnumerable<string> arguments)
    {
        var stet = Start(["--urls", "http://127.0.0.1:0", .. arguments]);
        if (await Task.WhenAny(stet.listening.Task, stet.process.WaitForExitAsync()).WaitAsync(patience) != stet.listening.Task)
            throw new InvalidOperationException($"The service ended with {await stet.EndAsync()}: {stet.Errors}");
        return stet;
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(patience);
        return process.ExitCode;
    }

    /// <summary>Asks it to stop, as a container's runtime does, and waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) await kill.WaitForExitAsync();
        return await EndAsync();
    }

    /// <summary>Ends it with SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await StopAsync();
        process.Dispose();
    }

    void Read(ConcurrentQueue<string> lines, string? line)
    {
        if (line is null) return;
        lines.Enqueue(line);
        if (line.StartsWith("Listening: ", StringComparison.Ordinal)) listening.TrySetResult(new Uri(line.Split(' ')[1]));
    }
}
