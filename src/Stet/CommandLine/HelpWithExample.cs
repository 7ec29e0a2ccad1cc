using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Stet.CommandLine;

/// <summary>The help that the library makes, and, for the command that has this option, something below it, such as an example.</summary>
/// <param name="example">Whole lines.</param>
sealed class HelpWithExample(string example) : SynchronousCommandLineAction
{
    readonly HelpAction help = new();

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command.Options.Any(o => o.Action == this)) parseResult.InvocationConfiguration.Output.Write(example);
        return exitCode;
    }
}

static class HelpWithExitCodes
{
    /// <summary>Adds to a command's help what its exit codes mean.</summary>
    public static Command WithExitCodes(this Command command, string exitCodes)
    {
        command.Options.Add(new HelpOption { Action = new HelpWithExample($"Exit codes:\n  {exitCodes}\n\n"), Recursive = false });
        return command;
    }
}
