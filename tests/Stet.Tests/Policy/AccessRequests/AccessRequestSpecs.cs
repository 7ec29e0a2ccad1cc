using Stet.Policy.AccessRequests;
using static Stet.Tests.Policy.AccessRequests.Ordinary;

namespace Stet.Tests.Policy.AccessRequests;

public sealed class AccessRequestSpecs
{
    [Fact]
    public void A_denial_can_be_referred_to_for_a_quarter_of_an_hour() =>
        RequestAccess.Decide(Asked, null, Noon.AddMinutes(1)).Events.ShouldBe([Requested]);

    [Fact]
    public void An_old_denial_is_refused() =>
        RequestAccess.Decide(Asked, null, Noon + AccessRequest.Requestable).Refusal.ShouldBe(
            AccessRequestProblems.DenialExpired(Noon + AccessRequest.Requestable));

    [Fact]
    public void The_same_denial_is_asked_about_once() =>
        RequestAccess.Decide(Asked, Pending, Noon.AddMinutes(2)).ShouldBe(Decision.Nothing);

    [Fact]
    public void Another_enforcement_point_cannot_take_a_request_over() =>
        RequestAccess.Decide(Asked with { Pep = "other" }, Pending, Noon.AddMinutes(2)).Refusal.ShouldBe(AccessRequestProblems.NotFound);

    [Fact]
    public void An_approval_holds_for_as_long_as_the_policy_says() =>
        ApproveAccess.Decide(new("the customer is right"), Pending, "carol", Noon.AddMinutes(5)).Events.ShouldBe([Approved]);

    [Theory]
    [InlineData("ada")]
    [InlineData("gateway")]
    public void Nobody_decides_for_themselves(string decider)
    {
        ApproveAccess.Decide(new(null), Pending, decider, Noon.AddMinutes(5)).Refusal.ShouldBe(AccessRequestProblems.OwnApproval);
        DenyAccess.Decide(new("no"), Pending, decider, Noon.AddMinutes(5)).Refusal.ShouldBe(AccessRequestProblems.OwnApproval);
    }

    [Fact]
    public void Who_says_no_says_why() =>
        DenyAccess.Decide(new("too much money"), Pending, "carol", Noon.AddMinutes(5)).Events.ShouldBe([Denied]);

    [Fact]
    public void What_is_decided_is_decided_for_good()
    {
        foreach (var (request, status) in Closed())
        {
            var refusal = AccessRequestProblems.NotPending(status);
            ApproveAccess.Decide(new(null), request, "carol", Noon.AddHours(25)).Refusal.ShouldBe(refusal);
            DenyAccess.Decide(new("no"), request, "carol", Noon.AddHours(25)).Refusal.ShouldBe(refusal);
            if (status != AccessStatus.Cancelled) CancelAccessRequest.Decide(request, "gateway", Noon.AddHours(25)).Refusal.ShouldBe(refusal);
        }
    }

    [Fact]
    public void What_nobody_decides_expires()
    {
        Pending.StatusAt(Requested.ExpiresAt.AddTicks(-1)).ShouldBe(AccessStatus.Pending);
        Pending.StatusAt(Requested.ExpiresAt).ShouldBe(AccessStatus.Expired);
    }

    [Fact]
    public void Who_made_a_request_takes_it_back() =>
        CancelAccessRequest.Decide(Pending, "gateway", Noon.AddMinutes(5)).Events.ShouldBe([Cancelled]);

    [Fact]
    public void Nobody_else_does() =>
        CancelAccessRequest.Decide(Pending, "carol", Noon.AddMinutes(5)).Refusal.ShouldBe(AccessRequestProblems.NotFound);

    [Fact]
    public void Taking_it_back_twice_changes_nothing() =>
        CancelAccessRequest.Decide(Pending.Apply(Cancelled), "gateway", Noon.AddMinutes(6)).ShouldBe(Decision.Nothing);

    [Fact]
    public void An_approval_is_revoked_once()
    {
        RevokeApproval.Decide(new("a mistake"), Pending.Apply(Approved), "dave", Noon.AddMinutes(10)).Events.ShouldBe([Revoked]);
        RevokeApproval.Decide(new("a mistake"), Pending.Apply(Approved).Apply(Revoked), "dave", Noon.AddMinutes(10))
            .Refusal.ShouldBe(AccessRequestProblems.NotApproved);
    }

