using System.Text.Json;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file there never changes.</summary>
public class StoredEventSpecs
{
    static readonly string a = new('a', 64);
    static readonly string b = new('b', 64);
    static readonly DiffCounts counts = new(1, 2, 3, 4, 5, 6, 7, 8);

    public static TheoryData<string, object> Samples => new()
    {
        {
            "policy_drafted",
            new PolicyDrafted(
                a, b, new string('c', 64), new string('e', 64),
                new CandidateText(
                    [new NamedPolicy("p1", "permit (principal == ?principal, action, resource);")],
                    [new NamedLink("p1", "p1.ada", new EntityName("User", "ada"), null)],
                    """{"notify":{"properties":{"body":"b","to":"dpo"},"type":"notification"}}""", "entity User;", "[]"),
                b, Ada, "for the start", Monday)
        },
        {
            "policy_drafted.least",
            new PolicyDrafted(a, b, b, b, new CandidateText([], [], "{}", "", "[]"), null, Ada, null, Monday)
        },
        {
            "policy_validated",
            new PolicyValidated(
                a, "Stet.Cedar 1.0.0", "4.5", [new PolicyFinding("never_satisfied", "policies", "p1", 1, 8, "It never holds.")], Monday)
        },
        {
            "policy_found_invalid",
            new PolicyFoundInvalid(
                a, "Stet.Cedar 1.0.0", "4.5", [new PolicyFinding("test_failed", "tests", "t1", null, null, "Expected allow, got deny.")], Monday)
        },
        { "policy_diffed", new PolicyDiffed(a, b, 1, 40, new PolicyBaseline(b, b, a), counts, Ada, Monday) },
        { "policy_diffed.least", new PolicyDiffed(a, b, 1, 40, null, DiffCounts.None, Ada, Monday) },
        { "policy_approved", new PolicyApproved(a, b, 40, Bob, Monday) },
        { "policy_rejected", new PolicyRejected(a, "too wide", Bob, Monday) },
        { "policy_activated", new PolicyActivated(a, b, b, b, 40, StringSet.Of(Bob, Cleo), Monday.AddDays(1), 44, counts, Dan, Monday) },
        { "policy_rolled_back", new PolicyRolledBack(a, b, b, b, "it broke", Dan, Monday) },
        { "policy_retired", new PolicyRetired(a, "old", Dan, Monday) },
        { "policy_retired.least", new PolicyRetired(a, null, Dan, Monday) },
        { "policy_approver_named", new PolicyApproverNamed(Bob, Dan, Monday) },
        { "decisions_audited", new DecisionsAudited(1, 40, 30, 2, 1, "Stet.Cedar 1.0.0", Monday) },
        {
            "decision_mismatch_found",
            new DecisionMismatchFound(
                40, Guid.Parse("0190aaaa-0000-7000-8000-000000000000"),
                new AuditedResult(
                    new RawResult(true, ["p1"], []),
                    new EffectiveResult(true, DecisionClass.Allow, null, [new Obligation("log", "custom", "{}")])),
                new AuditedResult(
                    new RawResult(false, [], [new RawError("p2", "overflow")]),
                    new EffectiveResult(false, DecisionClass.Error, "policy_error", [])),
                "Stet.Cedar 1.0.0", Monday)
        },
        {
            "decision_mismatch_found.least",
            new DecisionMismatchFound(
                40, Guid.Parse("0190aaaa-0000-7000-8000-000000000000"),
                new AuditedResult(null, new EffectiveResult(false, DecisionClass.NotPermitted, null, [])),
                new AuditedResult(null, new EffectiveResult(false, DecisionClass.Forbidden, null, [])), "Stet.Cedar 1.0.0", Monday)
        },
        { "policy_approver_removed", new PolicyApproverRemoved(Bob, Dan, Monday) },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Policy", file, e);

    [Fact]
    public void Every_event_has_a_sample() =>
        StoredSamples.ShouldCover(Samples.Select(s => (string)s[0]), typeof(PolicyDrafted));

    [Fact]
    public void A_stored_life_is_read_as_it_was_written()
    {
        var life = WithApprovers.Activated(First).Approved(Second);

        var text = JsonSerializer.Serialize(life, PolicyEventJson.Default.PolicyLife);
        var read = JsonSerializer.Deserialize(text, PolicyEventJson.Default.PolicyLife)!;

        JsonSerializer.Serialize(read, PolicyEventJson.Default.PolicyLife).ShouldBe(text);
        read.Activations.ShouldBe(life.Activations);
        read.Approvers.ShouldBe(life.Approvers);
        read.Candidates.Select(c => (c.Digest, c.State, c.Diff, c.Approvals.Count))
            .ShouldBe(life.Candidates.Select(c => (c.Digest, c.State, c.Diff, c.Approvals.Count)));
    }
}
