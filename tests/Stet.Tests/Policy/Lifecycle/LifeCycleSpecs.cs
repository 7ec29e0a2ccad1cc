using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>Every step of the life of a policy, and every way to be refused.</summary>
public class LifeCycleSpecs
{
    static readonly string unknown = new('0', 64);

    [Fact]
    public void A_draft_records_the_candidate_and_what_validation_said_of_it()
    {
        var decision = DraftPolicy.Decide(new DraftPolicy(First, "for the start"), null, Ada, Monday);

        var drafted = decision.Events[0].ShouldBeOfType<PolicyDrafted>();
        (drafted.Candidate, drafted.PolicySetDigest, drafted.SchemaDigest, drafted.Author, drafted.Note, drafted.DraftedAgainst)
            .ShouldBe((First.Digest, First.PolicySetDigest, First.SchemaDigest, Ada, "for the start", null));
        decision.Events[1].ShouldBeOfType<PolicyValidated>().Candidate.ShouldBe(First.Digest);
    }

    [Fact]
    public void A_draft_says_what_was_in_force()
    {
        var life = WithApprovers.Activated(First);

        var drafted = DraftPolicy.Decide(new DraftPolicy(Second, null), life, Ada, Monday).Events[0].ShouldBeOfType<PolicyDrafted>();

        drafted.DraftedAgainst.ShouldBe(First.Digest);
    }

    [Fact]
    public void What_is_open_or_in_use_is_not_drafted_again()
    {
        var open = WithApprovers.Drafted(First);
        var used = WithApprovers.Activated(First);
        var coming = WithApprovers.Activated(First, notBefore: Monday.AddDays(3));

        Draft(open).ShouldBe("candidate_exists");
        Draft(used).ShouldBe("policy_in_use");
        Draft(coming).ShouldBe("policy_in_use");

        static string Draft(PolicyLife life) => DraftPolicy.Decide(new DraftPolicy(First, null), life, Bob, Monday).Refusal!.Code;
    }

    [Fact]
    public void What_has_come_to_its_end_may_be_drafted_anew_and_starts_from_nothing()
    {
        var rejected = WithApprovers.Approved(First)
            .Then(RejectPolicy.Decide(new RejectPolicy(First.Digest, "no"), WithApprovers.Approved(First), Bob, Monday));

        var again = rejected.Drafted(First, Dan);

        (again.Candidate(First.Digest)!.State, again.Candidate(First.Digest)!.Author, again.Candidate(First.Digest)!.Approvals.Count)
            .ShouldBe((CandidateState.Validated, Dan, 0));
        Activate(again, First).Refusal!.Code.ShouldBe("candidate_not_diffed");
    }

    [Fact]
    public void There_is_an_end_to_open_candidates()
    {
        var full = Enumerable.Range(0, PolicyLife.MostOpen).Aggregate(
            WithApprovers, (life, n) => life.Then(Drafted($"{n:x64}")));

        DraftPolicy.Decide(new DraftPolicy(First, null), full, Ada, Monday).Refusal.ShouldBe(PolicyProblems.TooManyOpen);

        static PolicyDrafted Drafted(string digest) => new(digest, digest, digest, digest, Text, null, Ada, null, Monday);
    }

    [Fact]
    public void Steps_out_of_order_are_refused()
    {
        var drafted = WithApprovers.Drafted(First);
        var unvalidated = WithApprovers.Then(DraftPolicy.Decide(new DraftPolicy(First, null), null, Ada, Monday).Events[0]);

        Approve(drafted, First, Bob).Refusal!.Code.ShouldBe("candidate_not_diffed");
        Activate(drafted, First).Refusal!.Code.ShouldBe("candidate_not_diffed");
        Activate(drafted.Diffed(First), First).Refusal!.Code.ShouldBe("approvals_missing");
        Activate(drafted.Diffed(First).ApprovedBy(First, Bob), First).Refusal!.Code.ShouldBe("approvals_missing");
        Diff(unvalidated).ShouldBe("candidate_not_validated");
    }

