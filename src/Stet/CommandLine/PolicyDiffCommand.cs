using System.CommandLine;
using System.Globalization;
using System.Text;
using Stet.Cedar;
using Stet.Client.AuditLog.CommandLine;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;

namespace Stet.CommandLine;

/// <summary><c>stet policy diff</c>: what other policies would change, on files or in a service.</summary>
static class PolicyDiffCommand
{
    static readonly Argument<string[]> Paths = new("PATH")
    {
        Description = "On files: the folders of the OLD and the NEW candidate. With --service: the candidate's files or folder",
        Arity = ArgumentArity.ZeroOrMore,
    };

    static readonly Option<string[]> Requests = PolicyOptionsOf.Text("--requests", "File with AuthZEN evaluation requests, a list or one on each line", "FILE");
    static readonly Option<string[]> Entities = PolicyOptionsOf.Text("--entities", "File with what is known of entities, in Cedar's JSON", "FILE");
    static readonly Option<string[]> Now = PolicyOptionsOf.Text("--now", "What time it is for the policies, RFC 3339; without it, the clock's", "TIME");
    static readonly Option<string[]> Candidate = PolicyOptionsOf.Text("--candidate", "With --service: a candidate that is drafted already, instead of files", "DIGEST");

    public static Command Create() => PolicyCommand.Verb(
        "diff", "Say what decisions would change: of --requests under two folders, or in a --service of all that were recorded",
        "0 nothing would change; 1 something would, or findings; 2 wrong call, unreadable file, no request or no answer",
        [Paths, Requests, Entities, Now, .. PolicyServiceOptions.All, Candidate], RunAsync);

    static Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var candidate = arguments.One(Candidate);
        if (arguments.One(PolicyServiceOptions.Service) is null)
            return candidate is null
                ? FilesAsync(arguments, cancel)
                : throw new PolicyCommandException("`--candidate` is one of a service: name the `--service`.");

        foreach (var option in (Option<string[]>[])[Requests, Entities, Now])
            if (arguments.One(option) is not null)
                throw new PolicyCommandException($"A service compares what it recorded: leave `{option.Name}` out, or name two folders and no `--service`.");

        return candidate is null || arguments.GetValue(Paths) is null or []
            ? PolicyServiceDiff.RunAsync(arguments, arguments.PathsOf(Paths), candidate, cancel)
            : throw new PolicyCommandException("`--candidate` stands for files: leave PATH out.");
    }

    static async Task<int> FilesAsync(ParseResult arguments, CancellationToken cancel)
    {
        if (arguments.PathsOf(Paths) is not [var oldPath, var newPath])
            throw new PolicyCommandException("Name two folders, the old candidate and the new one; or name a --service.");

        var requests = RequestFile.Read(arguments.One(Requests)
            ?? throw new PolicyCommandException("`--requests` is missing: a file with AuthZEN evaluation requests."));
        if (requests.Count == 0) throw new PolicyCommandException($"There is no request in `{arguments.One(Requests)}`: nothing can be compared.");

        var now = NowOf(arguments.One(Now));
        if (await InForceAsync(arguments, [oldPath], cancel) is not { } before
            || await InForceAsync(arguments, [newPath], cancel) is not { } after) return PolicyCommand.Findings;

        var entities = arguments.One(Entities) is { } path ? TextFile.Read(path) : null;
        var (known, knownAfter) = (Load(entities, before), Load(entities, after));
        var output = arguments.InvocationConfiguration.Output;
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (place, asked) in requests)
        {
            cancel.ThrowIfCancellationRequested();
            var comparison = DecisionComparison.Of(Evaluate(before, known, asked, now), Evaluate(after, knownAfter, asked, now));
            counts[comparison.Class] = counts.GetValueOrDefault(comparison.Class) + 1;
            if (comparison.Class != DiffClass.Same)
                await output.WriteLineAsync(TerminalText.Of(
                    $"{place}: {comparison.Class}: {asked.Subject.Id} {asked.Action} {asked.Resource.Id}: "
                    + $"{Shown(comparison.Before!.Value)} -> {Shown(comparison.After!.Value)}"));
        }

        await output.WriteLineAsync($"{requests.Count} requests: {string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))}");
        return counts.Keys.All(c => c == DiffClass.Same) ? PolicyCommand.Sound : PolicyCommand.Findings;
    }

    /// <summary>A candidate as if it were in force; null after findings.</summary>
    public static async Task<PolicyInForce?> InForceAsync(ParseResult arguments, IReadOnlyList<string> paths, CancellationToken cancel) =>
        await PolicyCheckCommand.ReadAsync(arguments, paths, withTests: false, cancel) is var (_, candidate)
            ? candidate.Compile(candidate.ValidatedPolicies!, position: 0)
            : null;

    /// <summary>What is known of entities; nothing without a file.</summary>
    /// <exception cref="PolicyCommandException">They do not fit the schema.</exception>
    public static EntityStore Load(TextFile? file, PolicyInForce policy)
    {
        if (file is null) return EntityStore.Empty;

        var loaded = EntityStore.ParseJson(Encoding.UTF8.GetBytes(file.Text), CedarLimits.Default, policy.Schema);
        return loaded.Value ?? throw new PolicyCommandException($"`{file.Path}`: {loaded.Findings[0].Message}");
    }

    // The request is put into the words of each schema anew, as the service would. Whoever asks can do all obligations.
    static ReplayedResult Evaluate(PolicyInForce policy, EntityStore entities, in AskedEvaluation asked, DateTimeOffset now) =>
        new(DecisionPoint.Evaluate(
            policy, RequestTranslation.Of(policy.Schema, entities, asked, now).Request, entities, new PepSupport("", policy.Obligations.Types)));

    public static string Shown(ReplayedResult result)
    {
        var effective = result.Effective;
        var by = result.Determining.Count > 0 ? $" by {string.Join(", ", result.Determining)}" : "";
        return $"{(effective.Decision ? "allow" : "deny")}{(effective.Code is { } code ? $" ({code})" : "")}{by}";
    }

    static DateTimeOffset NowOf(string? text)
    {
        if (text is null) return TimeProvider.System.GetUtcNow();
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var now)
            ? now.ToUniversalTime()
            : throw new PolicyCommandException("`--now` must be a time such as 2026-03-02T12:00:00Z.");
    }
}

/// <summary>Options of <c>stet policy</c> that are texts: given once, or a wrong call.</summary>
static class PolicyOptionsOf
{
    public static Option<string[]> Text(string name, string description, string value) => new(name)
    {
        Description = description,
        HelpName = value,
        Arity = ArgumentArity.ZeroOrMore, // the parser's own complaint would end with 1
    };

    public static string? One(this ParseResult arguments, Option<string[]> option) => arguments.GetValue(option) switch
    {
        null or [] when arguments.GetResult(option) is { Implicit: false } => throw new PolicyCommandException($"`{option.Name}` needs a value."),
        null or [] => null,
        [var value] => value,
        _ => throw new PolicyCommandException($"`{option.Name}` is given more than once."),
    };
}
