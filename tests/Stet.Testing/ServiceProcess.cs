using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Stet.Testing;

/// <summary>The service as a user runs it: a process of its own, with its private PostgreSQL in a data folder.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    const int FirstPort = 20_000;
    const int Ports = 12_000;

    static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    static int ports = Environment.ProcessId;

    readonly Process process;
    readonly List<string> output = [];
    readonly List<string> errors = [];

    ServiceProcess(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    public int Id => process.Id;

    /// <summary>What it has written so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (output) return string.Join('\n', output);
        }
    }

    /// <summary>What it has written to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (output) return string.Join('\n', errors);
        }
    }

    /// <summary>
    /// A loopback port that was free a moment ago, another one each time. It lies below those that the system gives to who asks for
    /// any: nobody else gets it meanwhile.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = FirstPort + (Interlocked.Increment(ref ports) % Ports);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }

    /// <summary>Runs <c>stet</c> to its end.</summary>
    /// <returns>Its exit code, what it wrote to both streams, and to standard error alone.</returns>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params IEnumerable<string> arguments)
    {
        await using var stet = Run(port: 0, arguments);
        return (await stet.ExitAsync(), stet.Output, stet.Errors);
    }

    /// <summary>Runs <c>stet</c> with arguments, in Development.</summary>
    public static ServiceProcess Run(int port, params IEnumerable<string> arguments) => RunIn("Development", port, arguments);

    /// <summary>Runs <c>stet</c> with arguments.</summary>
    public static ServiceProcess RunIn(string environment, int port, params IEnumerable<string> arguments) =>
        RunWith([("ASPNETCORE_ENVIRONMENT", environment)], port, arguments);

    /// <summary>Runs <c>stet</c> with arguments, variables of the environment (null: unset) and, unless it is this process's, a working directory.</summary>
    public static ServiceProcess RunWith(
        IEnumerable<(string Name, string? Value)> variables, int port, IEnumerable<string> arguments, string? directory = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ConnectionStrings__Stet"] = "" },
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Stet.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);

        var service = new ServiceProcess(new Process { StartInfo = start }, new Uri($"http://127.0.0.1:{port}"));
        service.process.OutputDataReceived += service.Keep;
        service.process.ErrorDataReceived += service.KeepError;
        service.process.Start();
        service.process.BeginOutputReadLine();
        service.process.BeginErrorReadLine();
        return service;
    }

    /// <summary>Serves a data folder and answers when it is ready.</summary>
    public static async Task<ServiceProcess> ServeAsync(string dataFolder, int? port = null)
    {
        var chosen = port ?? FreePort();
        TestCluster.KeepSmall(dataFolder);
        var service = Run(chosen, "run", "--data", dataFolder, "--urls", $"http://127.0.0.1:{chosen}");
        await service.ReadyAsync();
        return service;
    }

    public async Task ReadyAsync()
    {
        using var client = new HttpClient { BaseAddress = Address };
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            if (process.HasExited || since.Elapsed > StartsWithin)
                throw new InvalidOperationException($"the service did not get ready; it wrote:\n{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>SIGKILL: no clean-up, no farewell. Its PostgreSQL lives on.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM or another signal, and the exit code.</summary>
    public async Task<int> StopAsync(string signal = "TERM")
    {
        using (var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString()])) await kill.WaitForExitAsync();
        return await ExitAsync();
    }

    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(StartsWithin);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await StopAsync();
        process.Dispose();
    }

    void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (output) output.Add(line.Data);
    }

    void KeepError(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (output) errors.Add(line.Data);
        Keep(sender, line);
    }
}
