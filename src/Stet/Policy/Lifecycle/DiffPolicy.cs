using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Puts on record what a dry run of a candidate showed.</summary>
public sealed record DiffPolicy(
    string Candidate, string DiffDigest, long From, long To, PolicyBaseline? Baseline, DiffCounts Counts)
{
    public static Decision Decide(DiffPolicy command, PolicyLife? life, string by, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        if (life.Candidate(command.Candidate) is not { } candidate) return Refuse(PolicyProblems.NotFound(command.Candidate));
        if (!candidate.IsOpen) return Refuse(PolicyProblems.Closed(candidate));
        if (candidate.State == CandidateState.Drafted) return Refuse(PolicyProblems.NotValidated(candidate.Digest));
        if (!life.IsInForce(command.Baseline, now)) return Refuse(PolicyProblems.BaselineChanged);

        // The same report once more takes no approval away.
        return candidate is { State: CandidateState.Diffed, Diff: { } diff } && (diff.Digest, diff.Position) == (command.DiffDigest, command.To)
            ? Nothing
            : Record(new PolicyDiffed(
                candidate.Digest, command.DiffDigest, command.From, command.To, command.Baseline, command.Counts, by, now));
    }
}
