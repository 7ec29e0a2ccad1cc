using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Authentication;
using Stet.Tests.Http;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

public class LifeCycleHttpSpecs
{
    [Fact]
    public async Task A_candidate_goes_all_the_way_and_decides()
    {
        var tenant = await Tenant.NewAsync();

        var candidate = await tenant.ActivateAsync(Text);

        var inForce = await tenant.GetAsync("/v1/policy/in-force");
        ((string)inForce.Json["candidate"]!).ShouldBe(candidate);
        ((string)inForce.Json["policy_set_digest"]!).ShouldBe(First.PolicySetDigest);
        candidate.ShouldBe(First.Digest);
        var read = await tenant.GetAsync($"/v1/policy/candidates/{candidate}");
        ((string)read.Json["state"]!).ShouldBe("activated");
        read.Json["steps"]!.AsArray().Select(s => (string)s!["step"]!).ShouldBe(
            ["policy_drafted", "policy_validated", "policy_diffed", "policy_approved", "policy_approved", "policy_activated"]);
        read.Json["steps"]![0]!["event"]!["text"].ShouldBeNull();
        ((string)read.Json["steps"]![5]!["event"]!["activated_by"]!).ShouldBe(Dan);
        var text = await tenant.GetAsync($"/v1/policy/candidates/{candidate}/text");
        ((string)text.Json["policies"]![0]!["text"]!).ShouldBe(OpenRead);
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused_and_leaves_no_trace()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.DraftAsync(Text with { Policies = [new("p", "permit (principal")] });

        answer.ShouldBeProblem(400, "policy_unreadable");
        ((string)answer.Json["findings"]![0]!["name"]!).ShouldBe("p");
        ((int)answer.Json["findings"]![0]!["line"]!).ShouldBe(1);
        (await tenant.GetAsync("/v1/policy/candidates")).Json["candidates"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_policy_whose_text_has_another_id_is_refused()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.DraftAsync(Text with
        {
            Policies = [new("a", $"@id(\"a\") {OpenRead}"), new("b", $"@id {OpenRead}"), new("c", $"@id(\"d\") {OpenRead}")],
        });

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["/policies/2/text"]);
        (await tenant.GetAsync("/v1/policy/candidates")).Json["candidates"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_not_valid_is_recorded_with_its_findings_and_ends()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.NameApproversAsync();

        var answer = await tenant.DraftAsync(Text with { Policies = [new("p", "permit (principal, action, resource) when { resource.no };")] });

        answer.Status.ShouldBe(201);
        ((string)answer.Json["state"]!).ShouldBe("invalid");
        ((string)answer.Json["findings"]![0]!["code"]!).ShouldBe("unknown_attribute");
        var candidate = (string)answer.Json["candidate"]!;
        (await tenant.StepAsync(candidate, "diff", new JsonObject(), Ada)).ShouldBeProblem(409, "candidate_closed");
        var read = await tenant.GetAsync($"/v1/policy/candidates/{candidate}");
        ((string)read.Json["steps"]![1]!["step"]!).ShouldBe("policy_found_invalid");
        ((string)read.Json["steps"]![1]!["event"]!["findings"]![0]!["name"]!).ShouldBe("p");
    }

    [Theory]
    [InlineData("@authzen(\"x\\0y\") entity A; @authzen(\"x\\0y\") entity B;", "ambiguous_type", "x\\0y")]
    [InlineData("entity C { @authzen \"a\\0b\"?: Long };", "misplaced_annotation", "a\\0b")]
    public async Task A_name_that_cannot_be_recorded_is_shown_in_a_finding(string declarations, string code, string name)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.DraftAsync(Text with { Schema = SchemaText + declarations });

        answer.Status.ShouldBe(201, answer.Text);
        ((string)answer.Json["state"]!).ShouldBe("invalid");
        answer.Json["findings"]!.AsArray().Select(f => ((string?)f!["code"], (string?)f["name"])).ShouldBe([(code, name)]);
    }

