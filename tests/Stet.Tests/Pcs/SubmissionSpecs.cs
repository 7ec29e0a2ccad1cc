using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Pcs;
using Stet.Pcs.Service;
using Stet.Testing;
using Stet.Tests.Authentication;
using Stet.Tests.Http;
using static Stet.Tests.Pcs.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

public class SubmissionSpecs
{
    [Fact]
    public async Task Two_instances_that_receive_an_id_at_once_record_one_event_and_give_one_answer()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await PcsTenancy.NewAsync(first, tenantId);
        var there = new Tenant(second.Client(tenantId));

        for (var epoch = 0; epoch < 10; epoch++)
        {
            var document = (Document with { Epoch = epoch }).Signed();
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => (n % 2 == 0 ? here : there).SubmitAsync(document)));

            answers.Select(a => (a.Status, a.Text)).Distinct().ShouldHaveSingleItem().Status.ShouldBe(200);
            answers.Count(a => !a.Headers.ContainsKey("Stet-Duplicate")).ShouldBe(1);
        }

        (await EventsAsync(first, tenantId)).OfType<PcsAccepted>().Count().ShouldBe(10);
    }

    [Fact]
    public async Task Of_two_contents_at_once_one_is_the_first_and_the_other_is_refused()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await PcsTenancy.NewAsync(first, tenantId);
        var there = new Tenant(second.Client(tenantId));

        var answers = await Task.WhenAll(here.SubmitAsync(Document), there.SubmitAsync(Doubtful));

        answers.Count(a => a.Status == 409).ShouldBe(1);
        var events = await EventsAsync(first, tenantId);
        events.Count(e => e is PcsAccepted or PcsEscalated).ShouldBe(1);
        events.OfType<PcsEquivocated>().ShouldHaveSingleItem().Members.ShouldBe(["budget"]);
    }

    [Fact]
    public async Task A_restart_keeps_every_answer()
    {
        await using var home = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        Answer before;
        await using (var service = await TestService.StartAsync(database: home.Database))
            before = await (await PcsTenancy.NewAsync(service, tenantId)).SubmitAsync(Doubtful);

        await using var restarted = await TestService.StartAsync(database: home.Database);
        var after = await new Tenant(restarted.Client(tenantId)).SubmitAsync(Doubtful with { Attempt = 2 });

        (after.Status, after.Text).ShouldBe((202, before.Text));
        after.Headers["Stet-Duplicate"].ShouldBe("true");
    }

    [Fact]
    public async Task What_comes_again_too_late_for_its_first_answer_is_recorded_anew_and_then_has_that_answer()
    {
        var clock = new ManualTime(Monday);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = await PcsTenancy.NewAsync(service);
        var first = await tenant.SubmitAsync(Document);

        clock.Advance(TimeSpan.FromDays(14) - TimeSpan.FromSeconds(1));
        (await tenant.SubmitAsync(Document)).Text.ShouldBe(first.Text);
        clock.Advance(TimeSpan.FromSeconds(2));
        var anew = await tenant.SubmitAsync(Document);
        clock.Advance(TimeSpan.FromDays(13));
        var again = await tenant.SubmitAsync(Document);

        ((long)anew.Json["position"]!).ShouldBeGreaterThan((long)first.Json["position"]!);
        anew.Headers.ContainsKey("Stet-Duplicate").ShouldBeFalse();
        again.Text.ShouldBe(anew.Text);
        (await tenant.SubmitAsync(Doubtful)).Json["first_position"]!.ToString().ShouldBe(first.Json["position"]!.ToString());
        (await tenant.ReadAsync($"/v1/pcs/{Document.PcsId}"))["submissions"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_tenant_may_have_its_first_answers_for_another_time()
    {
        var clock = new ManualTime(Monday);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = await PcsTenancy.NewAsync(service);
        var usual = await tenant.ReadAsync("/v1/pcs/parameters");
        var set = await tenant.PutAsync("/v1/pcs/parameters", """{"answer_lifetime_seconds":7200}""");
        var first = await tenant.SubmitAsync(Document);

        clock.Advance(TimeSpan.FromHours(2) - TimeSpan.FromSeconds(1));
        (await tenant.SubmitAsync(Document)).Text.ShouldBe(first.Text);
        clock.Advance(TimeSpan.FromSeconds(2));
        (await tenant.SubmitAsync(Document)).Headers.ContainsKey("Stet-Duplicate").ShouldBeFalse();

        ((long)usual["parameters"]!["answer_lifetime_seconds"]!).ShouldBe(1_209_600);
        ((long)set.Json["parameters"]!["answer_lifetime_seconds"]!).ShouldBe(7_200);
        (await tenant.PutAsync("/v1/pcs/parameters", """{"answer_lifetime_seconds":3599}""")).Pointers.ShouldBe(["/answer_lifetime_seconds"]);
    }

    [Fact]
    public async Task The_fiftieth_recording_of_a_document_takes_no_more_appends_than_the_third()
    {
        var clock = new ManualTime(Monday);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = await PcsTenancy.NewAsync(service);
        await tenant.PutAsync("/v1/pcs/parameters", """{"answer_lifetime_seconds":3600}""");
        for (var n = 1; n < 50; n++) await AgainAsync();
        var before = await AppendsAsync();

        await AgainAsync();

        (await AppendsAsync() - before).ShouldBe(3);
        (await tenant.SubmitAsync(Document)).Headers["Stet-Duplicate"].ShouldBe("true");

        async Task AgainAsync()
        {
            clock.Advance(TimeSpan.FromMinutes(61));
            var answer = await tenant.SubmitAsync(Document);
            answer.Status.ShouldBe(200, answer.Text);
            answer.Headers.ContainsKey("Stet-Duplicate").ShouldBeFalse();
        }

        async Task<long> AppendsAsync() => (await tenant.GetAsync("/metrics")).Text.Split('\n')
            .Where(line => line.StartsWith("flk_commit_latency_ms_count", StringComparison.Ordinal))
            .Sum(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Each_contradiction_of_an_id_is_recorded_once_and_ten_at_most()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        await tenant.SubmitAsync(Document);

        for (var n = 0; n < 12; n++)
        {
            var other = (Document with { Budget = 0.3 + (n * 0.001) }).Signed();
            (await tenant.SubmitAsync(other)).ShouldBeProblem(409, "pcs_equivocation");
            (await tenant.SubmitAsync(other)).ShouldBeProblem(409, "pcs_equivocation");
        }

        (await EventsAsync(service, tenantId)).OfType<PcsEquivocated>().Count().ShouldBe(10);
        (await tenant.SubmitAsync(Document)).Headers["Stet-Duplicate"].ShouldBe("true");
    }

    [Fact]
    public async Task A_difference_that_no_signature_covers_is_not_held_against_the_shard()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        await tenant.SubmitAsync(Document);

        var answer = await tenant.SubmitAsync(Document with { Seed = 43 });

        answer.ShouldBeProblem(409, "pcs_equivocation");
        ((bool)answer.Json["signed_part_differs"]!).ShouldBeFalse();
        var summary = await tenant.ReadAsync("/v1/pcs/summary");
        ((int)summary["equivocated"]!, (int)summary["equivocated_unsigned"]!).ShouldBe((0, 1));
    }

    [Fact]
    public async Task Tenants_know_nothing_of_each_other()
    {
        var service = await TestService.SharedAsync();
        var ours = await PcsTenancy.NewAsync(service);
        var theirs = await PcsTenancy.NewAsync(service);
        await ours.SubmitAsync(Document);

        (await theirs.GetAsync($"/v1/pcs/{Document.PcsId}")).ShouldBeProblem(404, "pcs_not_found");
        var answer = await theirs.SubmitAsync(Doubtful);

        answer.Status.ShouldBe(202, answer.Text);
        answer.Headers.ContainsKey("Stet-Duplicate").ShouldBeFalse();
        (await theirs.ReadAsync("/v1/pcs"))["submissions"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_revoked_at_one_instance_verifies_nothing_at_another_from_then_on()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await PcsTenancy.NewAsync(first, tenantId);
        var there = new Tenant(second.Client(tenantId));
        (await there.SubmitAsync(Document)).Status.ShouldBe(200);

        (await here.SendAsync(HttpMethod.Delete, "/v1/pcs/keys/k1", null)).Json["state"]!.ToString().ShouldBe("revoked");

        (await there.SubmitAsync((Document with { Epoch = 8 }).Signed())).ShouldBeProblem(401, "key_unknown");
        (await here.SubmitAsync((Document with { Epoch = 9 }).Signed())).ShouldBeProblem(401, "key_unknown");
        (await there.ReadAsync($"/v1/pcs/{Document.PcsId}"))["submissions"]![0]!["outcome"]!.ToString().ShouldBe("ACCEPTED");
    }

    [Fact]
    public async Task A_key_registered_at_one_instance_verifies_at_another_from_then_on()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await PcsTenancy.NewAsync(first, tenantId);
        var there = new Tenant(second.Client(tenantId));

        for (var epoch = 0; epoch < 3; epoch++)
        {
            // So that the other instance has just read the tenant's keys.
            (await there.SubmitAsync((Document with { Epoch = epoch }).Signed())).Status.ShouldBe(200);
            var registered = await here.PutAsync($"/v1/pcs/keys/new{epoch}", $$"""{"use":"0.1","alg":"HS256","secret":"secret {{epoch}}"}""");
            registered.Status.ShouldBe(200, registered.Text);

            var answer = await there.SubmitAsync((Document with { Epoch = 100 + epoch }).Signed($"secret {epoch}"));

            answer.Status.ShouldBe(200, answer.Text);
        }

        (await EventsAsync(first, tenantId)).OfType<Stet.Pcs.Service.PcsRefused>().ShouldBeEmpty();
        var deliveries = (await there.CountedAsync(6))["deliveries"]!;
        ((int)deliveries["signature_failures"]!).ShouldBe(0);
    }

    [Fact]
    public async Task Every_verdict_can_be_had_again_from_its_event()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        PcsDocument[] documents =
        [
            Document, (Doubtful with { Epoch = 1 }).Signed(), (Document with { Epoch = long.MaxValue, DHat = -0.0, Seed = long.MinValue }).Signed(),
            (Document with { Epoch = 2, Delivery = new PcsDelivery(1, true, ["zlib", "\u0001 other"], -5) }).Signed(),
        ];
        foreach (var document in documents)
        {
            var answer = await tenant.SubmitAsync(document);
            answer.Status.ShouldBeInRange(200, 202, answer.Text);
        }

        Submission[] recorded =
        [
            .. (await EventsAsync(service, tenantId)).Select(e => e switch
            {
                PcsAccepted accepted => accepted.Submission,
                PcsEscalated escalated => escalated.Submission,
                _ => null,
            }).OfType<Submission>(),
        ];

        recorded.Select(s => s.Document).ShouldBe(documents);
        var keys = new PcsTenant(tenantId, PcsSignaturePolicy.Required, [PcsKey.Hmac("k1", PcsVersion.V01, PcsTenancy.Secret)], PcsParameters.Default);
        foreach (var submission in recorded)
        {
            var verdict = PcsVerifier.Verify(submission.Document.ToJson(), keys, submission.ReceivedAt).ShouldBeOfType<PcsVerified>();
            (verdict.ContentDigest, verdict.Authenticity.Dialect.Name(), verdict.Assessment.RecomputedDHat, verdict.Assessment.RecomputedBudget)
                .ShouldBe((submission.ContentDigest, submission.Dialect, submission.RecomputedDHat, submission.RecomputedBudget));
            verdict.Assessment.Findings.ShouldBe(submission.Reasons);
        }
    }

    [Fact]
    public async Task An_answer_may_carry_a_receipt()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await PcsTenancy.NewAsync(service);

        var answer = await tenant.SendAsync(HttpMethod.Post, $"{PcsTenancy.Submit}?receipt=true", Document.ToJson());

        answer.Json["receipts"]!.AsArray().ShouldHaveSingleItem()!["position"]!.ToString().ShouldBe(answer.Headers["Stet-Position"]);
    }

    [Fact]
    public async Task A_parameter_that_a_submission_does_not_take_is_refused_and_nothing_is_recorded()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);

        var answer = await tenant.SendAsync(HttpMethod.Post, $"{PcsTenancy.Submit}?reciept=true", Document.ToJson());

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["reciept"]);
        (await EventsAsync(service, tenantId)).ShouldHaveSingleItem().ShouldBeOfType<PcsKeyRegistered>();
    }

    [Fact]
    public async Task What_is_no_JSON_by_its_type_is_refused_and_only_counted()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);

        (await tenant.SubmitAsync(Document, ("Content-Type", "text/plain"))).ShouldBeProblem(415, "unsupported_media_type");
        (await tenant.PostTextAsync(PcsTenancy.Submit, "[]")).ShouldBeProblem(400, "json_malformed");

        (await EventsAsync(service, tenantId)).ShouldHaveSingleItem().ShouldBeOfType<PcsKeyRegistered>();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("BREW")]
    public async Task Every_method_but_one_is_refused_and_counted(string method)
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        var before = await RefusedAsync(tenant, "method_not_allowed");

        var answer = await tenant.SendAsync(new HttpMethod(method), PcsTenancy.Submit, null);

        answer.ShouldBeProblem(405, "method_not_allowed");
        answer.Headers["Allow"].ShouldBe("POST");
        (await RefusedAsync(tenant, "method_not_allowed")).ShouldBeGreaterThan(before);
    }

    [Fact]
    public async Task A_body_of_another_type_is_counted()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        var before = await RefusedAsync(tenant, "unsupported_media_type");

        await tenant.SubmitAsync(Document, ("Content-Type", "text/plain"));

        (await RefusedAsync(tenant, "unsupported_media_type")).ShouldBeGreaterThan(before);
    }

    [Fact]
    public async Task Refusals_beyond_measure_are_only_counted()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = new ManualTime(Monday) });
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);

        for (var n = 0; n < 5; n++) (await tenant.SubmitAsync(Document.Signed("wrong"))).ShouldBeProblem(401, "signature_invalid");

        var refused = (await EventsAsync(service, tenantId)).OfType<Stet.Pcs.Service.PcsRefused>().ShouldHaveSingleItem();
        (refused.Code, refused.PcsId, refused.SourceAddress, refused.Suppressed).ShouldBe(("signature_invalid", Document.PcsId, "127.0.0.1", 0));
        refused.BodyLength.ShouldBe(Document.Signed("wrong").ToJson().Length);
    }

    [Fact]
    public async Task An_address_has_a_budget_before_anything_is_verified_and_a_tenants_is_spent_by_nobody_else()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["Pcs:AddressPerSecond"] = "0.1", ["Pcs:AddressBurst"] = "4", ["Pcs:TenantPerSecond"] = "0.1", ["Pcs:TenantBurst"] = "1" },
        });
        var tenant = await PcsTenancy.NewAsync(service);

        (await tenant.SubmitAsync(Document.Signed("wrong"))).ShouldBeProblem(401, "signature_invalid");
        (await tenant.SubmitAsync(Document)).Status.ShouldBe(200);
        var second = await tenant.SubmitAsync(Document);
        await tenant.PostTextAsync(PcsTenancy.Submit, "{}");
        var fifth = await tenant.PostTextAsync(PcsTenancy.Submit, "{}");

        second.ShouldBeProblem(429, "rate_limited");
        second.Headers["RateLimit-Policy"].ShouldBe("\"pcs_tenant\";q=1;w=10");
        fifth.ShouldBeProblem(429, "rate_limited");
        fifth.Headers["RateLimit"].ShouldStartWith("\"pcs_address\";r=0;t=");
        int.Parse(fifth.Headers["Retry-After"]).ShouldBeInRange(1, 10);
    }

    static async Task<long> RefusedAsync(Tenant tenant, string code)
    {
        var series = $"flk_refused_total{{code=\"{code}\"}} ";
        var line = (await tenant.GetAsync("/metrics")).Text.Split('\n').FirstOrDefault(l => l.StartsWith(series, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[series.Length..]);
    }

    static async Task<object[]> EventsAsync(TestService service, string tenantId) =>
        [.. (await service.Services.GetRequiredService<Store>().ReadAsync(tenantId, 0, 1_000, CancellationToken.None)).Select(e => e.Data)];
}
