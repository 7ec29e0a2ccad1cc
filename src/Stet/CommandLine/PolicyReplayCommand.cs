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
        foreach (var mismatch in answer.Mismatches.Where(m => m.DecisionPosition >= from).OrderBy(m => m.DecisionPosition))
            await output.WriteLineAsync($"position {mismatch.DecisionPosition}: another result, on record at position {mismatch.FoundPosition}");

        var progress = answer.Progress;
        await output.WriteLineAsync(
            $"{progress.Decisions} decisions evaluated again up to position {progress.Position}: "
            + $"{(progress.Mismatches == 0 ? "all came out as recorded" : $"{progress.Mismatches} came out otherwise")}"
            + $"{(progress.Unreplayable == 0 ? "" : $", {progress.Unreplayable} could not be evaluated")}");
        return progress.Mismatches == 0 ? PolicyCommand.Sound : PolicyCommand.Findings;
    }

    static long FirstOf(string? text)
    {
        if (text is null) return 1;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) && position >= 1
            ? position
            : throw new PolicyCommandException("`--from` must be a position of the log, from 1.");
    }
}
