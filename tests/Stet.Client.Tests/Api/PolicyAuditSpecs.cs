using System.Text.Json.Nodes;
using Stet.Client.Api;

namespace Stet.Client.Tests.Api;

public class PolicyAuditSpecs
{
    static Evaluation Call(string tool) => new(new Entity("identity", "ada"), "tools/call", new Entity("tool", tool));

    [Fact]
    public async Task Decisions_are_found_by_what_they_were()
    {
        var people = await WithRulesAsync();
        var allowed = (await people.Gateway.Decisions.EvaluateAsync(Call("find_order"))).Value;
        var denied = await people.Gateway.Decisions.EvaluateAsync(Call("refund_order"));
        var audit = people.Admin.PolicyAudit;

        (await IdsAsync(new DecisionsQuery())).ShouldBe([denied.Value.EvaluationId, allowed.EvaluationId]);
        (await IdsAsync(new DecisionsQuery { Class = DecisionClass.Forbidden })).ShouldBe([denied.Value.EvaluationId]);
        (await IdsAsync(new DecisionsQuery { Policy = "calls" })).ShouldBe([allowed.EvaluationId]);
        (await IdsAsync(new DecisionsQuery { Subject = new Entity("identity", "grace") })).ShouldBeEmpty();
        var found = (await audit.DecisionAsync(denied.Value.EvaluationId!.Value)).Value;
        (found.Position, found.Decision.GetProperty("effective").GetProperty("class").GetString()).ShouldBe((denied.Position, "forbidden"));
        (await CodeAsync(audit.DecisionAsync(Guid.Empty))).ShouldBe("decision_not_found");

        async Task<IEnumerable<Guid?>> IdsAsync(DecisionsQuery query) =>
            (await audit.DecisionsAsync(query).ToListAsync()).Select(d => (Guid?)d.EvaluationId);
    }

    [Fact]
    public async Task A_decision_becomes_a_test_of_the_next_candidate()
    {
        var people = await WithRulesAsync();
        var allowed = (await people.Gateway.Decisions.EvaluateAsync(Call("find_order"))).Value;

        var promoted = (await people.Alice.PolicyAudit.PromoteAsync(allowed.EvaluationId!.Value)).Value;
        var drafted = (await people.Alice.Policy.DraftAsync(Rules.Stricter with { Tests = new JsonArray(promoted.Test) })).Value;

        drafted.State.ShouldBe(CandidateState.Invalid);
        drafted.Findings.ShouldHaveSingleItem().Code.ShouldBe("test_failed");
    }

    [Fact]
    public async Task What_changed_an_answer_is_named()
    {
        var people = await WithRulesAsync();
        var from = (await people.Gateway.Decisions.EvaluateAsync(Call("find_order"))).Position;
        await Rules.ActivateAsync(people, Rules.Stricter);
        var to = (await people.Gateway.Decisions.EvaluateAsync(Call("find_order"))).Position;

        var changes = (await people.Admin.PolicyAudit.ChangesAsync(Call("find_order"), from, to, pep: "gateway")).Value;

        (changes.Changed, changes.From.Allowed, changes.To.Class).ShouldBe((true, true, DecisionClass.Forbidden));
        changes.To.Determining.ShouldBe(["nothing"]);
        changes.Flips.ShouldHaveSingleItem().Cause.ShouldBe("policy_activated");
        (await CodeAsync(people.Admin.PolicyAudit.ChangesAsync(Call("find_order"), from, to + 1_000))).ShouldBe("position_unknown");
    }

    [Fact]
    public async Task Decisions_come_out_as_recorded()
    {
        var people = await WithRulesAsync();
        await people.Gateway.Decisions.EvaluateManyAsync([Call("find_order"), Call("refund_order")]);

        var audit = await people.Admin.PolicyAudit.RunAuditAsync(from: 1);
        var progress = (await people.Admin.AtLeast(audit.Position).PolicyAudit.AuditAsync()).Value.Progress;

        (audit.Value.Progress.Decisions, audit.Value.Progress.Mismatches, audit.Value.Mismatches.Count).ShouldBe((2, 0, 0));
        progress.Engine.ShouldBe(audit.Value.Progress.Engine);
    }

    static async Task<People> WithRulesAsync()
    {
        var people = await People.OfNewTenantAsync();
        await Rules.ActivateAsync(people);
        return people;
    }

    static async Task<string> CodeAsync(Task call) => (await Should.ThrowAsync<StetException>(call)).Code;
}
