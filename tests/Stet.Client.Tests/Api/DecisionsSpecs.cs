using System.Text.Json.Nodes;
using Stet.Client.Api;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.Api;

public class DecisionsSpecs
{
    static readonly Entity ada = new("identity", "ada");

    static Evaluation Call(string tool) => new(ada, "tools/call", new Entity("tool", tool));

    [Fact]
    public async Task Without_rules_the_answer_is_no()
    {
        var stet = await Ordinary.NewTenantAsync();

        var decision = await stet.Decisions.EvaluateAsync(Call("find_order"));

        decision.Value.Allowed.ShouldBeFalse();
        decision.Value.EvaluationId.ShouldNotBeNull();
        decision.Position.ShouldBePositive();
    }

    [Fact]
    public async Task A_question_is_decided_and_explained()
    {
        var (stet, _) = await GatewayAsync();

        var decision = await stet.Decisions.EvaluateAsync(
            Call("find_order") with { Context = new JsonObject { ["urgent"] = true } }, explain: true);

        decision.Value.IsPlainAllow.ShouldBeTrue();
        decision.Value.Context!.EvaluationId.ShouldBe(decision.Value.EvaluationId);
        decision.Value.Context.Explanation!.Value.GetProperty("class").GetString().ShouldBe("allow");
    }

    [Fact]
    public async Task A_decision_with_a_receipt_can_be_proved()
    {
        var (stet, _) = await GatewayAsync();

        var decision = await stet.Decisions.EvaluateAsync(Call("find_order"), options: new WriteOptions { Receipt = true });

        var trust = new AuditTrust([AuditKey.Parse((await stet.Audit.KeysAsync()).Value.Keys.Single().Vkey)]);
        AuditProof.Verify(decision.Receipts.Single().ToJson(), trust).Proved.Single().Position.ShouldBe(decision.Position);
    }

    [Fact]
    public async Task An_obligation_makes_a_yes_conditional()
    {
        var (stet, _) = await GatewayAsync();

        var decision = (await stet.Decisions.EvaluateAsync(
            Call("export_orders") with { Context = new JsonObject { ["supported_obligations"] = new JsonArray("step-up") } })).Value;

        (decision.Allowed, decision.IsPlainAllow).ShouldBe((true, false));
        var obligation = decision.Context!.Obligations!.ShouldHaveSingleItem();
        (obligation.Id, obligation.Type, obligation.Properties.GetProperty("acr_value").GetString()).ShouldBe(("step-up", "step-up", "urn:example:strong"));
    }

    [Fact]
    public async Task A_batch_is_decided_in_order_and_ends_where_it_is_told_to()
    {
        var (stet, _) = await GatewayAsync();
        Evaluation[] questions = [Call("find_order"), Call("refund_order"), Call("find_order"), Call("")];

        var all = (await stet.Decisions.EvaluateManyAsync(questions)).Value;
        var first = (await stet.Decisions.EvaluateManyAsync(questions, BatchSemantic.DenyOnFirstDeny)).Value;

        all.Select(d => d.Allowed).ShouldBe([true, false, true, false]);
        all[1].IsRequestable.ShouldBeTrue();
        all[3].Context!.Error!.Message.ShouldContain("/resource/id");
        first.Select(d => d.Allowed).ShouldBe([true, false]);
        await Should.ThrowAsync<ArgumentException>(() => stet.Decisions.EvaluateManyAsync([]));
    }

    [Fact]
    public async Task What_was_denied_is_asked_for_approved_and_allowed()
    {
        var (stet, people) = await GatewayAsync();
        var denied = await stet.Decisions.EvaluateAsync(Call("refund_order"));

        var request = (await stet.Decisions.RequestAccessAsync(Call("refund_order"), denied.Value)).Value.Task;
        var pending = await stet.Decisions.AccessAsync(request.Id);
        await people.Carol.AccessRequests.ApproveAsync(request.Id, "it arrived broken");
        var approved = await stet.Decisions.AccessAsync(request.Id, pending);
        var again = await stet.Decisions.EvaluateAsync(Call("refund_order").With(approved.Value.Result!.Approval));

        (request.Id, request.Status).ShouldBe((denied.Value.EvaluationId!.Value, AccessStatus.Pending));
        pending.Value.Result.ShouldBeNull();
        (approved.Value.Task.Status, approved.IsUnchanged).ShouldBe((AccessStatus.Approved, false));
        again.Value.IsPlainAllow.ShouldBeTrue();
    }

