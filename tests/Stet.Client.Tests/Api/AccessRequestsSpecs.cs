using Stet.Client.Api;

namespace Stet.Client.Tests.Api;

public class AccessRequestsSpecs
{
    static readonly Evaluation refund = new(new Entity("identity", "ada"), "tools/call", new Entity("tool", "refund_order"));

    [Fact]
    public async Task What_waits_for_a_person_is_listed_approved_and_taken_back()
    {
        var people = await WithRulesAsync();
        var id = await AskAsync(people);

        var waiting = (await people.Carol.AccessRequests.ListAsync().ToListAsync()).ShouldHaveSingleItem();
        var approved = (await people.Carol.AccessRequests.ApproveAsync(id, "it arrived broken")).Value;
        var approval = (await people.Gateway.Decisions.AccessAsync(id)).Value.Result!.Approval;
        var allowed = (await people.Gateway.Decisions.EvaluateAsync(refund.With(approval))).Value.Allowed;
        var revoked = (await people.Carol.AccessRequests.RevokeAsync(id, "it did not")).Value;
        var denied = (await people.Gateway.Decisions.EvaluateAsync(refund.With(approval))).Value.Allowed;

        (waiting.Id, waiting.Status, waiting.Pep, waiting.Scope.ResourceId, waiting.ApprovalSeconds).ShouldBe((id, AccessStatus.Pending, "gateway", "refund_order", 14_400));
        waiting.Policies.ShouldBe(["refunds"]);
        (approved.Status, approved.DecidedBy, approved.Reason, approved.ApprovedUntil).ShouldBe((AccessStatus.Approved, "carol", "it arrived broken", approval.ApprovedUntil));
        (revoked.RevokedBy, revoked.RevocationReason).ShouldBe(("carol", "it did not"));
        (allowed, denied).ShouldBe((true, false));
        (await people.Carol.AccessRequests.ListAsync().ToListAsync()).ShouldBeEmpty();
        (await people.Carol.AccessRequests.FindAsync(id)).Value.RevokedAt.ShouldBe(revoked.RevokedAt);
    }

    [Fact]
    public async Task What_is_denied_stays_denied()
    {
        var people = await WithRulesAsync();
        var id = await AskAsync(people);

        var denied = (await people.Carol.AccessRequests.DenyAsync(id, "once is enough")).Value;

        (denied.Status, denied.Reason).ShouldBe((AccessStatus.Denied, "once is enough"));
        (await CodeAsync(people.Carol.AccessRequests.ApproveAsync(id))).ShouldBe("access_request_closed");
        (await CodeAsync(people.Carol.AccessRequests.RevokeAsync(id, "why"))).ShouldBe("access_request_not_approved");
    }

    [Fact]
    public async Task Who_asks_does_not_decide()
    {
        var people = await WithRulesAsync();
        var id = await AskAsync(people);

        (await CodeAsync(people.Gateway.AccessRequests.ApproveAsync(id))).ShouldBe("access_approval_by_requester");
        (await CodeAsync(people.Carol.AccessRequests.FindAsync(Guid.Empty))).ShouldBe("access_request_not_found");
    }

    [Fact]
    public async Task Access_requests_are_listed_page_by_page()
    {
        var people = await WithRulesAsync();
        Guid[] ids = [await AskAsync(people), await AskAsync(people), await AskAsync(people)];
        await people.Carol.AccessRequests.DenyAsync(ids[1], "no");

        var page = (await people.Carol.AccessRequests.ListPageAsync(includeClosed: true, limit: 2)).Value;
        var rest = (await people.Carol.AccessRequests.ListPageAsync(includeClosed: true, page.NextCursor)).Value;

        page.Requests.Concat(rest.Requests).Select(r => r.Id).ShouldBe(ids.Reverse());
        (await people.Carol.AccessRequests.ListAsync().ToListAsync()).Select(r => r.Id).ShouldBe([ids[2], ids[0]]);
    }

    static async Task<People> WithRulesAsync()
    {
        var people = await People.OfNewTenantAsync();
        await Rules.ActivateAsync(people);
        return people;
    }

    static async Task<Guid> AskAsync(People people)
    {
        var denial = (await people.Gateway.Decisions.EvaluateAsync(refund)).Value;
        return (await people.Gateway.Decisions.RequestAccessAsync(refund, denial)).Value.Task.Id;
    }

    static async Task<string> CodeAsync(Task call) => (await Should.ThrowAsync<StetException>(call)).Code;
}
