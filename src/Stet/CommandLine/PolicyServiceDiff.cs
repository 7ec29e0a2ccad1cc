using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Stet.Client.AuditLog.CommandLine;
using Stet.Http;
using Stet.Policy.Lifecycle;

namespace Stet.CommandLine;

/// <summary><c>stet policy diff --service</c>: drafts a candidate, has the service make the dry run, and says what approvers sign.</summary>
static class PolicyServiceDiff
{
    static readonly TimeSpan betweenLooks = TimeSpan.FromMilliseconds(250);

    public static async Task<int> RunAsync(ParseResult arguments, IReadOnlyList<string> paths, string? drafted, CancellationToken cancel)
    {
        using var service = PolicyService.Of(arguments);
        var candidate = drafted;
        if (candidate is null)
        {
            if (await PolicyCheckCommand.ReadAsync(arguments, paths, withTests: true, cancel) is not var (_, read)) return PolicyCommand.Findings;

            candidate = read.Digest;
            if (await DraftAsync(service, read, cancel) is { } inUse)
            {
                await arguments.InvocationConfiguration.Output.WriteLineAsync(inUse);
                return PolicyCommand.Sound;
            }
        }

        var path = $"v1/policy/candidates/{Uri.EscapeDataString(candidate)}/diff";
        var diff = await WithProgressAsync(
            service.PostAsync(path, "{}"u8.ToArray(), accepted: [], cancel),
            async () => await service.FindAsync(path, cancel) is { } progress ? Shown(progress.Deserialize(PolicyHttpJson.Default.DiffProgress)!) : null, cancel);

        var answer = diff.Deserialize(PolicyHttpJson.Default.DiffAnswer)!;
        var counts = answer.Counts;
        var output = arguments.InvocationConfiguration.Output;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"""
            candidate      {candidate}
            diff digest    {TerminalText.Of(answer.DiffDigest)}
            position       {answer.Position}
            allow to deny  {counts.AllowToDeny}
            deny to allow  {counts.DenyToAllow}
            new error      {counts.NewError}
            error gone     {counts.ErrorGone}
            schema invalid {counts.SchemaInvalid}
            reason only    {counts.ReasonOnly}
            unreplayable   {counts.Unreplayable}
            same           {counts.Same}
            """));
        await WriteAsync(output, "most affected agents", answer.Affected.Agents);
        await WriteAsync(output, "most affected subjects", answer.Affected.Subjects);
        await WriteAsync(output, "most affected resources", answer.Affected.Resources);
        return counts == DiffCounts.None with { Same = counts.Same } ? PolicyCommand.Sound : PolicyCommand.Findings;
    }

    static async Task WriteAsync(TextWriter output, string title, IReadOnlyList<AffectedParty> parties)
    {
        if (parties.Count == 0) return;

        await output.WriteLineAsync($"{title}:");
        foreach (var (type, id, counts) in parties)
        {
            (string Name, long Count)[] changes =
            [
                ("allow to deny", counts.AllowToDeny), ("deny to allow", counts.DenyToAllow), ("new error", counts.NewError),
                ("error gone", counts.ErrorGone), ("schema invalid", counts.SchemaInvalid), ("reason only", counts.ReasonOnly),
            ];
            var told = changes.Where(c => c.Count > 0).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Name} {c.Count}"));
            await output.WriteLineAsync(TerminalText.Of($"  {type} {id}: {string.Join(", ", told)}"));
        }
    }

    /// <summary>Drafts a candidate, unless it is drafted already.</summary>
    /// <returns>Null; or that it decides, or will, so that there is nothing to compare.</returns>
    static async Task<string?> DraftAsync(PolicyService service, PolicyCandidate candidate, CancellationToken cancel)
    {
        // The service takes the same digest of the same candidate, or its findings say why not.
        var answer = await service.PostAsync("v1/policy/candidates", Body(candidate.Text), accepted: ["candidate_exists", "policy_in_use"], cancel);
        if (PolicyService.CodeOf(answer) != "policy_in_use") return null;

        var inForce = (await service.GetAsync("v1/policy/in-force", cancel)).Deserialize(PolicyHttpJson.Default.InForceAnswer)!;
        return inForce.Candidate != candidate.Digest && inForce.Next.FirstOrDefault(next => next.Candidate == candidate.Digest) is { } scheduled
            ? string.Create(CultureInfo.InvariantCulture, $"These rules will decide from {scheduled.NotBefore:yyyy-MM-ddTHH:mm:ssZ} on: candidate {candidate.Digest}")
            : $"These rules decide already: candidate {candidate.Digest}";
    }

    static byte[] Body(CandidateText text) => JsonSerializer.SerializeToUtf8Bytes(
        new DraftRequest(
            [.. text.Policies], text.Schema, [.. text.Links], new UnreadJson(Encoding.UTF8.GetBytes(text.Obligations)),
            new UnreadJson(Encoding.UTF8.GetBytes(text.Tests))),
        PolicyHttpJson.Default.DraftRequest);

    /// <summary>Waits, and shows on a terminal how far it is.</summary>
    static async Task<JsonElement> WithProgressAsync(Task<JsonElement> work, Func<Task<string?>> look, CancellationToken cancel)
    {
        if (Console.IsErrorRedirected) return await work;

        var isShown = false;
        while (await Task.WhenAny(work, Task.Delay(betweenLooks, cancel)) != work)
        {
            if (await look() is not { } progress) continue;
            await Console.Error.WriteAsync($"\r\e[K{progress}");
            isShown = true;
        }

        if (isShown) await Console.Error.WriteAsync("\r\e[K");
        return await work;
    }

    static string Shown(DiffProgress progress)
    {
        const int width = 30;
        var share = progress.To < progress.From ? 1 : (double)(progress.Position - progress.From + 1) / (progress.To - progress.From + 1);
        var done = (int)(share * width);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', done)}{new string('.', width - done)}] {share * 100:0} %, {progress.Decisions} decisions, {progress.PerSecond:0} a second");
    }
}