    [Fact]
    public async Task An_access_request_can_be_taken_back()
    {
        var (stet, _) = await GatewayAsync();
        var denied = await stet.Decisions.EvaluateAsync(Call("refund_order"));
        var request = (await stet.Decisions.RequestAccessAsync(Call("refund_order"), denied.Value)).Value.Task;

        var cancelled = (await stet.Decisions.CancelAccessAsync(request.Id)).Value.Task;

        cancelled.Status.ShouldBe(AccessStatus.Cancelled);
    }

    [Fact]
    public async Task Only_a_denial_that_offers_it_can_be_asked_for()
    {
        var (stet, _) = await GatewayAsync();
        var allowed = await stet.Decisions.EvaluateAsync(Call("find_order"));
        var denied = await stet.Decisions.EvaluateAsync(Call("refund_order"));

        await Should.ThrowAsync<ArgumentException>(() => stet.Decisions.RequestAccessAsync(Call("find_order"), allowed.Value));
        (await Should.ThrowAsync<StetException>(() => stet.Decisions.RequestAccessAsync(Call("find_order"), denied.Value)))
            .Code.ShouldBe("invalid_denial_binding");
    }

    [Fact]
    public async Task The_past_is_asked_about_without_a_trace()
    {
        var (stet, people) = await GatewayAsync();
        var before = await stet.Decisions.EvaluateAsync(Call("find_order"));
        await Rules.ActivateAsync(people, Rules.Stricter);

        var now = await stet.Decisions.EvaluateAsync(Call("find_order"));
        var then = stet.Decisions.AsOf(before.Position);
        var answer = await then.EvaluateAsync(Call("find_order"), explain: true);
        var answers = await then.EvaluateManyAsync([Call("find_order"), Call("refund_order")]);

        (now.Value.Allowed, answer.Value.Allowed, answer.Value.EvaluationId, answer.Value.Context!.AsOf).ShouldBe((false, true, null, before.Position));
        answers.Value.Select(d => d.Allowed).ShouldBe([true, false]);
        (await then.SubjectsAsync("identity", "tools/call", new Entity("tool", "find_order")).ToListAsync()).ShouldBe([ada]);
        (await then.ResourcesAsync(ada, "tools/call", "tool").ToListAsync()).ShouldBe([new Entity("tool", "find_order")]);
        (await then.ActionsAsync(ada, new Entity("tool", "find_order")).ToListAsync()).ShouldBe(["tools/call"]);
        (await people.Admin.PolicyAudit.DecisionsAsync().ToListAsync()).Count.ShouldBe(2);
        (await Should.ThrowAsync<StetException>(stet.Decisions.AsOf(1_000).EvaluateAsync(Call("find_order")))).Code.ShouldBe("position_unknown");
    }

    [Fact]
    public async Task An_enforcement_point_is_answered_as_it_is_registered()
    {
        var (stet, people) = await GatewayAsync();
        var settings = new PepSettings { Explain = true, SupportedObligations = ["step-up"], Drafts = [AuthZenDraft.Obligations] };

        var registered = (await people.Admin.Decisions.RegisterAsync("gateway", settings)).Value;
        var again = (await people.Admin.Decisions.RegisterAsync("gateway", settings)).Value;

        (registered.Explain, registered.Drafts.Single(), again.RegisteredAt).ShouldBe((true, AuthZenDraft.Obligations, null));
        (await people.Admin.Decisions.RegistrationAsync("gateway")).Value.RegisteredAt.ShouldBe(registered.RegisteredAt);
        (await people.Admin.Decisions.RegistrationsAsync()).Value.Peps.ShouldHaveSingleItem().SupportedObligations.ShouldBe(["step-up"]);
        (await stet.Decisions.EvaluateAsync(Call("find_order"))).Value.Context!.Explanation.ShouldNotBeNull();
        (await Should.ThrowAsync<StetException>(people.Admin.Decisions.RegistrationAsync("stray"))).Code.ShouldBe("pep_not_found");
    }

    [Fact]
    public async Task Whatever_would_be_allowed_is_found()
    {
        var (stet, _) = await GatewayAsync();

        (await stet.Decisions.SubjectsAsync("identity", "tools/call", new Entity("tool", "find_order")).ToListAsync()).ShouldBe([ada]);
        (await stet.Decisions.ResourcesAsync(ada, "tools/call", "tool").ToListAsync()).ShouldBe([new Entity("tool", "find_order")]);
        (await stet.Decisions.ActionsAsync(ada, new Entity("tool", "find_order")).ToListAsync()).ShouldBe(["tools/call"]);
    }

    /// <summary>An enforcement point that can do all the drafts, and the people of its tenant.</summary>
    static async Task<(StetClient Stet, People People)> GatewayAsync()
    {
        var people = await People.OfNewTenantAsync();
        await Rules.ActivateAsync(people);
        return (people.Gateway, people);
    }
}
