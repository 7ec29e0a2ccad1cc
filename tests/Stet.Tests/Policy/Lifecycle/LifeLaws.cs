using FsCheck;
using FsCheck.Fluent;
using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>Commands in any order, from anybody, against the two rules that everything else is there for.</summary>
public class LifeLaws
{
    static readonly string[] people = [Ada, Bob, Cleo, Dan];
    static readonly PolicyCandidate[] candidates = [First, Second, Third];
    static readonly string[] diffs = [new('1', 64), new('2', 64)];

    // Two approvers, and two candidates that were in force: the first can be rolled back to.
    static readonly Step[] begun = [Do(2, 0, 1), Do(2, 0, 2), .. Activation(0), .. Activation(1)];

    // Likewise, and what comes in a day took the place of what would have come in five.
    static readonly Step[] coming = [Do(2, 0, 1), Do(2, 0, 2), .. Activation(0), .. Activation(1, ahead: 5), .. Activation(2, ahead: 1)];

    [Fact]
    public void Nothing_comes_into_force_without_two_approvers_of_what_it_is_now_neither_of_them_its_author() =>
        Prop.ForAll(Commands(), steps =>
        {
            var life = PolicyLife.Empty;
            var log = new List<object>();
            var now = Monday;
            foreach (var step in steps)
            {
                now += TimeSpan.FromHours(step.Hours);
                var decision = Decide(step, life, now);
                foreach (var activated in decision.Events.OfType<PolicyActivated>()) HoldsFor(activated, log, life).ShouldBeTrue();
                life = life.Then(decision.Events);
                log.AddRange(decision.Events);
                var deciding = life.InForce(now)?.Candidate;
                deciding.ShouldBe(InForce(log, now));
                if (deciding is not null) life.Candidate(deciding)?.State.ShouldBe(CandidateState.Activated);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    /// <summary>Read off the log, without the state that decides.</summary>
    static bool HoldsFor(PolicyActivated activated, List<object> log, PolicyLife life)
    {
        var start = log.FindLastIndex(e => e is PolicyDrafted d && d.Candidate == activated.Candidate);
        var since = log.Skip(start).ToList();
        var author = ((PolicyDrafted)log[start]).Author;
        var diff = since.OfType<PolicyDiffed>().Last(d => d.Candidate == activated.Candidate);
        var approvers = since.Skip(since.LastIndexOf(diff)).OfType<PolicyApproved>()
            .Where(a => a.Candidate == activated.Candidate && (a.DiffDigest, a.Position) == (diff.DiffDigest, diff.To)
                && activated.ActivatedAt - a.ApprovedAt < Week && life.Approvers.Contains(a.Approver))
            .Select(a => a.Approver).ToHashSet();
        return (activated.DiffDigest, activated.Position) == (diff.DiffDigest, diff.To)
            && activated.Approvers.Count == 2 && !activated.Approvers.Contains(author)
            && activated.Approvers.All(approvers.Contains)
            && !since.Any(e => e is PolicyRejected r && r.Candidate == activated.Candidate);
    }

    /// <summary>
    /// Likewise: of those whose time has come, the last that was not retired before it, and whose place nothing took that
    /// was recorded later and came with it or before it.
    /// </summary>
    static string? InForce(List<object> log, DateTimeOffset now)
    {
        var activations = log
            .Select((e, place) => e switch
            {
                PolicyActivated a => (a.Candidate, Time: a.NotBefore, place),
                PolicyRolledBack r => (r.Candidate, Time: r.RolledBackAt, place),
                _ => default,
            })
            .Where(a => a.Candidate is not null).ToList();
        return activations.LastOrDefault(a => a.Time <= now
            && !activations.Any(other => other.place > a.place && other.Time <= a.Time)
            && !log.Skip(a.place).OfType<PolicyRetired>().Any(r => r.Candidate == a.Candidate && r.RetiredAt < a.Time)).Candidate;
    }

    static Decision Decide(Step step, PolicyLife life, DateTimeOffset now)
    {
        var candidate = candidates[step.Candidate];
        var (who, diff) = (people[step.Person], diffs[step.Diff]);
        return step.Kind switch
        {
            0 => DraftPolicy.Decide(new(candidate, null), life, who, now),
            1 => DiffPolicy.Decide(new(candidate.Digest, diff, 1, 10, life.BaselineAt(now), DiffCounts.None), life, who, now),
            2 => NameApprover.Decide(new(who), life, Dan, now),
            3 => RemoveApprover.Decide(new(who), life, Dan, now),
            4 => RejectPolicy.Decide(new(candidate.Digest, "no"), life, who, now),
            5 => RetirePolicy.Decide(new(candidate.Digest, null), life, who, now),
            6 => RollBackPolicy.Decide(new(candidate.Digest, "why"), life, who, now),
            7 => ValidatePolicy.Decide(new(candidate), life, now),
            < 13 => ApprovePolicy.Decide(new(candidate.Digest, diff, 10), life, who, Week, now),
            _ => ActivatePolicy.Decide(
                new(candidate.Digest, diff, 10, step.Ahead == 0 ? null : now.AddDays(step.Ahead)), life, NoTail, who, Week, now),
        };
    }

    /// <summary>Mostly what moves things on, so that many runs get as far as an activation.</summary>
    static Arbitrary<Step[]> Commands()
    {
        var kinds = Gen.Elements(0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        var step =
            from kind in kinds
            from candidate in Gen.Elements(0, 0, 0, 1, 2)
            from person in Gen.Choose(0, people.Length - 1)
            from diff in Gen.Elements(0, 0, 0, 1)
            from hours in Gen.Elements(0, 1, 1, 30, 100)
            from ahead in Gen.Elements(0, 0, 0, 1, 5)
            select new Step(kind, candidate, person, diff, hours, ahead);
        var commands =
            from first in Gen.Elements([], begun, coming)
            from steps in Gen.ArrayOf(step, 60)
            select (Step[])[.. first, .. steps];
        return Arb.From(commands);
    }

    /// <summary>What puts a candidate into force, by the shortest way.</summary>
    static IEnumerable<Step> Activation(int candidate, int ahead = 0) =>
        [Do(0, candidate, 0), Do(1, candidate, 0), Do(8, candidate, 1), Do(8, candidate, 2), Do(13, candidate, 3) with { Ahead = ahead }];

    static Step Do(int kind, int candidate, int person) => new(kind, candidate, person, Diff: 0, Hours: 1, Ahead: 0);

    sealed record Step(int Kind, int Candidate, int Person, int Diff, int Hours, int Ahead);
}