    [Fact]
    public void Who_revokes_an_approval_and_why_stands_beside_who_gave_it()
    {
        var revoked = Pending.Apply(Approved).Apply(Revoked);

        (revoked.DecidedBy, revoked.Reason).ShouldBe(("carol", "the customer is right"));
        (revoked.RevokedBy, revoked.RevocationReason, revoked.RevokedAt).ShouldBe(("dave", "a mistake", Revoked.RevokedAt));
    }

    [Fact]
    public void Without_an_approval_there_is_nothing_to_revoke()
    {
        foreach (var request in (AccessRequest[])[Pending, Pending.Apply(Denied), Pending.Apply(Cancelled)])
            RevokeApproval.Decide(new("a mistake"), request, "dave", Noon.AddMinutes(10)).Refusal.ShouldBe(AccessRequestProblems.NotApproved);
    }

    [Fact]
    public void A_request_that_was_never_made_cannot_be_decided()
    {
        Decision[] decisions =
        [
            ApproveAccess.Decide(new(null), null, "carol", Noon), DenyAccess.Decide(new("no"), null, "carol", Noon),
            CancelAccessRequest.Decide(null, "gateway", Noon), RevokeApproval.Decide(new("no"), null, "carol", Noon),
        ];

        decisions.ShouldAllBe(d => d.Refusal == AccessRequestProblems.NotFound);
    }

    [Fact]
    public void An_approval_counts_for_its_own_question_while_it_holds()
    {
        var approved = Pending.Apply(Approved);

        approved.StandingFor(Scope, Approved.ApprovedUntil.AddTicks(-1)).ShouldBe(ApprovalStanding.Holds);
        approved.StandingFor(Scope, Approved.ApprovedUntil).ShouldBe(ApprovalStanding.Expired);
        approved.Apply(Revoked).StandingFor(Scope, Noon.AddMinutes(11)).ShouldBe(ApprovalStanding.Expired);
        Pending.StandingFor(Scope, Noon.AddMinutes(11)).ShouldBe(ApprovalStanding.Pending);
        Pending.StandingFor(Scope with { SubjectId = "grace" }, Noon.AddMinutes(11)).ShouldBe(ApprovalStanding.Unverifiable);
        Pending.StandingFor(Scope, Requested.ExpiresAt).ShouldBe(ApprovalStanding.Unverifiable);
        Pending.Apply(Denied).StandingFor(Scope, Noon.AddMinutes(11)).ShouldBe(ApprovalStanding.Unverifiable);
    }

    [Fact]
    public void An_approval_counts_for_no_other_question()
    {
        AccessScope[] others =
        [
            Scope with { SubjectId = "grace" }, Scope with { SubjectType = "user" }, Scope with { Action = "tools/list" },
            Scope with { ResourceId = "close_account" }, Scope with { ResourceType = "host" },
            Scope with { Stated = FieldValue.FromCanonical("""{"context":{"agent":"stray-bot"},"resource":{},"subject":{}}""") },
        ];

        foreach (var other in others)
            Pending.Apply(Approved).StandingFor(other, Noon.AddMinutes(6)).ShouldBe(ApprovalStanding.OutOfScope);
    }

    [Fact]
    public void An_approval_of_before_there_were_digests_counts_for_what_policies_see_of_a_question()
    {
        var whole = AccessRequest.Create(Requested with { Scope = WholeScope }).Apply(Approved);

        Pending.Apply(Approved).StandingFor(WholeScope, Noon.AddMinutes(6)).ShouldBe(ApprovalStanding.Holds);
        whole.StandingFor(WholeScope, Noon.AddMinutes(6)).ShouldBe(ApprovalStanding.Holds);
        whole.StandingFor(WholeScope with { AskedDigest = new('b', 64) }, Noon.AddMinutes(6)).ShouldBe(ApprovalStanding.OutOfScope);
    }

    static IEnumerable<(AccessRequest Request, AccessStatus Status)> Closed() =>
    [
        (Pending, AccessStatus.Expired), (Pending.Apply(Approved), AccessStatus.Approved), (Pending.Apply(Denied), AccessStatus.Denied),
        (Pending.Apply(Cancelled), AccessStatus.Cancelled),
    ];
}
