using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Stet.Audit.Witnesses;

namespace Stet.CommandLine;

/// <summary><c>stet witness</c>: a server that cosigns the checkpoints of logs, and a key for it. Touches no database.</summary>
static class WitnessCommand
{
    const string Example = """
        Example:
          stet witness keygen --name witness.example/w1 --out witness.key
          stet witness --listen 127.0.0.1:8100 --state witness-state --key witness.key --log @logs.txt

          where logs.txt holds a verifier key per line, as GET /v1/audit/keys shows them:
          stet.example/audit/acme+eb67220f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4

        Exit codes:
          0 stopped; 1 cannot listen; 2 usage, key or state

        """;

    static readonly Option<string[]> Listen = Text("--listen", "ADDR", "Where to listen, an IP address or localhost with a port; plain HTTP, TLS ends at a proxy in front (REQUIRED)");
    static readonly Option<string[]> State = Text("--state", "DIR", "Folder that remembers what was cosigned; never restore it from a backup (REQUIRED)");
    static readonly Option<string[]> Key = Text("--key", "F", "The witness's private key, a file that `keygen` made (REQUIRED)");
    static readonly Option<string[]> Log = Text("--log", "VKEY", "Verifier keys of the logs to cosign, or @FILE with one per line (REQUIRED)");
    static readonly Option<string[]> Name = Text("--name", "NAME", "The key's name, such as witness.example/w1: no white space, no + (REQUIRED)");
    static readonly Option<string[]> Out = Text("--out", "F", "The file to make, which only its owner can read (REQUIRED)");

    public static Command Create()
    {
        Log.AllowMultipleArgumentsPerToken = true;
        var keygen = new Command("keygen", "Make a key for a witness and print its verifier key") { Name, Out, Surplus.Argument };
        keygen.SetAction((arguments, _) => TryAsync(arguments, () => KeygenAsync(One(arguments, Name), One(arguments, Out))));

        var command = new Command("witness", "Cosign checkpoints of logs, each only if it extends the one before")
        {
            Listen, State, Key, Log, Surplus.Argument, keygen,
        };
        command.Options.Add(new HelpOption { Action = new HelpWithExample(Example), Recursive = false });
        command.SetAction((arguments, cancel) => TryAsync(arguments, () => RunAsync(arguments, cancel)));
        return command;
    }

    static async Task<int> KeygenAsync(string name, string file)
    {
        var key = WitnessKey.Create(name, file);
        try
        {
            await Console.Out.WriteLineAsync(key.ToString());
            return 0;
        }
        catch (StandardOutputException)
        {
            File.Delete(file);
            throw;
        }
    }

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var (address, folder, keyFile) = (One(arguments, Listen), One(arguments, State), One(arguments, Key));
        if (!IsAddress(address)) throw new WitnessException("`--listen` must be an IP address or localhost with a port, such as `127.0.0.1:8100`.");
        if (arguments.GetValue(Log) is not { Length: > 0 } logs) throw Missing(Log);

        using var key = WitnessKey.Load(keyFile);
        using var state = WitnessState.Open(folder);
        var cosigner = new Cosigner(key, LogKeys.Read(logs), state, TimeProvider.System);

        await using var app = WitnessServer.Build($"http://{address}", cosigner);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CannotStartException($"The witness cannot listen on {address}: {e.Message.TrimEnd('.')}. Name another address with --listen.", e);
        }

        Console.WriteLine($"Witness:   {key.Verifier}");
        foreach (var origin in cosigner.Origins) Console.WriteLine($"Log:       {origin}");
        Console.WriteLine($"Listening: {app.Urls.First()}  (Ctrl+C stops)");
        await app.WaitForShutdownAsync(cancel);
        return 0;
    }

    static async Task<int> TryAsync(ParseResult arguments, Func<Task<int>> command)
    {
        try
        {
            if (Surplus.First(arguments) is { } surplus)
                throw new WitnessException($"`{surplus}` is no option of this command; see `stet witness --help`.");

            return await command();
        }
        catch (WitnessException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (CannotStartException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    /// <summary>Takes any number of values: the parser's own complaint would end with 1.</summary>
    static Option<string[]> Text(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value, Arity = ArgumentArity.ZeroOrMore };

    static string One(ParseResult arguments, Option<string[]> option) => arguments.GetValue(option) switch
    {
        [var value] => value,
        null or [] => throw Missing(option),
        _ => throw new WitnessException($"`{option.Name}` is given more than once."),
    };

    static WitnessException Missing(Option option) => new($"`{option.Name}` is missing; see `stet witness --help`.");

    /// <summary>Whatever else stood for a host, the server would listen on all addresses.</summary>
    static bool IsAddress(string address)
    {
        if (address.Split(':') is ["localhost", var port]) return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;
        if (!IPEndPoint.TryParse(address, out var end)) return false;

        // It takes an address without a port as well, and a number for an address.
        return end.AddressFamily == AddressFamily.InterNetworkV6 ? address.Contains("]:", StringComparison.Ordinal) : end.ToString() == address;
    }
}
