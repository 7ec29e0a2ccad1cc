using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Stet.CommandLine;

/// <summary>The help that the library makes, and, for the command that has this option, an example below it.</summary>
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