    [Fact]
    public void Nothing_happens_to_a_candidate_that_is_not_known()
    {
        foreach (var life in new[] { null, WithApprovers })
        {
            ApprovePolicy.Decide(new(unknown, DiffDigest, 1), life, Bob, Week, Monday).Refusal!.Code.ShouldBe("candidate_not_found");
            RejectPolicy.Decide(new(unknown, "no"), life, Bob, Monday).Refusal!.Code.ShouldBe("candidate_not_found");
            ActivatePolicy.Decide(new(unknown, DiffDigest, 1, null), life, NoTail, Dan, Week, Monday).Refusal!.Code.ShouldBe("candidate_not_found");
            RetirePolicy.Decide(new(unknown, null), life, Dan, Monday).Refusal!.Code.ShouldBe("candidate_not_found");
            DiffPolicy.Decide(new(unknown, DiffDigest, 1, 1, null, DiffCounts.None), life, Ada, Monday).Refusal!.Code.ShouldBe("candidate_not_found");
            ValidatePolicy.Decide(new(First), life, Monday).Refusal!.Code.ShouldBe("candidate_not_found");
        }
    }

    [Fact]
    public void Nothing_more_happens_to_a_candidate_that_has_come_to_its_end()
    {
        var open = WithApprovers.Approved(First);
        PolicyLife[] ended =
        [
            open.Then(RejectPolicy.Decide(new(First.Digest, "no"), open, Bob, Monday)),
            open.Then(RetirePolicy.Decide(new(First.Digest, null), open, Dan, Monday)),
            open.Then(Activate(open, First)),
            open.Then(new PolicyFoundInvalid(First.Digest, "e", "4.5", [], Monday)),
        ];

        foreach (var life in ended)
        {
            Approve(life, First, Bob).Refusal!.Code.ShouldBe("candidate_closed");
            RejectPolicy.Decide(new(First.Digest, "no"), life, Bob, Monday).Refusal!.Code.ShouldBe("candidate_closed");
            Activate(life, First).Refusal!.Code.ShouldBe("candidate_closed");
            Diff(life).ShouldBe("candidate_closed");
            ValidatePolicy.Decide(new(First), life, Monday).Refusal!.Code.ShouldBe("candidate_closed");
        }
    }

    [Fact]
    public void An_author_cannot_approve() =>
        Approve(WithApprovers.Drafted(First, Ada).Diffed(First), First, Ada).Refusal.ShouldBe(PolicyProblems.ApprovalBySelf);

    [Fact]
    public void Nobody_approves_twice() =>
        Approve(WithApprovers.Drafted(First).Diffed(First).ApprovedBy(First, Bob), First, Bob)
            .Refusal.ShouldBe(PolicyProblems.ApprovalRepeated);

    [Fact]
    public void Only_approvers_approve_and_reject()
    {
        var life = WithApprovers.Drafted(First).Diffed(First);

        Approve(life, First, Dan).Refusal!.Code.ShouldBe("approver_role_missing");
        RejectPolicy.Decide(new(First.Digest, "no"), life, Dan, Monday).Refusal!.Code.ShouldBe("approver_role_missing");
    }

    [Fact]
    public void An_approval_of_anything_but_the_newest_diff_is_stale()
    {
        var life = WithApprovers.Drafted(First).Diffed(First);

        foreach (var command in new ApprovePolicy[] { new(First.Digest, DiffDigest, 9), new(First.Digest, unknown, 10) })
            ApprovePolicy.Decide(command, life, Bob, Week, Monday).Refusal!.Code.ShouldBe("approval_stale");
    }

    [Fact]
    public void Another_diff_takes_the_approvals_away_and_the_same_one_does_not()
    {
        var approved = WithApprovers.Approved(First);
        var same = DiffPolicy.Decide(new(First.Digest, DiffDigest, 1, 10, null, DiffCounts.None), approved, Ada, Monday);

        var other = approved.Diffed(First, unknown);

        same.ShouldBe(Decision.Nothing);
        other.Candidate(First.Digest)!.Approvals.ShouldBeEmpty();
        Approve(other, First, Bob).Refusal!.Code.ShouldBe("approval_stale");
        Reason(Activate(other, First)).ShouldBe("newer_diff");
    }

    [Fact]
    public void Validating_again_asks_for_another_diff()
    {
        var approved = WithApprovers.Approved(First);

        var life = approved.Then(ValidatePolicy.Decide(new(First), approved, Monday));

        Approve(life, First, Bob).Refusal!.Code.ShouldBe("candidate_not_diffed");
        Activate(life, First).Refusal!.Code.ShouldBe("candidate_not_diffed");
    }

