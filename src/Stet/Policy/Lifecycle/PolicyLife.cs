namespace Stet.Policy.Lifecycle;

/// <summary>What deciding about a tenant's policies takes: its candidates, what came into force, who approves.</summary>
/// <param name="Candidates">Those that are open, and the last that were closed; in the order in which they were drafted.</param>
/// <param name="Activations">In log order, in which their times rise: those in force lately, the one in force, those to come.</param>
/// <param name="Approvers">Whose approvals count.</param>
public sealed record PolicyLife(
    IReadOnlyList<CandidateLife> Candidates, IReadOnlyList<PolicyActivation> Activations, StringSet Approvers)
{
    /// <summary>Candidates that are open at once at most.</summary>
    public const int MostOpen = 100;

    /// <summary>For how long what was in force can be rolled back to, from when it was replaced.</summary>
    public static readonly TimeSpan RollbackWindow = TimeSpan.FromDays(30);

    const int MostClosed = 100;

    /// <summary>Nothing has been said.</summary>
    public static PolicyLife Empty { get; } = new([], [], StringSet.Empty);

    public static PolicyLife Create(PolicyDrafted e) => Empty.Apply(e);

    public static PolicyLife Create(PolicyApproverNamed e) => Empty.Apply(e);

    public PolicyLife Apply(PolicyDrafted e)
    {
        var authors = Candidate(e.Candidate) is { } before ? StringSet.Of((before.EarlierAuthors ?? StringSet.Empty).Append(before.Author)) : null;
        var kept = Candidates.Where(c => c.Digest != e.Candidate).ToList();
        var surplus = kept.Count(c => !c.IsOpen) - MostClosed;
        if (surplus > 0) kept.RemoveAll(c => !c.IsOpen && surplus-- > 0);
        return this with { Candidates = [.. kept, CandidateLife.Create(e) with { EarlierAuthors = authors }] };
    }

    public PolicyLife Apply(PolicyValidated e) => With(e.Candidate, c => c with { State = CandidateState.Validated });

    public PolicyLife Apply(PolicyFoundInvalid e) => With(e.Candidate, c => c.Closed(CandidateState.Invalid));

    public PolicyLife Apply(PolicyDiffed e) => With(e.Candidate, c => c with
    {
        State = CandidateState.Diffed,
        Diff = new CandidateDiff(e.DiffDigest, e.To, e.Baseline),
        Approvals = [],
    });

    public PolicyLife Apply(PolicyApproved e) => With(e.Candidate, c => c with
    {
        Approvals = [.. c.Approvals.Where(a => a.Approver != e.Approver), new GivenApproval(e.Approver, e.ApprovedAt)],
    });

    public PolicyLife Apply(PolicyRejected e) => With(e.Candidate, c => c.Closed(CandidateState.Rejected));

    public PolicyLife Apply(PolicyActivated e) =>
        With(e.Candidate, c => c.Closed(CandidateState.Activated))
            .With(new PolicyActivation(e.Candidate, e.PolicySetDigest, e.SchemaDigest, e.NotBefore), e.ActivatedAt);

    public PolicyLife Apply(PolicyRolledBack e) =>
        With(e.Candidate, c => c.Closed(CandidateState.Activated))
            .With(new PolicyActivation(e.Candidate, e.PolicySetDigest, e.SchemaDigest, e.RolledBackAt), e.RolledBackAt);

    public PolicyLife Apply(PolicyRetired e) => With(e.Candidate, c => c.Closed(CandidateState.Retired)) with
    {
        Activations = [.. Activations
            .Where(a => a.Candidate != e.Candidate || a.NotBefore <= e.RetiredAt)
            .Select(a => a.Candidate == e.Candidate ? a with { IsRetired = true } : a)],
    };

    public PolicyLife Apply(PolicyApproverNamed e) => this with { Approvers = StringSet.Of([.. Approvers, e.Approver]) };

    public PolicyLife Apply(PolicyApproverRemoved e) =>
        this with { Approvers = StringSet.Of(Approvers.Where(a => a != e.Approver)) };

    /// <summary>The candidate of a digest, open or closed; null when none is known.</summary>
    public CandidateLife? Candidate(string digest) => Candidates.FirstOrDefault(c => c.Digest == digest);

    /// <summary>What decides at a time; null: nothing does.</summary>
    public PolicyActivation? InForce(DateTimeOffset at) => Activations.LastOrDefault(a => a.NotBefore <= at);

    /// <summary>Whether the policies and schema of a baseline decide at a time; null: whether nothing does.</summary>
    public bool IsInForce(PolicyBaseline? baseline, DateTimeOffset at)
    {
        var current = InForce(at);
        return (current?.PolicySetDigest, current?.SchemaDigest) == (baseline?.PolicySetDigest, baseline?.SchemaDigest);
    }

    /// <summary>What will decide after a time, in log order.</summary>
    public IEnumerable<PolicyActivation> After(DateTimeOffset at) => Activations.Where(a => a.NotBefore > at);

    /// <summary>Whether a candidate decides at a time, or will once its own has come.</summary>
    public bool IsInUse(string candidate, DateTimeOffset at) =>
        InForce(at)?.Candidate == candidate || After(at).Any(activation => activation.Candidate == candidate);

    /// <summary>The newest activation of a candidate that was in force at some time after another; null: none was.</summary>
    public PolicyActivation? InForceSince(string candidate, DateTimeOffset since, DateTimeOffset now) =>
        Activations.Where((a, i) => a.Candidate == candidate && a.NotBefore <= now && EndOf(i) > since).LastOrDefault();

    /// <summary>When an activation gave way to the next, or will.</summary>
    DateTimeOffset EndOf(int index) =>
        index + 1 < Activations.Count ? Activations[index + 1].NotBefore : DateTimeOffset.MaxValue;

    PolicyLife With(string digest, Func<CandidateLife, CandidateLife> change) =>
        this with { Candidates = [.. Candidates.Select(c => c.Digest == digest ? change(c) : c)] };

    // INVARIANT: an activation takes the place of those that would come with it or after it. They are off for good.
    PolicyLife With(PolicyActivation activation, DateTimeOffset at) => this with
    {
        Activations =
        [
            .. Activations.Where((a, i) => a.NotBefore < activation.NotBefore && EndOf(i) > at - RollbackWindow), activation,
        ],
    };
}