    [Theory]
    [InlineData("@governed region?: String", "ungoverned_context", "region")]
    [InlineData("@governed place?: { region: String }", "ungoverned_context", "place")]
    [InlineData("place?: { @governed region: String }", "ungoverned_context", "place")]
    [InlineData("action?: { @governed soft: Bool }", "ungoverned_context", "action")]
    [InlineData("now?: Long", "context_type", "now")]
    [InlineData("@governed now: Long", "context_type", "now")]
    [InlineData("@governed weekday: String", "context_type", "weekday")]
    [InlineData("weekday?: String", null, null)]
    [InlineData("approval?: String", "context_type", "approval")]
    [InlineData("action?: String", "context_type", "action")]
    [InlineData("now: datetime, @governed weekday: Long, @governed approval?: { id: String }, action?: { soft: Bool }", null, null)]
    public async Task What_of_a_context_nobody_would_fill_is_not_valid(string context, string? code, string? name)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.DraftAsync(Text with { Schema = $"{SchemaText} action try appliesTo {{ principal: User, resource: Document, context: {{ {context} }} }};" });

        answer.Status.ShouldBe(201, answer.Text);
        ((string)answer.Json["state"]!).ShouldBe(code is null ? "validated" : "invalid");
        answer.Json["findings"]!.AsArray().Select(f => ((string?)f!["code"], (string?)f["name"])).ShouldBe(code is null ? [] : [(code, name)]);
    }

    [Theory]
    [InlineData("{}", "/policies,/schema")]
    [InlineData("""{"policies":[{"id":"a"}],"schema":""}""", "/policies/0")]
    [InlineData("""{"policies":[],"schema":""}""", "/policies")]
    [InlineData("""{"policies":[{"id":"a","text":""}],"links":[{"id":"a"}],"schema":""}""", "/links/0")]
    [InlineData("""{"policies":[{"id":"a","text":"\u0000"}],"schema":""}""", "/policies/0")]
    [InlineData("""{"policies":[],"schema":"","digest":"x"}""", "/digest")]
    public async Task A_body_of_another_shape_is_refused(string body, string pointers)
    {
        var answer = await (await Tenant.NewAsync()).PostTextAsync("/v1/policy/candidates", body);

        answer.ShouldBeProblem(400, "invalid_request");
        string.Join(",", answer.Pointers).ShouldBe(pointers);
    }

    [Fact]
    public async Task A_draft_sent_again_under_its_key_is_answered_again_and_under_another_is_refused()
    {
        var tenant = await Tenant.NewAsync();
        var first = await tenant.DraftAsync(Text, Ada, ("Idempotency-Key", "k1"));

        var again = await tenant.DraftAsync(Text, Ada, ("Idempotency-Key", "k1"));
        var other = await tenant.DraftAsync(Second.Text, Ada, ("Idempotency-Key", "k1"));

        (again.Status, again.Text, again.Headers["Stet-Position"]).ShouldBe((200, first.Text, first.Headers["Stet-Position"]));
        other.ShouldBeProblem(409, "idempotency_conflict");
        (await tenant.DraftAsync(Text)).ShouldBeProblem(409, "candidate_exists");
    }

    [Fact]
    public async Task An_approval_is_repeated_by_who_gave_it_and_by_nobody_else()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.NameApproversAsync();
        var (candidate, triple) = await tenant.DiffedAsync(Text);

        var first = await ApproveAsync(Bob);
        var again = await ApproveAsync(Bob);

        first.ShouldBeDone();
        (again.Status, again.Text).ShouldBe((200, first.Text));
        foreach (var other in (string[])[Cleo, Dan, Ada]) (await ApproveAsync(other)).ShouldBeProblem(409, "idempotency_conflict");
        (await tenant.StepAsync(candidate, "approvals", triple.DeepClone(), Cleo, ("Idempotency-Key", "approve-2"))).ShouldBeDone();
        (await tenant.StepAsync(candidate, "activation", triple.DeepClone(), Dan)).ShouldBeDone();

        Task<Answer> ApproveAsync(string who) =>
            tenant.StepAsync(candidate, "approvals", triple.DeepClone(), who, ("Idempotency-Key", "approve-1"));
    }

    [Fact]
    public async Task Refusals_of_approvals_say_why()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.NameApproversAsync();
        (await tenant.SendAsync(HttpMethod.Put, $"/v1/policy/approvers/{Ada}", null)).Status.ShouldBe(200);
        var (candidate, triple) = await tenant.DiffedAsync(Text);
        var stale = new JsonObject { ["diff_digest"] = DiffDigest, ["position"] = (long)triple["position"]! };

        (await Approve(triple, Ada)).ShouldBeProblem(409, "approval_by_author");
        (await Approve(triple, Dan)).ShouldBeProblem(403, "approver_role_missing");
        var refused = await Approve(stale, Bob);
        refused.ShouldBeProblem(409, "approval_stale");
        ((string)refused.Json["diff_digest"]!).ShouldBe((string)triple["diff_digest"]!);
        (await Approve(triple, Bob)).ShouldBeDone();
        (await Approve(triple, Bob)).ShouldBeProblem(409, "approval_repeated");
        (await Approve(new JsonObject { ["diff_digest"] = "x" }, Bob)).Pointers.ShouldBe(["/diff_digest", "/position"]);
        (await tenant.StepAsync(candidate, "activation", triple.DeepClone(), Dan)).ShouldBeProblem(409, "approvals_missing");
        (await tenant.StepAsync(new string('0', 64), "approvals", triple.DeepClone(), Bob)).ShouldBeProblem(404, "candidate_not_found");
        (await tenant.StepAsync("x", "approvals", triple.DeepClone(), Bob)).ShouldBeProblem(400, "invalid_request");

        Task<Answer> Approve(JsonObject body, string who) => tenant.StepAsync(candidate, "approvals", body.DeepClone(), who);
    }

    [Theory]
    [InlineData("diff", """{"from":"x"}""", "/from", "must be a whole number of at most 9223372036854775807")]
    [InlineData("diff", """{"from":true}""", "/from", "must be a whole number of at most 9223372036854775807")]
    [InlineData("diff", """{"from":1.5}""", "/from", "must be a whole number of at most 9223372036854775807")]
    [InlineData("diff", "[]", "", "must be a JSON object")]
    [InlineData("approvals", """{"diff_digest":5,"position":1}""", "/diff_digest", "must be a text")]
    public async Task A_member_of_the_wrong_type_is_told_so(string step, string body, string pointer, string message)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.StepAsync(First.Digest, step, JsonNode.Parse(body)!, Ada);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
        ((string)answer.Json["errors"]![0]!["message"]!).ShouldBe(message);
    }

    [Fact]
    public async Task An_activation_for_later_waits_for_its_time_and_a_rollback_calls_it_off()
    {
        var clock = new ManualTime(Monday);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        var first = await tenant.ActivateAsync(Text);
        clock.Advance(TimeSpan.FromHours(1));
        var second = await tenant.ActivateAsync(Second.Text);
        clock.Advance(TimeSpan.FromHours(1));
        var third = await tenant.ActivateAsync(Third.Text, clock.GetUtcNow().AddDays(2));
        var policies = service.Services.GetRequiredService<PoliciesInForce>();

        (await InForce(TimeSpan.Zero)).ShouldBe(second);
        (await InForce(TimeSpan.FromDays(2) - TimeSpan.FromSeconds(1))).ShouldBe(second);
        (await InForce(TimeSpan.FromDays(2))).ShouldBe(third);
        var answer = await tenant.GetAsync("/v1/policy/in-force");
        ((string)answer.Json["candidate"]!).ShouldBe(second);
        ((string)answer.Json["next"]![0]!["candidate"]!).ShouldBe(third);

        clock.Advance(TimeSpan.FromHours(1));
        var back = await tenant.PostAsync(
            "/v1/policy/rollback", new JsonObject { ["candidate"] = first, ["reason"] = "it broke" }, ("X-Actor", Dan));

        back.ShouldBeDone();
        (await InForce(TimeSpan.FromDays(3))).ShouldBe(first);
        (await tenant.GetAsync("/v1/policy/in-force")).Json["next"]!.AsArray().ShouldBeEmpty();

        async Task<string?> InForce(TimeSpan ahead) =>
            (await (await policies.CurrentAsync(tenantId, CancellationToken.None)).AtAsync(clock.GetUtcNow() + ahead, CancellationToken.None))?.CandidateDigest;
    }

    [Fact]
    public async Task What_an_approver_rejected_does_not_decide_when_what_took_its_place_is_withdrawn()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = new ManualTime(Monday) });
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        var first = await tenant.ActivateAsync(Text);
        var second = await tenant.ActivateAsync(Second.Text, Monday.AddDays(10));
        var waiting = await PositionAsync();
        var third = await tenant.ActivateAsync(Third.Text, Monday.AddDays(5));
        var replaced = await PositionAsync();
        var policies = service.Services.GetRequiredService<PoliciesInForce>();
        var later = Monday.AddDays(11);

        (await tenant.DraftAsync(Second.Text)).ShouldBeDone();
        (await tenant.StepAsync(second, "rejections", new JsonObject { ["reason"] = "too wide" }, Bob)).ShouldBeDone();
        (await tenant.StepAsync(third, "retirement", new JsonObject(), Dan)).ShouldBeDone();

        (await tenant.GetAsync("/v1/policy/in-force")).Json["next"]!.AsArray().ShouldBeEmpty();
        var timeline = await policies.CurrentAsync(tenantId, CancellationToken.None);
        (await timeline.AtAsync(later, CancellationToken.None))!.CandidateDigest.ShouldBe(first);
        (await AsOfAsync(waiting)).ShouldBe(second);
        (await AsOfAsync(replaced)).ShouldBe(third);
        (await AsOfAsync(await PositionAsync())).ShouldBe(first);

        async Task<long> PositionAsync() => (long)(await tenant.GetAsync("/v1/policy/in-force")).Json["position"]!;

        async Task<string> AsOfAsync(long position) =>
            (await policies.AsOfAsync(tenantId, position, later, CancellationToken.None))!.CandidateDigest;
    }

    [Fact]
    public async Task Something_decides_while_the_clock_passes_the_time_of_an_activation()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        var time = TimeProvider.System.GetUtcNow().AddHours(1);
        var later = await tenant.ActivateAsync(Second.Text, time);
        var policies = new PoliciesInForce(
            service.Services.GetRequiredService<Store>(), service.Services.GetRequiredService<CompiledPolicies>(),
            new PassingTime(time.AddMilliseconds(-1), time.AddMilliseconds(1)));

        (await policies.NowAsync(tenantId, CancellationToken.None))!.CandidateDigest.ShouldBe(later);
    }

    [Fact]
    public async Task What_came_into_force_at_once_is_in_force_for_a_clock_that_is_behind_too()
    {
        var clock = new ManualClock(Monday);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = new Tenant(service.Client());
        await tenant.ActivateAsync(Text);
        clock.Advance(TimeSpan.FromHours(1));
        var second = await tenant.ActivateAsync(Second.Text);
        clock.Advance(TimeSpan.FromSeconds(-5));

        var answer = await tenant.GetAsync("/v1/policy/in-force");
        var (third, _) = await tenant.DiffedAsync(Third.Text);

        ((string)answer.Json["candidate"]!).ShouldBe(second);
        answer.Json["next"]!.AsArray().ShouldBeEmpty();
        third.ShouldBe(Third.Digest);
    }

    [Fact]
    public async Task As_of_a_position_what_decided_then_decides()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        var first = await tenant.ActivateAsync(Text);
        var before = await PositionAsync();
        var second = await tenant.ActivateAsync(Second.Text);
        var after = await PositionAsync();
        var policies = service.Services.GetRequiredService<PoliciesInForce>();
        var now = TimeProvider.System.GetUtcNow();

        (await policies.AsOfAsync(tenantId, before, now, CancellationToken.None))!.CandidateDigest.ShouldBe(first);
        (await policies.AsOfAsync(tenantId, after, now, CancellationToken.None))!.CandidateDigest.ShouldBe(second);
        (await policies.AsOfAsync(tenantId, 2, now, CancellationToken.None)).ShouldBeNull();

        async Task<long> PositionAsync() => (long)(await tenant.GetAsync("/v1/policy/in-force")).Json["position"]!;
    }

    [Fact]
    public async Task Whoever_brings_the_guard_decides_by_what_another_instance_has_just_activated()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(first.Client(tenantId));
        await tenant.ActivateAsync(Text);
        var (there, store) = (second.Services.GetRequiredService<PoliciesInForce>(), second.Services.GetRequiredService<Store>());
        var before = await there.CurrentAsync(tenantId, CancellationToken.None);

        (await GuardAsync(before)).ShouldBe(AppendOutcome.NothingToRecord);
        var next = await tenant.ActivateAsync(Second.Text);
        (await GuardAsync(before)).ShouldBe(AppendOutcome.VersionConflict);
        there.Forget(tenantId);

        var after = await there.CurrentAsync(tenantId, CancellationToken.None);
        (await GuardAsync(after)).ShouldBe(AppendOutcome.NothingToRecord);
        (await after.AtAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None))!.CandidateDigest.ShouldBe(next);

        async Task<AppendOutcome> GuardAsync(PolicyTimeline timeline) =>
            (await store.AppendAsync(tenantId, new EventMetadata("application"), timeline.Guard, CancellationToken.None)).Outcome;
    }

    [Fact]
    public async Task A_restart_decides_by_what_was_in_force()
    {
        await using var home = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        string candidate;
        await using (var service = await TestService.StartAsync(database: home.Database))
            candidate = await new Tenant(service.Client(tenantId)).ActivateAsync(Text);

        await using var restarted = await TestService.StartAsync(database: home.Database);
        var found = await restarted.Services.GetRequiredService<PoliciesInForce>()
            .NowAsync(tenantId, CancellationToken.None);

        (found!.CandidateDigest, found.PolicySetDigest, found.SchemaDigest).ShouldBe((candidate, First.PolicySetDigest, First.SchemaDigest));
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        var service = await TestService.SharedAsync();
        var candidate = await new Tenant(service.Client()).ActivateAsync(Text);
        var stranger = new Tenant(service.Client());

        (await stranger.GetAsync($"/v1/policy/candidates/{candidate}")).ShouldBeProblem(404, "candidate_not_found");
        (await stranger.GetAsync($"/v1/policy/candidates/{candidate}/text")).ShouldBeProblem(404, "candidate_not_found");
        (await stranger.GetAsync("/v1/policy/in-force")).Json["candidate"].ShouldBeNull();
    }

    [Fact]
    public async Task Candidates_come_in_pages_the_last_drafted_first()
    {
        var tenant = await Tenant.NewAsync();
        foreach (var candidate in (PolicyCandidate[])[First, Second, Third]) (await tenant.DraftAsync(candidate.Text)).ShouldBeDone();

        var page = (await tenant.GetAsync("/v1/policy/candidates?limit=2")).Json;
        var rest = (await tenant.GetAsync($"/v1/policy/candidates?limit=2&cursor={page["next_cursor"]}")).Json;

        Ids(page).Concat(Ids(rest)).ShouldBe([Third.Digest, Second.Digest, First.Digest]);
        rest["next_cursor"].ShouldBeNull();

        static IEnumerable<string> Ids(JsonNode answer) => answer["candidates"]!.AsArray().Select(c => (string)c!["candidate"]!);
    }

    [Fact]
    public async Task A_candidate_is_withdrawn_rejected_or_validated_again()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.NameApproversAsync();
        foreach (var candidate in (PolicyCandidate[])[First, Second, Third]) (await tenant.DraftAsync(candidate.Text)).ShouldBeDone();

        (await tenant.StepAsync(First.Digest, "retirement", new JsonObject(), Dan)).ShouldBeDone();
        (await tenant.StepAsync(Second.Digest, "rejections", new JsonObject { ["reason"] = "too wide" }, Bob)).ShouldBeDone();
        (await tenant.StepAsync(Second.Digest, "rejections", new JsonObject(), Bob)).Pointers.ShouldBe(["/reason"]);
        (await tenant.SendAsync(HttpMethod.Post, $"/v1/policy/candidates/{Third.Digest}/validation", null)).ShouldBeDone();

        (await tenant.GetAsync("/v1/policy/candidates")).Json["candidates"]!.AsArray().Select(c => (string)c!["state"]!)
            .ShouldBe(["validated", "rejected", "retired"]);
    }

    [Theory]
    [InlineData("%20")]
    [InlineData("%E3%80%80")]
    public async Task An_approver_has_a_name(string approver)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.SendAsync(HttpMethod.Put, $"/v1/policy/approvers/{approver}", null);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["approver"]);
    }

    [Fact]
    public async Task Approvers_are_listed_as_they_are_named_and_removed()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.NameApproversAsync();

        var answer = await tenant.SendAsync(HttpMethod.Delete, $"/v1/policy/approvers/{Bob}", null);

        answer.Json["approvers"]!.AsArray().Select(a => (string)a!).ShouldBe([Cleo]);
        (await tenant.GetAsync($"/v1/policy/approvers?min_position={answer.Headers["Stet-Position"]}")).Json["approvers"]!
            .AsArray().Count.ShouldBe(1);
    }

    /// <summary>A clock that tells one time, and another whenever it is asked again.</summary>
    sealed class PassingTime(DateTimeOffset first, DateTimeOffset then) : TimeProvider
    {
        int asked;

        public override DateTimeOffset GetUtcNow() => asked++ == 0 ? first : then;
    }
}