    [Fact]
    public void Approvals_lapse_and_can_be_given_again()
    {
        var life = WithApprovers.Drafted(First).Diffed(First).ApprovedBy(First, Bob).ApprovedBy(First, Cleo, Monday.AddDays(3));
        var late = Monday + Week;

        Activate(life, First, late.AddMicroseconds(-1)).Refusal.ShouldBeNull();
        Activate(life, First, late).Refusal.ShouldBe(PolicyProblems.ApprovalsLapsed);
        var renewed = life.ApprovedBy(First, Bob, late);
        Activate(renewed, First, late).Events.Single().ShouldBeOfType<PolicyActivated>().Approvers.ShouldBe(StringSet.Of(Bob, Cleo));
    }

    [Fact]
    public void An_approver_who_is_none_any_more_does_not_count()
    {
        var life = WithApprovers.Approved(First);
        var without = life.Then(RemoveApprover.Decide(new(Cleo), life, "root", Monday));

        Activate(without, First).Refusal.ShouldBe(PolicyProblems.RoleLost);
        Activate(without.Then(NameApprover.Decide(new(Cleo), without, "root", Monday)), First).Refusal.ShouldBeNull();
    }

    [Fact]
    public void An_activation_is_now_or_within_thirty_days()
    {
        var life = WithApprovers.Approved(First);

        Activate(life, First).Events.Single().ShouldBeOfType<PolicyActivated>().NotBefore.ShouldBe(Monday);
        Activate(life, First, notBefore: Monday.AddDays(30)).Refusal.ShouldBeNull();
        Activate(life, First, notBefore: Monday.AddDays(30).AddMicroseconds(1)).Refusal.ShouldBe(PolicyProblems.NotBeforeOutOfRange);
        Activate(life, First, notBefore: Monday.AddMicroseconds(-1)).Refusal.ShouldBe(PolicyProblems.NotBeforeOutOfRange);
    }

    [Fact]
    public void An_activation_is_refused_when_something_else_came_into_force_since_its_diff()
    {
        var both = WithApprovers.Approved(First).Approved(Second);
        var life = both.Then(Activate(both, First));

        Reason(Activate(life, Second)).ShouldBe("baseline_changed");
    }

    [Fact]
    public void An_activation_to_come_is_part_of_what_later_ones_are_compared_with()
    {
        var both = WithApprovers.Approved(First).Approved(Second);
        var life = both.Then(Activate(both, First, notBefore: Monday.AddDays(2)));

        Activate(life, Second, notBefore: Monday.AddDays(1)).Refusal.ShouldBeNull();
        Reason(Activate(life, Second, notBefore: Monday.AddDays(3))).ShouldBe("baseline_changed");
    }

    [Fact]
    public void A_diff_against_what_is_not_in_force_any_more_is_refused()
    {
        var life = WithApprovers.Activated(First).Drafted(Second);

        DiffPolicy.Decide(new(Second.Digest, DiffDigest, 1, 10, null, DiffCounts.None), life, Ada, Monday)
            .Refusal.ShouldBe(PolicyProblems.BaselineChanged);
    }

    [Fact]
    public void An_activation_is_refused_when_the_tail_is_long_or_shows_a_new_kind_of_change()
    {
        var life = WithApprovers.Approved(First);
        var kind = new DiffKind(DiffClass.AllowToDeny, "read", ["a"], []);

        Activate(life, First, tail: new(90, ActivatePolicy.MostInTail, DiffCounts.None, null)).Refusal.ShouldBeNull();
        Reason(Activate(life, First, tail: new(90, ActivatePolicy.MostInTail + 1, DiffCounts.None, null))).ShouldBe("too_many_decisions");
        Reason(Activate(life, First, tail: new(90, 1, DiffCounts.None, kind))).ShouldBe("new_kind");
    }

    [Fact]
    public void The_newest_activation_whose_time_has_come_decides()
    {
        var life = WithApprovers.Activated(First).Activated(Second, notBefore: Monday.AddDays(1));

        life.InForce(Monday.AddTicks(-1)).ShouldBeNull();
        life.InForce(Monday)!.Candidate.ShouldBe(First.Digest);
        life.InForce(Monday.AddDays(1).AddTicks(-1))!.Candidate.ShouldBe(First.Digest);
        life.InForce(Monday.AddDays(1))!.Candidate.ShouldBe(Second.Digest);
    }

