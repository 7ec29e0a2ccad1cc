using System.CommandLine;
using Stet.Cedar;
using Stet.Policy.Lifecycle;

namespace Stet.CommandLine;

/// <summary><c>stet policy check</c>: what a service would find in a candidate, before it is sent.</summary>
static class PolicyCheckCommand
{
    static readonly Argument<string[]> Paths = PolicyCommand.Paths;

    public static Command Create() => PolicyCommand.Verb(
        "check", "Parse policies and schema and validate them strictly; findings as FILE:LINE:COLUMN: MESSAGE",
        "0 valid, warnings or none; 1 findings; 2 wrong call or unreadable file",
        [Paths], RunAsync);

    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var output = arguments.InvocationConfiguration.Output;
        if (await ReadAsync(arguments, arguments.PathsOf(Paths), withTests: false, cancel) is not var (files, candidate)) return PolicyCommand.Findings;

        await output.WriteLineAsync(
            $"{(files.Policies.Count == 1 ? "1 policy is" : $"{files.Policies.Count} policies are")} valid: policy set {candidate.PolicySetDigest[..12]}, schema {candidate.SchemaDigest[..12]}");
        return PolicyCommand.Sound;
    }

    /// <summary>Reads a candidate from files and validates it; findings go to standard output.</summary>
    /// <returns>The files and a valid candidate; null after findings.</returns>
    public static async Task<(PolicyFiles Files, PolicyCandidate Candidate)?> ReadAsync(
        ParseResult arguments, IReadOnlyList<string> paths, bool withTests, CancellationToken cancel)
    {
        var output = arguments.InvocationConfiguration.Output;
        var files = PolicyFiles.Read(paths);
        foreach (var finding in files.Findings) await output.WriteLineAsync(finding.ToString());
        if (files.Findings.Count > 0) return null;

        var (candidate, findings) = PolicyCandidate.Read(files.Text(withTests), CedarLimits.Default, cancel: cancel);
        foreach (var finding in findings) await output.WriteLineAsync(files.Locate(finding).ToString());
        return candidate?.ValidatedPolicies is null ? null : (files, candidate);
    }
}
