using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Stet.CommandLine;

/// <summary>The help that the library makes, and an example below it.</summary>
/// <param name="example">Whole lines.</param>
sealed class HelpWithExample(string example) : SynchronousCommandLineAction
{
    readonly HelpAction help = new();

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = help.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.Write(example);
        return exitCode;
    }
}
