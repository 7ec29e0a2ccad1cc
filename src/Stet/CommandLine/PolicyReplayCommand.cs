using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Stet.Client.AuditLog.CommandLine;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;

namespace Stet.CommandLine;

/// <summary>
/// <c>stet policy replay</c>: evaluates recorded decisions again. A service does it from all that was recorded with them;
/// here it is done by the policies of a folder.
/// </summary>
static class PolicyReplayCommand
{
    static readonly Option<string[]> From = PolicyOptionsOf.Text("--from", "First position of the log; without it, the log's beginning", "POSITION");

    static readonly Argument<string[]> Paths = PolicyCommand.Paths;

    static readonly Option<string[]> Decisions = PolicyOptionsOf.Text(
        "--decisions", "File with recorded decisions: an answer of GET /v1/policy/decisions, a list, or one on each line", "FILE");

    static readonly Option<string[]> Entities = PolicyOptionsOf.Text(
        "--entities", "With --decisions: file with what is known of entities, in Cedar's JSON", "FILE");

    public static Command Create() => PolicyCommand.Verb(
        "replay", "Evaluate recorded decisions again, in a --service or from a file by the policies of a folder; name those that come out otherwise",
        "0 all come out as recorded; 1 some do not, or findings; 2 wrong call, unreadable file, no decision in it or no answer",
        [Paths, Decisions, Entities, .. PolicyServiceOptions.All, From], RunAsync);

    static Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        if (arguments.One(Decisions) is { } file)
            return arguments.One(PolicyServiceOptions.Service) is null && arguments.One(From) is null
                ? FileAsync(arguments, file, cancel)
                : throw new PolicyCommandException("`--decisions` is a file of its own: leave `--service` and `--from` out.");

        if (arguments.One(PolicyServiceOptions.Service) is null)
            throw new PolicyCommandException("`--service` is missing, or `--decisions`: what is to be replayed.");
        return arguments.GetValue(Paths) is null or [] && arguments.One(Entities) is null
            ? ServiceAsync(arguments, cancel)
            : throw new PolicyCommandException(
                "A service replays by what it recorded: leave PATH and `--entities` out, or use `stet policy diff PATH --service`.");
    }

    static async Task<int> FileAsync(ParseResult arguments, string file, CancellationToken cancel)
    {
        if (await PolicyDiffCommand.InForceAsync(arguments, arguments.PathsOf(Paths), cancel) is not { } policy) return PolicyCommand.Findings;

        var known = PolicyDiffCommand.Load(arguments.One(Entities) is { } path ? TextFile.Read(path) : null, policy);
        var output = arguments.InvocationConfiguration.Output;
        var (count, others) = (0, 0);
        foreach (var (place, decision) in DecisionFile.Read(file))
        {
            cancel.ThrowIfCancellationRequested();
            count++;
            var compared = DecisionComparison.Of(
                new ReplayedResult(decision.Raw, decision.Effective),
                new ReplayedResult(DecisionPoint.Evaluate(policy, decision.Request, known, decision.Pep)));
            if (compared.Class == DiffClass.Same) continue;

            others++;
            await output.WriteLineAsync(TerminalText.Of(
                $"{place}: {compared.Class}: {decision.Request.Subject.Id} {decision.Request.Action} {decision.Request.Resource.Id}: "
                + $"{PolicyDiffCommand.Shown(compared.Before!.Value)} -> {PolicyDiffCommand.Shown(compared.After!.Value)}"));
        }

        if (count == 0) throw new PolicyCommandException($"There is no decision in `{file}`: nothing was evaluated.");

        await output.WriteLineAsync($"{count} decisions evaluated again: {Summary(others, 0)}");
        return others == 0 ? PolicyCommand.Sound : PolicyCommand.Findings;
    }

    static string Summary(long others, long unreplayable) => (others, unreplayable) switch
    {
        (0, 0) => "all came out as recorded",
        (_, 0) => $"{others} came out otherwise",
        (0, _) => $"{unreplayable} cannot be read, or are not what was recorded; all others came out as recorded",
        _ => $"{others} came out otherwise, and {unreplayable} cannot be read, or are not what was recorded",
    };

    static async Task<int> ServiceAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var service = PolicyService.Of(arguments);
        var from = FirstOf(arguments.One(From));

        var before = await service.GetAsync("v1/policy/audit", cancel);
        var head = before.Deserialize(PolicyHttpJson.Default.AuditAnswer)!.Position;
        var audited = await service.PostAsync(
            "v1/policy/audit", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"from":{{from}}}""")), accepted: [], cancel);
        var answer = audited.Deserialize(PolicyHttpJson.Default.AuditAnswer)!;

        var output = arguments.InvocationConfiguration.Output;
        var progress = answer.Progress;
        var found = answer.Mismatches.Where(m => m.FoundPosition > head).OrderBy(m => m.DecisionPosition).ToList();
        foreach (var mismatch in found)
            await output.WriteLineAsync($"position {mismatch.DecisionPosition}: another result, on record at position {mismatch.FoundPosition}");
        if (progress.Mismatches > found.Count)
            await output.WriteLineAsync($"{progress.Mismatches - found.Count} more with another result are on record, and not listed");

        await output.WriteLineAsync(
            $"{progress.Decisions} decisions evaluated again up to position {progress.Position}: "
            + Summary(progress.Mismatches, progress.Unreplayable));
        return progress is { Mismatches: 0, Unreplayable: 0 } ? PolicyCommand.Sound : PolicyCommand.Findings;
    }

    static long FirstOf(string? text)
    {
        if (text is null) return 1;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) && position >= 1
            ? position
            : throw new PolicyCommandException("`--from` must be a position of the log, from 1.");
    }
}