/// <summary>How far a candidate has come.</summary>
/// <param name="Digest">Its name.</param>
/// <param name="PolicySetDigest">64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="State">One of <see cref="CandidateState"/>.</param>
/// <param name="Diff">The newest; null: there is none.</param>
/// <param name="Approvals">Of that diff, in the order in which they were given.</param>
/// <param name="EarlierAuthors">Who drafted the same before, while it was known; null: nobody.</param>
public sealed record CandidateLife(
    string Digest, string PolicySetDigest, string SchemaDigest, string Author, string State, CandidateDiff? Diff,
    IReadOnlyList<GivenApproval> Approvals, StringSet? EarlierAuthors = null)
{
    /// <summary>Whether somebody wrote it.</summary>
    public bool IsBy(string person) => person == Author || (EarlierAuthors?.Contains(person) ?? false);

    /// <summary>Whether anything more can happen to it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsOpen => State is CandidateState.Drafted or CandidateState.Validated or CandidateState.Diffed;

    public static CandidateLife Create(PolicyDrafted e) =>
        new(e.Candidate, e.PolicySetDigest, e.SchemaDigest, e.Author, CandidateState.Drafted, null, []);

    /// <summary>It has come to its end; what it leaves behind takes little room.</summary>
    public CandidateLife Closed(string state) => this with { State = state, Diff = null, Approvals = [] };
}

/// <summary>What a candidate has come to.</summary>
public static class CandidateState
{
    public const string Drafted = "drafted";
    public const string Validated = "validated";
    public const string Diffed = "diffed";
    public const string Invalid = "invalid";
    public const string Rejected = "rejected";
    public const string Activated = "activated";
    public const string Retired = "retired";
}

/// <summary>A diff, as approvals refer to it.</summary>
/// <param name="Digest">SHA-256 of the report.</param>
/// <param name="Position">The last position it looked at.</param>
/// <param name="Baseline">What was in force; null: nothing was.</param>
public sealed record CandidateDiff(string Digest, long Position, PolicyBaseline? Baseline);

/// <summary>An approval of a candidate's newest diff.</summary>
/// <param name="Approver">Who.</param>
/// <param name="At">When.</param>
public sealed record GivenApproval(string Approver, DateTimeOffset At);

/// <summary>Something came, or comes, into force.</summary>
/// <param name="Candidate">What.</param>
/// <param name="PolicySetDigest">64 hexadecimal digits.</param>
/// <param name="SchemaDigest">64 hexadecimal digits.</param>
/// <param name="NotBefore">From when on.</param>
/// <param name="IsRetired">Whether it may not be rolled back to.</param>
public sealed record PolicyActivation(
    string Candidate, string PolicySetDigest, string SchemaDigest, DateTimeOffset NotBefore, bool IsRetired = false);
