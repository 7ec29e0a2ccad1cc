using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
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

        """;

    static readonly Option<string> Listen = new("--listen")
    {
        Description = "Where to listen, HOST:PORT; plain HTTP, TLS ends at a proxy in front",
        Required = true,
        HelpName = "ADDR",
    };

    static readonly Option<string> State = new("--state")
    {
        Description = "Folder that remembers what was cosigned; never restore it from a backup",
        Required = true,
        HelpName = "DIR",
    };

    static readonly Option<string> Key = new("--key")
    {
        Description = "The witness's private key, a file that `keygen` made",
        Required = true,
        HelpName = "F",
    };

    static readonly Option<string[]> Log = new("--log")
    {
        Description = "Verifier keys of the logs to cosign, or @FILE with one per line",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
        HelpName = "VKEY",
    };

    static readonly Option<string> Name = new("--name")
    {
        Description = "The key's name, such as witness.example/w1: no white space, no +",
        Required = true,
        HelpName = "NAME",
    };

    static readonly Option<string> Out = new("--out")
    {
        Description = "The file to make, which only its owner can read",
        Required = true,
        HelpName = "F",
    };

    public static Command Create()
    {
        Listen.Validators.Add(result =>
        {
            if (UrlOf(result.GetValue(Listen)!) is null) result.AddError("`--listen` must be an address such as `127.0.0.1:8100`.");
        });

        var keygen = new Command("keygen", "Make a key for a witness and print its verifier key") { Name, Out };
        keygen.SetAction((arguments, _) => TryAsync(async () =>
        {
            var key = WitnessKey.Create(arguments.GetValue(Name)!, arguments.GetValue(Out)!);
            await Console.Out.WriteLineAsync(key.ToString());
            return 0;
        }));

        var command = new Command("witness", "Cosign checkpoints of logs, each only if it extends the one before")
        {
            Listen, State, Key, Log, keygen,
        };
        command.Options.Add(new HelpOption { Action = new HelpWithExample() });
        command.SetAction((arguments, cancel) => TryAsync(() => RunAsync(arguments, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var key = WitnessKey.Load(arguments.GetValue(Key)!);
        using var state = WitnessState.Open(arguments.GetValue(State)!);
        var cosigner = new Cosigner(key, LogKeys.Read(arguments.GetValue(Log)!), state, TimeProvider.System);

        await using var app = WitnessServer.Build(UrlOf(arguments.GetValue(Listen)!)!, cosigner);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CannotStartException($"The witness cannot listen on {arguments.GetValue(Listen)}: {e.Message.TrimEnd('.')}. Name another address with --listen.", e);
        }

        Console.WriteLine($"Witness:   {key.Verifier}");
        foreach (var origin in cosigner.Origins) Console.WriteLine($"Log:       {origin}");
        Console.WriteLine($"Listening: {app.Urls.First()}  (Ctrl+C stops)");
        await app.WaitForShutdownAsync(cancel);
        return 0;
    }

    static async Task<int> TryAsync(Func<Task<int>> command)
    {
        try
        {
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

    static string? UrlOf(string address)
    {
        var url = address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}";
        return Uri.TryCreate(url.Replace("//*", "//host", StringComparison.Ordinal), UriKind.Absolute, out var parsed)
            && parsed.Scheme == Uri.UriSchemeHttp && parsed.AbsolutePath == "/" && parsed.UserInfo.Length == 0
            ? url
            : null;
    }

    sealed class HelpWithExample : SynchronousCommandLineAction
    {
        readonly HelpAction help = new();

        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.Write(Example);
            return exitCode;
        }
    }
}
