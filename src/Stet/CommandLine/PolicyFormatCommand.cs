using System.CommandLine;
using Stet.Cedar;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet policy format</c>: one layout for policies and schemas.</summary>
static class PolicyFormatCommand
{
    static readonly Argument<string[]> Paths = PolicyCommand.Paths;

    static readonly Option<bool> Check = new("--check") { Description = "Write nothing: name the files that are laid out otherwise" };

    static readonly Option<bool> Write = new("--write") { Description = "Write the files anew, and name those that changed" };

    public static Command Create() => PolicyCommand.Verb(
        "format", "Lay out *.cedar and *.cedarschema; to standard output unless --write or --check says otherwise",
        "0 done, 1 a file cannot be parsed, or with --check is laid out otherwise, 2 wrong call, no file or an unreadable one",
        [Paths, Check, Write], RunAsync);

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var (check, write) = (arguments.GetValue(Check), arguments.GetValue(Write));
        if (check && write) throw new PolicyCommandException("Say --check or --write, not both.");

        var paths = PolicyFiles.Find(arguments.PathsOf(Paths), [PolicyFiles.PolicyExtension, PolicyFiles.SchemaExtension]);
        if (paths.Count == 0) throw new PolicyCommandException("There is no `*.cedar` or `*.cedarschema` here.");

        var output = arguments.InvocationConfiguration.Output;
        var result = PolicyCommand.Sound;
        foreach (var path in paths)
        {
            cancel.ThrowIfCancellationRequested();
            var text = TextFile.Read(path);
            var formatted = path.EndsWith(PolicyFiles.SchemaExtension, StringComparison.Ordinal)
                ? SchemaFormatter.Format(text.Text, CedarLimits.Default)
                : PolicyFormatter.Format(text.Text, CedarLimits.Default);

            if (formatted.Value is not { } laidOut)
            {
                foreach (var finding in formatted.Findings) await output.WriteLineAsync(text.At(finding.Where, finding.Message).ToString());
                result = PolicyCommand.Findings;
            }
            else if (!check && !write) await output.WriteAsync(laidOut);
            else if (laidOut != text.Text)
            {
                await output.WriteLineAsync(TerminalText.Of(path));
                if (check) result = PolicyCommand.Findings;
                else TextFile.Write(path, laidOut);
            }
        }

        return result;
    }
}
