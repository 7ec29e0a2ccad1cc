using System.Net;
using System.Security.Cryptography;
using Stet.Client.Api;
using Stet.Testing;

namespace Stet.Client.Tests.Api;

public class PolicySpecs
{
    static readonly Evaluation question = new(new Entity("identity", "ada"), "tools/call", new Entity("tool", "find_order"));

    [Fact]
    public async Task What_one_drafts_and_two_approve_decides()
    {
        var people = await People.OfNewTenantAsync();
        await people.Admin.Policy.NameApproverAsync("carol");
        var approvers = await people.Admin.Policy.NameApproverAsync("bob");

        var drafted = await people.Alice.Policy.DraftAsync(Rules.Candidate with { Note = "a beginning" });
        var diff = await people.Alice.Policy.DiffAsync(drafted.Value.Candidate);
        await people.Bob.Policy.ApproveAsync(diff.Value.Shown);
        var approved = await people.Carol.Policy.ApproveAsync(diff.Value.Shown);
        var activated = await people.Alice.Policy.ActivateAsync(diff.Value.Shown);

        approvers.Value.Approvers.ShouldBe(["bob", "carol"]);
        (drafted.Value.State, drafted.Value.Author, drafted.Value.DraftedAgainst, drafted.IsRepeated).ShouldBe((CandidateState.Validated, "alice", null, false));
        drafted.Value.Findings.ShouldBeEmpty();
        (diff.Value.Baseline, diff.Value.Counts, diff.IsRepeated).ShouldBe((null, new DiffCounts(0, 0, 0, 0, 0, 0, 0, 0), false));
        var step = approved.Value.Steps.ShouldHaveSingleItem();
        (step.Step, step.Position, step.Event.GetProperty("approver").GetString()).ShouldBe(("policy_approved", approved.Position, "carol"));

        var inForce = (await people.Gateway.AtLeast(activated.Position).Policy.InForceAsync()).Value;
        (inForce.Candidate, inForce.PolicySetDigest, inForce.Next.Count).ShouldBe((drafted.Value.Candidate, drafted.Value.PolicySetDigest, 0));
        (await people.Gateway.Decisions.EvaluateAsync(question)).Value.Allowed.ShouldBeTrue();
        var history = (await people.Bob.Policy.FindAsync(drafted.Value.Candidate)).Value;
        (history.State, history.Author, history.NewestDiff).ShouldBe((CandidateState.Activated, "alice", null));
        history.Steps.Select(s => s.Step).ShouldBe(
            ["policy_drafted", "policy_validated", "policy_diffed", "policy_approved", "policy_approved", "policy_activated"]);
        (await people.Bob.Policy.TextAsync(drafted.Value.Candidate)).Value.Policies.ShouldBe(Rules.Candidate.Policies);
    }

    [Fact]
    public async Task Nobody_puts_anything_in_force_alone()
    {
        var people = await People.OfNewTenantAsync();
        await people.Admin.Policy.NameApproverAsync("alice");
        await people.Admin.Policy.NameApproverAsync("bob");
        var candidate = (await people.Alice.Policy.DraftAsync(Rules.Candidate)).Value.Candidate;
        var shown = (await people.Alice.Policy.DiffAsync(candidate)).Value.Shown;
        await people.Bob.Policy.ApproveAsync(shown);

        (await people.Carol.Policy.FindAsync(candidate)).Value.NewestDiff.ShouldBe(shown);
        (await RefusalAsync(people.Alice.Policy.ApproveAsync(shown))).ShouldBe((HttpStatusCode.Conflict, "approval_by_author"));
        (await RefusalAsync(people.Bob.Policy.ApproveAsync(shown))).ShouldBe((HttpStatusCode.Conflict, "approval_repeated"));
        (await RefusalAsync(people.Carol.Policy.ApproveAsync(shown))).ShouldBe((HttpStatusCode.Forbidden, "approver_role_missing"));
        (await RefusalAsync(people.Alice.Policy.ActivateAsync(shown))).ShouldBe((HttpStatusCode.Conflict, "approvals_missing"));
    }

