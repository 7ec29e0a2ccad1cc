using System.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet policy test</c>: the tests of a candidate, as validation runs them.</summary>
static class PolicyTestCommand
{
    static readonly Argument<string[]> Paths = PolicyCommand.Paths;

    public static Command Create() => PolicyCommand.Verb(
        "test", "Check, and run the tests: lists of {name, request, entities?, expected}, or one of them, in the JSON files of `tests` folders",
        "0 all passed; 1 findings or failed tests; 2 wrong call, unreadable file or no test",
        [Paths], RunAsync);

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var output = arguments.InvocationConfiguration.Output;
        if (await PolicyCheckCommand.ReadAsync(arguments, arguments.PathsOf(Paths), withTests: true, cancel) is not var (files, candidate))
            return PolicyCommand.Findings;
        if (files.Tests.Names.Count == 0) throw new PolicyCommandException("There is no test: put a test, or a list of them, into `tests/*.json`.");

        await output.WriteLineAsync($"{files.Tests.Names.Count} tests passed: candidate {candidate.Digest[..12]}");
        return PolicyCommand.Sound;
    }
}
