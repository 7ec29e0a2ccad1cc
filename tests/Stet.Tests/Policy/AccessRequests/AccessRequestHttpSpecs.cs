using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.Lifecycle;
using static Stet.Tests.Policy.AccessRequests.AgentTenancy;
using AskedReader = Stet.Policy.AuthZen.AskedReader;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.AccessRequests;

/// <summary>Access requests over HTTP, under the ready-made rules for agents.</summary>
public sealed class AccessRequestHttpSpecs
{
    [Fact]
    public async Task What_a_person_approves_is_allowed_for_that_question_and_no_other()
    {
        var agents = await NewAsync();
        var denied = await agents.EvaluateAsync(Call());
        ((bool)denied["decision"]!).ShouldBeFalse();
        var id = (string)denied["context"]!["evaluation_id"]!;

        var requested = await agents.RequestAsync(Call(), Reference(denied));
        requested.Status.ShouldBe(202, requested.Text);
        ((string)requested.Json["task"]!["id"]!).ShouldBe(id);
        ((string)requested.Json["task"]!["status"]!).ShouldBe("pending");
        ((string)requested.Json["task"]!["status_endpoint"]!).ShouldBe($"/access/v1/requests/{id}");

        var waiting = (await agents.Tenant.GetAsync("/v1/policy/access-requests")).Json["access_requests"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)waiting["id"]!).ShouldBe(id);
        waiting["scope"]!.ToJsonString().ShouldBe(
            """{"subject_type":"identity","subject_id":"ada","action":"tools/call","resource_type":"tool","resource_id":"refund_order","stated":{"context":{"agent":"support-bot"},"resource":{},"subject":{}},"asked_digest":"53ac5a8ee28e5c03bcb578f9ca4b9e4e1d8ba745960e8a5bad42ae9ce5e6465d"}""");

        var approved = await agents.DecideAsync(id, "approval", why: "the customer is right");
        approved.Status.ShouldBe(200, approved.Text);
        ((string)approved.Json["status"]!).ShouldBe("approved");
        ((string)approved.Json["decided_by"]!).ShouldBe("carol");

        var task = await agents.TaskAsync(id);
        ((string)task.Json["task"]!["status"]!).ShouldBe("approved");
        task.Text.ShouldNotContain("carol");
        ((string)task.Json["result"]!["mode"]!).ShouldBe("reevaluate");
        var approval = task.Json["result"]!["approval"]!;

