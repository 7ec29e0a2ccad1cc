using Stet.Cedar;
using Stet.Policy;
using Stet.Policy.Lifecycle;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>Ordinary candidates, people and times, varied with <c>with</c>.</summary>
static class Ordinary
{
    public const string Ada = "ada";
    public const string Bob = "bob";
    public const string Cleo = "cleo";
    public const string Dan = "dan";

    public static readonly DateTimeOffset Monday = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);
    public static readonly TimeSpan Week = TimeSpan.FromDays(7);
    public static readonly string DiffDigest = new('d', 64);

    public const string SchemaText = """
        entity Group;
        entity User in [Group] { level?: Long };
        entity Document { open: Bool };
        action read, write appliesTo { principal: User, resource: Document, context: { urgent?: Bool } };
        """;

    public const string OpenRead = """permit (principal, action == Action::"read", resource) when { resource.open };""";

    public static CandidateText Text { get; } = new(
        [new NamedPolicy("open-read", OpenRead)], [], "{}", SchemaText, "[]");

    public static PolicyCandidate First { get; } = Valid(Text);

    /// <summary>Other policies under the same schema.</summary>
    public static PolicyCandidate Second { get; } = Valid(Text with
    {
        Policies = [.. Text.Policies, new NamedPolicy("no-write", """forbid (principal, action == Action::"write", resource);""")],
    });

    /// <summary>Another schema.</summary>
    public static PolicyCandidate Third { get; } = Valid(Text with { Schema = $"{SchemaText} entity Robot;" });

    public static PolicyLife WithApprovers { get; } =
        PolicyLife.Create(new PolicyApproverNamed(Bob, "root", Monday)).Then(
            new PolicyApproverNamed(Cleo, "root", Monday), new PolicyApproverNamed(Ada, "root", Monday));

    public static PolicyCandidate Valid(CandidateText text)
    {
        var (candidate, findings) = PolicyCandidate.Read(text, CedarLimits.Default);
        candidate?.ValidatedPolicies.ShouldNotBeNull(string.Join("; ", findings.Select(f => f.Message)));
        return candidate.ShouldNotBeNull(string.Join("; ", findings.Select(f => f.Message)));
    }

    /// <summary>The state after events, folded as the store folds them.</summary>
    public static PolicyLife Then(this PolicyLife life, params IEnumerable<object> events) =>
        events.Aggregate(life, (state, e) => PolicyModule.LifeState.Fold(state, e)!);

    /// <summary>The state after a command that must go through.</summary>
    public static PolicyLife Then(this PolicyLife life, Decision decision)
    {
        decision.Refusal.ShouldBeNull();
        return life.Then(decision.Events);
    }

    public static PolicyLife Drafted(this PolicyLife life, PolicyCandidate candidate, string author = Ada, DateTimeOffset? at = null) =>
        life.Then(DraftPolicy.Decide(new DraftPolicy(candidate, null), life, author, at ?? Monday));

    /// <summary>Compared with what is in force, up to position 10.</summary>
    public static PolicyLife Diffed(this PolicyLife life, PolicyCandidate candidate, string? digest = null, DateTimeOffset? at = null) =>
        life.Then(DiffPolicy.Decide(
            new DiffPolicy(candidate.Digest, digest ?? DiffDigest, 1, 10, life.BaselineAt(at ?? Monday), DiffCounts.None), life, Ada, at ?? Monday));

    public static PolicyBaseline? BaselineAt(this PolicyLife life, DateTimeOffset at) =>
        life.InForce(at) is { } a ? new PolicyBaseline(a.Candidate, a.PolicySetDigest, a.SchemaDigest) : null;

    public static PolicyLife ApprovedBy(this PolicyLife life, PolicyCandidate candidate, string approver, DateTimeOffset? at = null) =>
        life.Then(Approve(life, candidate, approver, at));

    public static Decision Approve(PolicyLife life, PolicyCandidate candidate, string approver, DateTimeOffset? at = null) =>
        ApprovePolicy.Decide(new ApprovePolicy(candidate.Digest, DiffDigest, 10), life, approver, Week, at ?? Monday);

    public static Decision Activate(
        PolicyLife life, PolicyCandidate candidate, DateTimeOffset? at = null, DateTimeOffset? notBefore = null, DiffTail? tail = null) =>
        ActivatePolicy.Decide(
            new ActivatePolicy(candidate.Digest, DiffDigest, 10, notBefore), life, tail ?? NoTail, Dan, Week, at ?? Monday);

    public static DiffTail NoTail { get; } = new(12, 0, DiffCounts.None, null);

    /// <summary>Drafted by Ada, approved by Bob and Cleo.</summary>
    public static PolicyLife Approved(this PolicyLife life, PolicyCandidate candidate, DateTimeOffset? at = null) =>
        life.Drafted(candidate, Ada, at).Diffed(candidate, null, at).ApprovedBy(candidate, Bob, at).ApprovedBy(candidate, Cleo, at);

    public static PolicyLife Activated(
        this PolicyLife life, PolicyCandidate candidate, DateTimeOffset? at = null, DateTimeOffset? notBefore = null)
    {
        var approved = life.Approved(candidate, at);
        return approved.Then(Activate(approved, candidate, at, notBefore));
    }
}