    [Fact]
    public async Task What_would_change_is_counted_and_reported()
    {
        var people = await People.OfNewTenantAsync();
        await Rules.ActivateAsync(people);
        for (var i = 0; i < 3; i++) await people.Gateway.Decisions.EvaluateAsync(question);
        var candidate = (await people.Alice.Policy.DraftAsync(Rules.Stricter)).Value.Candidate;

        var diff = (await people.Alice.Policy.DiffAsync(candidate)).Value;
        await using var stream = await people.Bob.Policy.ReportAsync(candidate, diff.DiffDigest);
        using var report = new MemoryStream();
        await stream.CopyToAsync(report);

        (diff.Counts.AllowToDeny, diff.Counts.Same).ShouldBe((3, 0));
        diff.Affected.Resources.ShouldHaveSingleItem().Id.ShouldBe("find_order");
        Convert.ToHexStringLower(SHA256.HashData(report.ToArray())).ShouldBe(diff.DiffDigest);
        (await RefusalAsync(people.Bob.Policy.ReportAsync(candidate, candidate))).Code.ShouldBe("diff_not_found");
        (await RefusalAsync(people.Bob.Policy.DiffProgressAsync(candidate))).Code.ShouldBe("diff_not_running");
    }

    [Fact]
    public async Task What_is_wrong_with_a_candidate_is_told()
    {
        var people = await People.OfNewTenantAsync();

        var invalid = (await people.Alice.Policy.DraftAsync(
            Rules.Candidate with { Policies = [new("lost", "permit (principal == Nobody::\"x\", action, resource);")] })).Value;
        var unreadable = await Should.ThrowAsync<StetException>(
            people.Alice.Policy.DraftAsync(Rules.Candidate with { Policies = [new("broken", "permit (")] }));

        invalid.State.ShouldBe(CandidateState.Invalid);
        (invalid.Findings[0].Part, invalid.Findings[0].Name, invalid.Findings[0].Line).ShouldBe(("policies", "lost", 1));
        unreadable.Code.ShouldBe("policy_unreadable");
        unreadable.Document.GetProperty("findings")[0].GetProperty("name").GetString().ShouldBe("broken");
    }

    [Fact]
    public async Task An_approver_ends_a_candidate_with_a_reason()
    {
        var people = await People.OfNewTenantAsync();
        await people.Admin.Policy.NameApproverAsync("bob");
        var candidate = (await people.Alice.Policy.DraftAsync(Rules.Candidate)).Value.Candidate;

        var rejected = await people.Bob.Policy.RejectAsync(candidate, "too wide");

        rejected.Value.Steps.ShouldHaveSingleItem().Event.GetProperty("reason").GetString().ShouldBe("too wide");
        (await RefusalAsync(people.Alice.Policy.ValidateAsync(candidate))).Code.ShouldBe("candidate_closed");
        (await people.Admin.Policy.RemoveApproverAsync("bob")).Value.Approvers.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_comes_into_force_later_can_be_withdrawn()
    {
        var people = await People.OfNewTenantAsync();
        await people.Admin.Policy.NameApproverAsync("bob");
        await people.Admin.Policy.NameApproverAsync("carol");
        var candidate = (await people.Alice.Policy.DraftAsync(Rules.Candidate)).Value.Candidate;
        await people.Alice.Policy.ValidateAsync(candidate);
        var shown = (await people.Alice.Policy.DiffAsync(candidate)).Value.Shown;
        await people.Bob.Policy.ApproveAsync(shown);
        await people.Carol.Policy.ApproveAsync(shown);
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1);

        await people.Alice.Policy.ActivateAsync(shown, tomorrow);
        var before = (await people.Alice.Policy.InForceAsync()).Value;
        await people.Alice.Policy.RetireAsync(candidate);
        var after = (await people.Alice.Policy.InForceAsync()).Value;

        (before.Candidate, before.Next.Single().Candidate).ShouldBe((null, candidate));
        before.Next.Single().NotBefore.ShouldBe(tomorrow, TimeSpan.FromMilliseconds(1));
        after.Next.ShouldBeEmpty();
    }

