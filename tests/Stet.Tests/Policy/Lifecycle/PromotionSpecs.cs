using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Policy.AuthZen;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>A recorded decision as a test of the next version.</summary>
public class PromotionSpecs
{
    [Fact]
    public async Task A_promoted_decision_is_a_test_that_holds_under_its_own_policies_and_tells_of_others()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        await service.DecideAsync(tenantId, Request());
        var events = await service.Services.GetRequiredService<Store>().ReadAsync(tenantId, 0, 1_000, CancellationToken.None);
        var decision = events.Select(e => e.Data).OfType<DecisionRecorded>().Single();

        var promoted = await tenant.PostAsync($"/v1/policy/decisions/{decision.EvaluationId}/promotion", new JsonObject());

        promoted.Status.ShouldBe(200, promoted.Text);
        var tests = new JsonArray(promoted.Json["test"]!.DeepClone()).ToJsonString();
        Valid(Text with { Tests = tests }).Tests.Single().Name.ShouldBe($"decision {decision.EvaluationId}");
        var (broken, findings) = PolicyCandidate.Read(
            Text with { Tests = tests, Policies = [new("none", "forbid (principal, action, resource);")] }, Stet.Cedar.CedarLimits.Default);
        broken!.ValidatedPolicies.ShouldBeNull();
        var finding = findings.ShouldHaveSingleItem();
        (finding.Code, finding.Part, finding.Name).ShouldBe(("test_failed", "tests", $"decision {decision.EvaluationId}"));
        finding.Message.ShouldBe("Expected allow; got deny, forbidden, by none.");
    }

    [Fact]
    public async Task A_promoted_decision_brings_what_its_policies_name()
    {
        var tenant = await Tenant.NewAsync();
        var text = Text with
        {
            Schema = $"{SchemaText} entity Config {{ open?: Bool, owner?: User }};",
            Policies =
            [
                new("while-open", """permit (principal, action == Action::"read", resource) when { Config::"global" has open && Config::"global".open };"""),
                new("owners", """forbid (principal, action, resource) unless { Config::"global" has owner && Config::"global".owner in Group::"top" };"""),
            ],
        };
        await tenant.ActivateAsync(text);
        (await tenant.PostAsync("/v1/policy/entities/import", JsonNode.Parse("""
            [{"uid":{"type":"Group","id":"top"},"attrs":{},"parents":[]},
             {"uid":{"type":"User","id":"boss"},"attrs":{},"parents":[{"type":"Group","id":"top"}]},
             {"uid":{"type":"Config","id":"global"},"attrs":{"open":true,"owner":{"__entity":{"type":"User","id":"boss"}}},"parents":[]}]
            """)!)).Status.ShouldBe(200);
        var answer = await tenant.PostAsync("/access/v1/evaluation", JsonNode.Parse("""
            {"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d","properties":{"open":false}}}
            """)!);
        ((bool)answer.Json["decision"]!).ShouldBeTrue();

        var promoted = await tenant.PostAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}/promotion", new JsonObject());

        Valid(text with { Tests = new JsonArray(promoted.Json["test"]!.DeepClone()).ToJsonString() }).Tests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_decision_without_policies_in_force_is_not_promoted()
    {
        var tenant = await Tenant.NewAsync();
        (await tenant.PutAsync("/v1/policy/entities/User/u", "{}")).Status.ShouldBe(201);
        var answer = await tenant.PostAsync("/access/v1/evaluation", JsonNode.Parse("""
            {"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d"}}
            """)!);

        (await tenant.PostAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}/promotion", new JsonObject()))
            .ShouldBeProblem(409, "promotion_without_policies");
    }

    [Theory]
    [InlineData("""{"context":5}""")]
    [InlineData("""{"subject":{"type":"User","id":""}}""")]
    public async Task An_item_that_was_no_question_is_not_promoted(string item)
    {
        var tenant = await Tenant.NewAsync();
        await tenant.ActivateAsync(Text);
        (await tenant.PostTextAsync("/access/v1/evaluations", $$"""
            {"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d"},"evaluations":[{{item}}]}
            """)).Status.ShouldBe(200);
        var decision = (await tenant.GetAsync("/v1/policy/decisions")).Json["decisions"]![0]!["decision"]!;

        (await tenant.PostAsync($"/v1/policy/decisions/{decision["evaluation_id"]}/promotion", new JsonObject()))
            .ShouldBeProblem(409, "promotion_without_question");
    }

    [Fact]
    public async Task A_decision_that_more_entities_bear_on_than_a_test_holds_is_not_promoted()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.ActivateAsync(Text);
        var groups = Enumerable.Range(0, 1_000).Select(n => $$"""{"uid":{"type":"Group","id":"{{n}}"},"attrs":{},"parents":[]}""");
        var parents = Enumerable.Range(0, 1_000).Select(n => $$"""{"type":"Group","id":"{{n}}"}""");
        (await tenant.PostTextAsync("/v1/policy/entities/import", $$"""
            [{{string.Join(',', groups)}}, {"uid":{"type":"User","id":"u"},"attrs":{},"parents":[{{string.Join(',', parents)}}]}]
            """)).Status.ShouldBe(200);
        var answer = await tenant.PostAsync("/access/v1/evaluation", JsonNode.Parse("""
            {"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d"}}
            """)!);

        (await tenant.PostAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}/promotion", new JsonObject()))
            .ShouldBeProblem(409, "promotion_too_large");
    }

    [Fact]
    public async Task A_decision_that_cannot_be_read_is_not_promoted()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        var position = await service.DecideAsync(tenantId, Request());
        await service.LoseSubjectAsync(tenantId, position);
        var decision = (await tenant.GetAsync("/v1/policy/decisions")).Json["decisions"]![0]!["decision"]!;

        (await tenant.PostAsync($"/v1/policy/decisions/{decision["evaluation_id"]}/promotion", new JsonObject()))
            .ShouldBeProblem(409, "decision_unreadable");
    }

    [Fact]
    public async Task A_failing_test_ends_a_candidate()
    {
        var tenant = await Tenant.NewAsync();
        const string test = """
            [{"name":"nobody reads","request":{"subject":{"type":"User","id":"u"},"action":{"name":"read"},
              "resource":{"type":"Document","id":"d","properties":{"open":true}}},"expected":{"decision":false}}]
            """;

        var drafted = await tenant.DraftAsync(Text with { Tests = test });

        ((string)drafted.Json["state"]!).ShouldBe("invalid");
        ((string)drafted.Json["findings"]![0]!["code"]!).ShouldBe("test_failed");
        (await tenant.StepAsync((string)drafted.Json["candidate"]!, "diff", new JsonObject(), Ada)).ShouldBeProblem(409, "candidate_closed");
    }

    [Theory]
    [InlineData("0190aaaa-0000-7000-8000-000000000000")]
    [InlineData("0190aaaa-0000-4000-8000-000000000000")]
    [InlineData("ffffffff-ffff-7fff-bfff-ffffffffffff")]
    public async Task A_decision_that_is_not_known_is_not_promoted(string id)
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.PostAsync($"/v1/policy/decisions/{id}/promotion", new JsonObject())).ShouldBeProblem(404, "decision_not_found");
        (await tenant.PostAsync("/v1/policy/decisions/x/promotion", new JsonObject())).ShouldBeProblem(400, "invalid_request");
    }
}
