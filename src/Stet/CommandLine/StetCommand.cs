using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Stet.CommandLine;

/// <summary>The <c>stet</c> command line.</summary>
public static class StetCommand
{
    internal static readonly Option<string?> Connection = NotBlank(new Option<string?>("--connection")
    {
        Description = "Connection string of a PostgreSQL server to use, or ConnectionStrings__Stet; without either, a private server",
        Recursive = true,
    });

    internal static readonly Option<string> Data = NotBlank(new Option<string>("--data")
    {
        Description = "Folder of the private server",
        DefaultValueFactory = _ => ".stet",
        Recursive = true,
    });

    const int Interrupted = 130;

    /// <summary>Runs a command to its end.</summary>
    /// <returns>Its exit code; one that is no finding when the call is wrong, or its outcome cannot be written.</returns>
    public static async Task<int> RunAsync(string[] call, CancellationToken cancel)
    {
        // `@FILE` is an argument of ours, not a file of further arguments.
        var arguments = Create().Parse(call, new() { ResponseFileTokenReplacer = null });
        if (WrongCall.Of(arguments) is { } problem)
        {
            await Console.Error.WriteLineAsync(problem);
            return Unusable(arguments);
        }

        Console.SetOut(new StreamWriter(new StandardOutput(), Console.OutputEncoding) { AutoFlush = true });
        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(5) };
            return await arguments.InvokeAsync(configuration, cancel);
        }
        catch (StandardOutputException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Unusable(arguments);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped before it was done.");
            return Interrupted;
        }
    }

    public static RootCommand Create()
    {
        var run = RunCommand.Create();
        var root = new RootCommand("Stet: a trust ledger for AI systems.")
        {
            Connection, Data, run, CheckEnvironmentCommand.Create(), DescribeCommand.Create(), DbCommand.Create(),
            ProjectionsCommand.Create(), AuditCommand.Create(TimeProvider.System), WitnessCommand.Create(),
            AgentCommand.Create(TimeProvider.System), PolicyCommand.Create(),
        };
        foreach (var option in run.Options.Where(o => o is not HelpOption)) root.Options.Add(option);
        root.SetAction(RunCommand.RunAsync);
        return root;
    }

    /// <summary>The words that name a command, such as <c>stet db assert</c>.</summary>
    public static string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "stet";

    /// <summary>An option that was meant to name something: a variable of a script that is not set must not stand for the default.</summary>
    static Option<T> NotBlank<T>(Option<T> option)
    {
        option.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && string.IsNullOrWhiteSpace(token.Value)) given.AddError($"`{option.Name}` is blank");
        });
        return option;
    }

    /// <summary>The exit code of a call that came to nothing; no command means a finding by it.</summary>
    static int Unusable(ParseResult arguments) =>
        PathOf(arguments.CommandResult).StartsWith("stet agent", StringComparison.Ordinal) ? AgentCommand.Unusable : PolicyCommand.Unusable;
}