    [Fact]
    public async Task One_person_puts_back_what_was_in_force()
    {
        var people = await People.OfNewTenantAsync();
        var first = (await Rules.ActivateAsync(people, Rules.Candidate)).Candidate;
        var second = (await Rules.ActivateAsync(people, Rules.Stricter)).Candidate;

        var back = await people.Bob.Policy.RollBackAsync(first, "nothing worked any more");

        back.Value.Steps.ShouldHaveSingleItem().Step.ShouldBe("policy_rolled_back");
        (await people.Bob.Policy.InForceAsync()).Value.Candidate.ShouldBe(first);
        (await RefusalAsync(people.Bob.Policy.RetireAsync(first))).Code.ShouldBe("policy_in_use");
        await people.Bob.Policy.RetireAsync(second, "too strict");
        (await RefusalAsync(people.Bob.Policy.RollBackAsync(second, "once more"))).Code.ShouldBe("rollback_retired");
    }

    [Fact]
    public async Task Candidates_are_listed_page_by_page()
    {
        var people = await People.OfNewTenantAsync();
        var drafted = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var schema = $"{Rules.Candidate.Schema}\nentity Thing{i};";
            drafted.Insert(0, (await people.Alice.Policy.DraftAsync(Rules.Candidate with { Schema = schema })).Value.Candidate);
        }

        var page = (await people.Bob.Policy.ListPageAsync(limit: 2)).Value;
        var rest = (await people.Bob.Policy.ListPageAsync(page.NextCursor)).Value;

        page.Candidates.Concat(rest.Candidates).Select(c => c.Candidate).ShouldBe(drafted);
        rest.NextCursor.ShouldBeNull();
        (await people.Bob.Policy.ListAsync().ToListAsync()).Select(c => (c.Candidate, c.State)).ShouldBe(drafted.Select(d => (d, CandidateState.Validated)));
    }

    [Fact]
    public async Task A_step_with_the_same_key_is_taken_once()
    {
        var people = await People.OfNewTenantAsync();
        await people.Admin.Policy.NameApproverAsync("bob");
        var named = new WriteOptions { IdempotencyKey = "release-7/draft" };

        var drafted = await people.Alice.Policy.DraftAsync(Rules.Candidate, named);
        var again = await people.Alice.Policy.DraftAsync(Rules.Candidate, named);
        var shown = (await people.Alice.Policy.DiffAsync(drafted.Value.Candidate)).Value.Shown;
        var approved = await people.Bob.Policy.ApproveAsync(shown, named with { IdempotencyKey = "release-7/bob" });
        var approvedAgain = await people.Bob.Policy.ApproveAsync(shown, named with { IdempotencyKey = "release-7/bob" });

        (drafted.IsRepeated, again.IsRepeated, again.Value.Position).ShouldBe((false, true, drafted.Value.Position));
        (approved.IsRepeated, approvedAgain.IsRepeated, approvedAgain.Position).ShouldBe((false, true, approved.Position));
        (await RefusalAsync(people.Alice.Policy.DraftAsync(Rules.Stricter, named))).Code.ShouldBe("idempotency_conflict");
        (await RefusalAsync(people.Alice.Policy.DraftAsync(Rules.Candidate))).Code.ShouldBe("candidate_exists");
    }

    [Fact]
    public async Task A_step_whose_answer_is_lost_is_taken_once()
    {
        var service = await TestService.SharedAsync();
        await using var proxy = new LosingProxy(service.Address);
        using var http = new HttpClient
        {
            BaseAddress = proxy.Address,
            DefaultRequestHeaders = { { "X-Tenant-Id", TestService.NewTenantId() }, { "X-Actor", "alice" } },
        };
        var alice = new StetClient(http, clock: new HurriedTime());
        proxy.Lose(1);

        var drafted = await alice.Policy.DraftAsync(Rules.Candidate);

        (proxy.Lost, drafted.IsRepeated, drafted.Value.State).ShouldBe((1, true, CandidateState.Validated));
        (await alice.Policy.FindAsync(drafted.Value.Candidate)).Value.Steps.Count.ShouldBe(2);
    }

    static async Task<(HttpStatusCode Status, string Code)> RefusalAsync(Task call)
    {
        var refusal = await Should.ThrowAsync<StetException>(call);
        return (refusal.Status, refusal.Code);
    }
}
