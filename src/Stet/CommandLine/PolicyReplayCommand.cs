using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Stet.Policy.Lifecycle;

namespace Stet.CommandLine;

/// <summary><c>stet policy replay</c>: has a service evaluate recorded decisions again, from their recorded inputs.</summary>
static class PolicyReplayCommand
{
    static readonly Option<string[]> From = PolicyOptionsOf.Text("--from", "First position of the log; without it, the log's beginning", "POSITION");

    public static Command Create() => PolicyCommand.Verb(
        "replay", "Evaluate the recorded decisions of a --service again; name those that come out otherwise",
        "0 all come out as recorded; 1 some do not; 2 wrong call or no answer",
        [.. PolicyServiceOptions.All, From], RunAsync);

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var service = PolicyService.Of(arguments);
        var from = FirstOf(arguments.One(From));

        var audited = await service.PostAsync(
            "v1/policy/audit", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"from":{{from}}}""")), accepted: null, cancel);
        var answer = audited.Deserialize(PolicyHttpJson.Default.AuditAnswer)!;

        var output = arguments.InvocationConfiguration.Output;
        MismatchItem[] mismatches = [.. answer.Mismatches.Where(m => m.DecisionPosition >= from)];
        foreach (var mismatch in mismatches.OrderBy(m => m.DecisionPosition))
            await output.WriteLineAsync($"position {mismatch.DecisionPosition}: another result, on record at position {mismatch.FoundPosition}");

        await output.WriteLineAsync(
            $"{answer.Progress.Decisions} decisions evaluated again up to position {answer.Progress.Position}, "
            + $"{(mismatches.Length == 0 ? "all as recorded" : $"{mismatches.Length} otherwise")}");
        return mismatches.Length == 0 ? PolicyCommand.Sound : PolicyCommand.Findings;
    }

    static long FirstOf(string? text)
    {
        if (text is null) return 1;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) && position >= 1
            ? position
            : throw new PolicyCommandException("`--from` must be a position of the log, from 1.");
    }
}