    [Fact]
    public void Who_drafted_a_candidate_before_cannot_approve_it_when_another_drafts_it_again()
    {
        var retired = WithApprovers.Drafted(First, Ada).Then(new PolicyRetired(First.Digest, null, Ada, Monday));
        var again = retired.Drafted(First, Bob).Then(new PolicyRetired(First.Digest, null, Bob, Monday)).Drafted(First, Dan).Diffed(First);

        Approve(again, First, Ada).Refusal.ShouldBe(PolicyProblems.ApprovalBySelf);
        Approve(again, First, Bob).Refusal.ShouldBe(PolicyProblems.ApprovalBySelf);
        Approve(again, First, Cleo).Refusal.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_gives_way_before_its_time_never_comes_and_is_not_in_use(int days)
    {
        var life = WithApprovers.Then(Comes(First, 0), Comes(Second, 2), Comes(Third, days));

        life.After(Monday).Select(a => a.Candidate).ShouldBe([Third.Digest]);
        (life.IsInUse(First.Digest, Monday), life.IsInUse(Second.Digest, Monday), life.IsInUse(Third.Digest, Monday)).ShouldBe((true, false, true));
        life.Then(Comes(Second, 3)).After(Monday).Select(a => a.Candidate).ShouldBe([Third.Digest, Second.Digest]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_gives_way_before_its_time_stays_off_when_what_took_its_place_is_withdrawn(int days)
    {
        var life = WithApprovers.Then(Comes(First, 0), Comes(Second, 2), Comes(Third, days));

        var withdrawn = life.Then(RetirePolicy.Decide(new(Third.Digest, null), life, Dan, Monday));

        withdrawn.After(Monday).ShouldBeEmpty();
        withdrawn.InForce(Monday.AddDays(3))!.Candidate.ShouldBe(First.Digest);
        withdrawn.IsInUse(Second.Digest, Monday).ShouldBeFalse();
    }

    [Fact]
    public void What_gave_way_before_its_time_can_be_retired_once()
    {
        var life = WithApprovers.Activated(First).Activated(Second, notBefore: Monday.AddDays(2)).Activated(Third, notBefore: Monday.AddDays(1));

        var retired = life.Then(RetirePolicy.Decide(new(Second.Digest, null), life, Dan, Monday));

        retired.Candidate(Second.Digest)!.State.ShouldBe(CandidateState.Retired);
        RetirePolicy.Decide(new(Second.Digest, null), retired, Dan, Monday).Refusal!.Code.ShouldBe("candidate_closed");
    }

    [Fact]
    public void A_rollback_returns_at_once_to_what_was_in_force_lately()
    {
        var life = WithApprovers.Activated(First).Activated(Second, Monday.AddDays(1));

        var decision = RollBackPolicy.Decide(new(First.Digest, "it broke"), life, Dan, Monday.AddDays(2));

        decision.Events.ShouldBe([
            new PolicyRolledBack(
                First.Digest, First.PolicySetDigest, First.SchemaDigest, Second.Digest, "it broke", Dan, Monday.AddDays(2))]);
        life.Then(decision).InForce(Monday.AddDays(2))!.Candidate.ShouldBe(First.Digest);
    }

    [Fact]
    public void A_rollback_to_what_was_drafted_again_leaves_nothing_open()
    {
        var life = WithApprovers.Activated(First).Activated(Second, Monday.AddDays(1)).Approved(First, Monday.AddDays(2));

        var after = life.Then(RollBackPolicy.Decide(new(First.Digest, "it broke"), life, Dan, Monday.AddDays(3)));

        after.Candidate(First.Digest)!.State.ShouldBe(CandidateState.Activated);
        Activate(after, First, Monday.AddDays(3)).Refusal!.Code.ShouldBe("candidate_closed");
        Approve(after, First, Bob, Monday.AddDays(3)).Refusal!.Code.ShouldBe("candidate_closed");
    }

    [Fact]
    public void A_rollback_calls_off_what_was_still_to_come()
    {
        var running = WithApprovers.Activated(First).Activated(Second, Monday.AddHours(1));
        var life = running.Activated(Third, Monday.AddHours(2), Monday.AddDays(2));

        var after = life.Then(RollBackPolicy.Decide(new(First.Digest, "it broke"), life, Dan, Monday.AddDays(1)));

        after.InForce(Monday.AddDays(20))!.Candidate.ShouldBe(First.Digest);
    }

    [Fact]
    public void A_rollback_has_its_limits()
    {
        var first = WithApprovers.Activated(First);
        var second = first.Activated(Second, Monday.AddDays(1));
        var third = second.Activated(Third, Monday.AddDays(2));
        var retired = second.Then(RetirePolicy.Decide(new(First.Digest, null), second, Dan, Monday.AddDays(2)));
        var coming = first.Activated(Second, Monday, Monday.AddDays(9));

        RollBack(WithApprovers, First, 2).ShouldBe("no_active_policy");
        RollBack(first, First, 2).ShouldBe("policy_in_use");
        RollBack(first, Second, 2).ShouldBe("rollback_not_recent");
        RollBack(coming, Second, 2).ShouldBe("rollback_not_recent");
        RollBack(second, First, 31).ShouldBe("rollback_not_recent");
        RollBack(third, First, 3).ShouldBe("rollback_other_schema");
        RollBack(retired, First, 3).ShouldBe("rollback_retired");

        static string RollBack(PolicyLife life, PolicyCandidate to, int days) =>
            RollBackPolicy.Decide(new(to.Digest, "why"), life, Dan, Monday.AddDays(days)).Refusal!.Code;
    }

    [Fact]
    public void What_never_came_into_force_cannot_be_rolled_back_to()
    {
        var life = WithApprovers.Activated(First).Activated(Second, Monday, Monday.AddDays(5));
        var called = life.Then(RetirePolicy.Decide(new(Second.Digest, null), life, Dan, Monday.AddDays(1)));

        called.InForce(Monday.AddDays(6))!.Candidate.ShouldBe(First.Digest);
        RollBackPolicy.Decide(new(Second.Digest, "why"), called, Dan, Monday.AddDays(6)).Refusal!.Code.ShouldBe("rollback_not_recent");
    }

    [Fact]
    public void What_is_in_force_cannot_be_retired_and_what_is_not_can_once()
    {
        var life = WithApprovers.Activated(First).Activated(Second, Monday.AddDays(1));

        RetirePolicy.Decide(new(Second.Digest, null), life, Dan, Monday.AddDays(2)).Refusal!.Code.ShouldBe("policy_in_use");
        var retired = life.Then(RetirePolicy.Decide(new(First.Digest, "old"), life, Dan, Monday.AddDays(2)));
        RetirePolicy.Decide(new(First.Digest, null), retired, Dan, Monday.AddDays(2)).Refusal!.Code.ShouldBe("candidate_closed");
        retired.InForce(Monday.AddDays(2))!.Candidate.ShouldBe(Second.Digest);
    }

    [Fact]
    public void Approvers_are_named_and_removed_once()
    {
        NameApprover.Decide(new(Bob), WithApprovers, "root", Monday).ShouldBe(Decision.Nothing);
        NameApprover.Decide(new(Dan), WithApprovers, "root", Monday).Events.ShouldBe([new PolicyApproverNamed(Dan, "root", Monday)]);
        RemoveApprover.Decide(new(Dan), null, "root", Monday).ShouldBe(Decision.Nothing);
        RemoveApprover.Decide(new(Bob), WithApprovers, "root", Monday).Events.ShouldBe([new PolicyApproverRemoved(Bob, "root", Monday)]);
        var full = new PolicyLife([], [], StringSet.Of(Enumerable.Range(0, NameApprover.Most).Select(n => $"p{n}")));
        NameApprover.Decide(new(Dan), full, "root", Monday).Refusal.ShouldBe(PolicyProblems.TooManyApprovers);
    }

    [Fact]
    public void What_was_replaced_long_ago_takes_no_room()
    {
        var life = WithApprovers.Activated(First).Activated(Second, Monday.AddDays(1)).Activated(Third, Monday.AddDays(40));

        life.Activations.Select(a => a.Candidate).ShouldBe([Second.Digest, Third.Digest]);
    }

    static PolicyActivated Comes(PolicyCandidate candidate, int days) => new(
        candidate.Digest, candidate.PolicySetDigest, candidate.SchemaDigest, DiffDigest, 1, StringSet.Of(Bob, Cleo), Monday.AddDays(days), 1,
        DiffCounts.None, Dan, Monday);

    static string Diff(PolicyLife life) =>
        DiffPolicy.Decide(new(First.Digest, unknown, 1, 10, life.BaselineAt(Monday), DiffCounts.None), life, Ada, Monday).Refusal!.Code;

    static string Reason(Decision decision)
    {
        decision.Refusal!.Code.ShouldBe("diff_stale");
        using var text = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            decision.Refusal.WriteMembers!(json);
            json.WriteEndObject();
        }

        return (string)System.Text.Json.Nodes.JsonNode.Parse(text.ToArray())!["reason"]!;
    }
}