        ((bool)(await agents.EvaluateAsync(Call(approval: approval)))["decision"]!).ShouldBeTrue();
        ((bool)(await agents.EvaluateAsync(Call()))["decision"]!).ShouldBeFalse();
        (await agents.EvaluateAsync(Call("close_account", approval: approval)))["decision"]!.GetValue<bool>().ShouldBeFalse();
        (await agents.Tenant.GetAsync("/v1/policy/access-requests")).Json["access_requests"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_approval_for_another_question_says_what_to_do()
    {
        var agents = await NewAsync();
        var approval = await agents.ApprovedAsync();
        var other = Call(approval: approval);
        other["context"]!["order"] = "2002";

        var refused = await agents.EvaluateAsync(other);

        ((bool)refused["decision"]!).ShouldBeFalse();
        ((string)refused["context"]!["reason"]!).ShouldBe("out_of_scope");
        ((string)refused["context"]!["next_action"]!).ShouldBe("request");
        refused["context"]!["access_request"].ShouldNotBeNull();
    }

    [Theory]
    [InlineData("/context/order", "2002")]
    [InlineData("/context/amount", 90_000)]
    [InlineData("/action/properties/force", true)]
    [InlineData("/resource/properties/owner", "eve")]
    [InlineData("/subject/properties/name", "Ada")]
    public async Task What_the_schema_does_not_declare_is_part_of_what_was_approved(string pointer, object other)
    {
        var agents = await NewAsync();
        var asked = Call();
        asked["context"]!["order"] = "1001";
        asked["context"]!["supported_obligations"] = new JsonArray("step-up");
        var denial = Reference(await agents.EvaluateAsync(asked));
        (await agents.RequestAsync(asked, denial)).Status.ShouldBe(202);
        var id = (string)denial["evaluation_id"]!;
        (await agents.DecideAsync(id, "approval")).Status.ShouldBe(200);
        asked["context"]!["approval"] = new JsonObject { ["id"] = id };
        asked["context"]!.AsObject().Remove("supported_obligations");
        var another = asked.DeepClone();
        var (part, member, name) = pointer.Split('/') is [_, var first, .. var middle, var last] ? (first, middle, last) : default;
        var owner = member is [var between] ? another[part]![between] ??= new JsonObject() : another[part]!;
        owner[name] = JsonSerializer.SerializeToNode(other);

        ((bool)(await agents.EvaluateAsync(asked))["decision"]!).ShouldBeTrue();
        var refused = await agents.EvaluateAsync(another.AsObject());
        ((bool)refused["decision"]!).ShouldBeFalse();
        ((string)refused["context"]!["reason"]!).ShouldBe("out_of_scope");
        another["context"]!.AsObject().Remove("approval");
        (await agents.RequestAsync(another.AsObject(), denial)).ShouldBeProblem(400, "invalid_denial_binding");
    }

    [Fact]
    public async Task An_approval_that_nobody_gave_counts_for_nothing()
    {
        var agents = await NewAsync();
        var pending = await agents.RequestedAsync();
        var denied = await agents.RequestedAsync();
        (await agents.DecideAsync(denied, "denial")).Status.ShouldBe(200);
        (JsonNode Claim, string NextAction)[] claims =
        [
            (new JsonObject { ["id"] = "01a1fc2c-e334-7606-a1d8-5fd0e177f7d5", ["approved_until"] = "2999-01-01T00:00:00Z" }, "request"),
            (new JsonObject { ["id"] = pending, ["approved_until"] = "2999-01-01T00:00:00Z" }, "retry"),
            (new JsonObject { ["id"] = denied }, "request"), (new JsonObject { ["id"] = "yes" }, "request"), (new JsonObject(), "request"),
        ];

        foreach (var (claim, nextAction) in claims)
        {
            var refused = await agents.EvaluateAsync(Call(approval: claim));
            ((bool)refused["decision"]!).ShouldBeFalse();
            ((string)refused["context"]!["reason"]!).ShouldBe("approval_unverifiable");
            ((string)refused["context"]!["next_action"]!).ShouldBe(nextAction);
            refused["context"]!["access_request"].ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_revoked_approval_counts_no_more()
    {
        var agents = await NewAsync();
        var approval = await agents.ApprovedAsync();
        var id = (string)approval["id"]!;

        var revoked = await agents.DecideAsync(id, "revocation", "dave", "a mistake");

        foreach (var shown in (JsonNode[])[revoked.Json, (await agents.Tenant.GetAsync($"/v1/policy/access-requests/{id}")).Json])
            ((string?)shown["decided_by"], (string?)shown["reason"], (string?)shown["revoked_by"], (string?)shown["revocation_reason"])
                .ShouldBe(("carol", "because", "dave", "a mistake"));
        var refused = await agents.EvaluateAsync(Call(approval: approval));
        ((bool)refused["decision"]!).ShouldBeFalse();
        ((string)refused["context"]!["reason"]!).ShouldBe("approval_expired");
        var task = (await agents.TaskAsync(id)).Json;
        ((string)task["task"]!["status"]!).ShouldBe("approved");
        task["result"].ShouldBeNull();
        (await agents.DecideAsync(id, "revocation")).ShouldBeProblem(409, "access_request_not_approved");
    }

    [Fact]
    public async Task An_approval_ends_by_itself()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
        await using var service = await TestService.StartAsync(new() { Clock = clock });
        var agents = await NewAsync(new Tenant(service.Client()));
        var approval = await agents.ApprovedAsync();
        var pending = await agents.RequestedAsync();

        clock.Advance(TimeSpan.FromHours(4) - TimeSpan.FromSeconds(1));
        ((bool)(await agents.EvaluateAsync(Call(approval: approval)))["decision"]!).ShouldBeTrue();
        clock.Advance(TimeSpan.FromSeconds(2));
        var refused = await agents.EvaluateAsync(Call(approval: approval));
        ((bool)refused["decision"]!).ShouldBeFalse();
        ((string)refused["context"]!["reason"]!).ShouldBe("approval_expired");
        ((string)refused["context"]!["next_action"]!).ShouldBe("request");

        clock.Advance(TimeSpan.FromHours(24));
        ((string)(await agents.TaskAsync(pending)).Json["task"]!["status"]!).ShouldBe("expired");
        (await agents.Tenant.GetAsync("/v1/policy/access-requests?state=pending")).Json["access_requests"]!.AsArray().ShouldBeEmpty();
        (await agents.DecideAsync(pending, "approval")).ShouldBeProblem(409, "access_request_closed");
        (await agents.RequestAsync(Call(), Reference(refused))).ShouldBeProblem(409, "denial_expired");
    }

    [Theory]
    [InlineData("", "access_request_by_time")]
    [InlineData("and state ->> 'outcome' is null", "access_request_undecided")]
    public async Task Lists_are_read_in_the_order_of_an_index(string filter, string index)
    {
        var service = await TestService.SharedAsync();
        await using var connection = await service.Database.OpenAsync();
        await using var explain = new NpgsqlCommand($"""
            set enable_seqscan = off; set enable_bitmapscan = off;
            explain (costs off) select state from stet.access_request where tenant_id = 'x' {filter}
            order by (state ->> 'requested_at') collate "C" desc, stream_id desc limit 10
            """, connection);

        var plan = new List<string>();
        await using (var rows = await explain.ExecuteReaderAsync())
            while (await rows.ReadAsync()) plan.Add(rows.GetString(0).Trim());

        plan.ShouldContain(line => line.StartsWith($"->  Index Scan Backward using {index} ", StringComparison.Ordinal), string.Join('\n', plan));
        plan.ShouldNotContain(line => line.Contains("Sort", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_decision_that_rests_on_an_approval_records_it()
    {
        var agents = await NewAsync();
        var approval = await agents.ApprovedAsync();

        var answer = await agents.Tenant.PostAsync("/access/v1/evaluation", Call(approval: approval), ("X-Actor", "gateway"));

        var recorded = (await agents.Tenant.GetAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}")).Json["decision"]!;
        ((string)recorded["context"]!["approval"]!["id"]!).ShouldBe((string)approval["id"]!);
        recorded["sources"]!["governed"]!.AsArray().Select(n => (string)n!).ShouldContain("context.approval");
    }

    [Theory]
    [InlineData("find_order")]
    [InlineData("export_orders")]
    [InlineData("format_disk")]
    [InlineData("refund_order", "notes-bot")]
    public async Task What_an_approval_would_not_change_is_not_offered(string tool, string agent = "support-bot")
    {
        var agents = await NewAsync();

        var answer = await agents.EvaluateAsync(Call(tool, agent));

        answer["context"]?["access_request"].ShouldBeNull();
    }

    [Theory]
    [InlineData("unless { context has approval }", "", true)]
    [InlineData("when { true }", "", false)]
    [InlineData("unless { context has approval && resource has vip }", "", false)]
    [InlineData("unless { context has approval }", "unless { context has approval }", false)]
    [InlineData("unless { context has approval && context.approval.approved_by == \"carol\" }", "", true)]
    public async Task A_denial_is_offered_where_an_approval_could_lift_it(string forbidden, string permitted, bool isOffered)
    {
        var tenant = await Tenant.NewAsync();
        await tenant.ActivateAsync(new(
            [
                new("all", $"permit (principal, action, resource) {permitted};"),
                new("asks", $"@access_request(\"1h\") forbid (principal, action, resource) {forbidden};"),
            ],
            [], "{}",
            """
            entity identity;
            entity tool { vip?: Bool };
            action "tools/call" appliesTo { principal: identity, resource: tool, context: { approval?: { approved_by: String } } };
            """, "[]"));
        var agents = new AgentTenancy(tenant);
        await agents.RegisterAsync("access_request");
        var question = Call();
        question.Remove("context");

        var answer = await tenant.PostAsync("/access/v1/evaluation", question, ("X-Actor", "gateway"));

        (answer.Json["context"]?["access_request"] is not null).ShouldBe(isOffered, answer.Text);
        var requested = await agents.RequestAsync(question, await ReferenceAsync(tenant, answer));
        if (isOffered) requested.Status.ShouldBe(202, requested.Text);
        else requested.ShouldBeProblem(409, "denial_not_requestable");
    }

    [Fact]
    public async Task Without_the_draft_nothing_is_offered_taken_or_counted()
    {
        var agents = await NewAsync();
        var approval = await agents.ApprovedAsync();
        var denial = Reference(await agents.EvaluateAsync(Call()));
        await agents.RegisterAsync();

        (await agents.EvaluateAsync(Call())).ToJsonString().ShouldBe("""{"decision":false}""");
        (await agents.EvaluateAsync(Call(approval: approval))).ToJsonString().ShouldBe("""{"decision":false}""");
        (await agents.RequestAsync(Call(), denial)).ShouldBeProblem(403, "access_request_off");
    }

    [Fact]
    public async Task A_request_has_to_be_for_what_was_denied()
    {
        var agents = await NewAsync();
        var denial = Reference(await agents.EvaluateAsync(Call()));

        foreach (var other in (JsonObject[])[Call("close_account"), Call(agent: "stray-bot"), Call(subject: "grace")])
            (await agents.RequestAsync(other, denial)).ShouldBeProblem(400, "invalid_denial_binding");

        (await agents.RequestAsync(Call(), new JsonObject { ["evaluation_id"] = "01a1fc2c-e334-7606-a1d8-5fd0e177f7d5", ["expires_at"] = (string)denial["expires_at"]! }))
            .ShouldBeProblem(400, "invalid_denial_binding");
        (await agents.RequestAsync(Call(), new JsonObject { ["evaluation_id"] = (string)denial["evaluation_id"]!, ["expires_at"] = "2999-01-01T00:00:00Z" }))
            .ShouldBeProblem(400, "invalid_denial_binding");
    }

    [Fact]
    public async Task A_decision_that_no_approval_would_change_cannot_be_asked_about()
    {
        var agents = await NewAsync();
        var offered = Reference(await agents.EvaluateAsync(Call()));
        var answer = await agents.Tenant.PostAsync("/access/v1/evaluation", Call("export_orders"), ("X-Actor", "gateway"));

        (await agents.RequestAsync(Call("export_orders"), await ReferenceAsync(agents.Tenant, answer))).ShouldBeProblem(409, "denial_not_requestable");
        (await agents.RequestAsync(Call(), offered)).Status.ShouldBe(202);
    }

    /// <summary>What would refer to a denial, offered or not.</summary>
    static async Task<JsonObject> ReferenceAsync(Tenant tenant, Answer denied)
    {
        var id = denied.Headers["Stet-Evaluation-Id"];
        var at = (string)(await tenant.GetAsync($"/v1/policy/decisions/{id}")).Json["decision"]!["now"]!;
        var expires = DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture).AddMinutes(15).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture);
        return new JsonObject { ["evaluation_id"] = id, ["expires_at"] = expires };
    }

    [Fact]
    public async Task A_denial_that_cannot_be_read_cannot_be_asked_about()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var agents = await NewAsync(new Tenant(service.Client(tenantId)));
        var denial = Reference(await agents.EvaluateAsync(Call()));
        var listed = await agents.Tenant.GetAsync($"/v1/policy/decisions/{denial["evaluation_id"]}");
        await service.LoseSubjectAsync(tenantId, (long)listed.Json["position"]!);

        (await agents.RequestAsync(Call(), denial)).ShouldBeProblem(409, "decision_unreadable");
    }

    [Theory]
    [InlineData("/denial", null)]
    [InlineData("/denial/evaluation_id", "{}")]
    [InlineData("/denial/evaluation_id", """{"evaluation_id": 7}""")]
    [InlineData("/denial/expires_at", """{"evaluation_id": "01a1fc2c-e334-7606-a1d8-5fd0e177f7d5", "expires_at": "soon"}""")]
    public async Task A_request_without_a_proper_reference_is_refused(string pointer, string? denial)
    {
        var tenant = await Tenant.NewAsync();
        var body = Call();
        body["denial"] = denial is null ? null : JsonNode.Parse(denial);

        var answer = await tenant.PostAsync("/access/v1/requests", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
    }

    [Fact]
    public async Task A_denial_is_asked_about_once()
    {
        var agents = await NewAsync();
        var denial = Reference(await agents.EvaluateAsync(Call()));

        var first = await agents.RequestAsync(Call(), denial);
        var second = await agents.RequestAsync(Call(), denial);

        second.Status.ShouldBe(202);
        second.Text.ShouldBe(first.Text);
        (await agents.Tenant.GetAsync("/v1/policy/access-requests")).Json["access_requests"]!.AsArray().Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("ada")]
    [InlineData("gateway")]
    public async Task Nobody_approves_for_themselves(string person)
    {
        var agents = await NewAsync();
        var id = await agents.RequestedAsync();

        (await agents.DecideAsync(id, "approval", person)).ShouldBeProblem(403, "access_approval_by_requester");
        (await agents.DecideAsync(id, "denial", person)).ShouldBeProblem(403, "access_approval_by_requester");
    }

    [Fact]
    public async Task A_denied_request_stays_denied()
    {
        var agents = await NewAsync();
        var id = await agents.RequestedAsync();

        (await agents.DecideAsync(id, "denial", why: "too much money")).Status.ShouldBe(200);

        var task = await agents.TaskAsync(id);
        ((string)task.Json["task"]!["status"]!).ShouldBe("denied");
        task.Json["result"].ShouldBeNull();
        (await agents.DecideAsync(id, "approval")).ShouldBeProblem(409, "access_request_closed");
        ((string)(await agents.Tenant.GetAsync($"/v1/policy/access-requests/{id}")).Json["reason"]!).ShouldBe("too much money");
    }

    [Fact]
    public async Task Who_asked_takes_a_request_back()
    {
        var agents = await NewAsync();
        var id = await agents.RequestedAsync();

        (await CancelAsync("other")).ShouldBeProblem(404, "access_request_not_found");
        ((string)(await CancelAsync("gateway")).Json["task"]!["status"]!).ShouldBe("cancelled");
        ((string)(await CancelAsync("gateway")).Json["task"]!["status"]!).ShouldBe("cancelled");

        Task<Answer> CancelAsync(string pep) =>
            agents.Tenant.SendAsync(HttpMethod.Delete, $"/access/v1/requests/{id}", null, ("X-Actor", pep));
    }

    [Fact]
    public async Task A_request_is_the_business_of_its_tenant_and_its_enforcement_point()
    {
        var agents = await NewAsync();
        var others = await Tenant.NewAsync();
        var id = await agents.RequestedAsync();

        (await agents.TaskAsync(id, "other")).ShouldBeProblem(404, "access_request_not_found");
        (await others.GetAsync($"/access/v1/requests/{id}", ("X-Actor", "gateway"))).ShouldBeProblem(404, "access_request_not_found");
        (await others.GetAsync($"/v1/policy/access-requests/{id}")).ShouldBeProblem(404, "access_request_not_found");
        (await others.GetAsync("/v1/policy/access-requests")).Json["access_requests"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Requests_are_listed_in_pages_the_newest_first()
    {
        var agents = await NewAsync();
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Insert(0, await agents.RequestedAsync());
        (await agents.DecideAsync(ids[1], "denial")).Status.ShouldBe(200);

        var first = (await agents.Tenant.GetAsync("/v1/policy/access-requests?state=all&limit=2")).Json;
        var second = (await agents.Tenant.GetAsync($"/v1/policy/access-requests?state=all&limit=2&cursor={first["next_cursor"]}")).Json;

        IdsIn(first).Concat(IdsIn(second)).ShouldBe(ids);
        second["next_cursor"].ShouldBeNull();
        IdsIn((await agents.Tenant.GetAsync("/v1/policy/access-requests")).Json).ShouldBe([ids[0], ids[2]]);

        static IEnumerable<string> IdsIn(JsonNode page) => page["access_requests"]!.AsArray().Select(r => (string)r!["id"]!);
    }

    [Fact]
    public async Task What_one_instance_revokes_counts_for_nothing_in_the_other_at_once()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await AgentTenancy.NewAsync(new Tenant(first.Client(tenantId)));
        var there = new AgentTenancy(new Tenant(second.Client(tenantId)));
        var approval = await here.ApprovedAsync();
        ((bool)(await there.EvaluateAsync(Call(approval: approval)))["decision"]!).ShouldBeTrue();

        (await here.DecideAsync((string)approval["id"]!, "revocation")).Status.ShouldBe(200);

        ((bool)(await there.EvaluateAsync(Call(approval: approval)))["decision"]!).ShouldBeFalse();
    }

    [Fact]
    public async Task A_decision_on_an_approval_that_is_revoked_meanwhile_is_taken_again()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await AgentTenancy.NewAsync(new Tenant(first.Client(tenantId)));
        var approval = await here.ApprovedAsync();
        var id = Guid.Parse((string)approval["id"]!);
        var recorder = second.Services.GetRequiredService<DecisionRecorder>();
        var tenant = (await second.Services.GetRequiredService<Store>().FindTenantAsync(tenantId, CancellationToken.None))!;
        using var question = JsonDocument.Parse(Call(approval: approval).ToJsonString());
        new AskedReader(question.RootElement, default).Read(out var asked).ShouldBeNull();
        var taken = new List<bool>();

        var (decision, _) = await recorder.RecordAsync<bool>(tenant, "gateway", [id], new EventMetadata("enforcer"), receipt: null, basis =>
        {
            var one = basis.Decide(asked, []);
            taken.Add(one.Effective.Decision);
            if (taken.Count == 1) here.DecideAsync(id.ToString(), "revocation").GetAwaiter().GetResult().Status.ShouldBe(200);
            return (one.Effective.Decision, [new StreamCommand<NoState>(
                DecisionRecorder.DecisionsState, DecisionRecorder.StreamOf(tenant, "identity", "ada"),
                (_, now) => [one.Event(basis, null, null) with { EvaluationId = Guid.CreateVersion7(now) }])]);
        }, CancellationToken.None);

        (decision, taken.Count).ShouldBe((false, 2));
        taken.ShouldBe([true, false]);
    }

    [Fact]
    public async Task A_step_that_its_actor_repeats_gets_the_answer_of_the_first()
    {
        var agents = await NewAsync();
        var id = await agents.RequestedAsync();

        var first = await ApproveAsync();
        var second = await ApproveAsync();

        first.Status.ShouldBe(200, first.Text);
        second.Text.ShouldBe(first.Text);
        (await ApproveAsync("dave")).ShouldBeProblem(409, "idempotency_conflict");

        Task<Answer> ApproveAsync(string who = "carol") => agents.Tenant.PostAsync(
            $"/v1/policy/access-requests/{id}/approval", new JsonObject { ["note"] = "yes" }, ("X-Actor", who), ("Idempotency-Key", $"approve-{id}"));
    }
}
