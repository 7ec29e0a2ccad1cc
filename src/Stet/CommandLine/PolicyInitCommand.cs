using System.CommandLine;
using Stet.Policy.Catalog;

namespace Stet.CommandLine;

/// <summary><c>stet policy init</c>: the ready-made rules for AI agents as files of one's own.</summary>
static class PolicyInitCommand
{
    static readonly Argument<string?> Folder = new("DIR")
    {
        Description = "Where to; made if it is not there (REQUIRED)",
        Arity = ArgumentArity.ZeroOrOne, // the parser's own complaint would end with 1
    };

    public static Command Create() => PolicyCommand.Verb(
        "init", "Write schema, policies and tests for AI agents into a folder, to start from",
        "0 written; 2 a file is there already or cannot be written",
        [Folder], RunAsync);

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        if (arguments.GetValue(Folder) is not { } folder || folder.StartsWith('-'))
            throw new PolicyCommandException("Name one folder: `stet policy init DIR`.");

        try
        {
            foreach (var path in AgentCatalog.WriteTo(folder))
                await arguments.InvocationConfiguration.Output.WriteLineAsync(path);
            return PolicyCommand.Sound;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyCommandException(e.Message, e);
        }
    }
}
