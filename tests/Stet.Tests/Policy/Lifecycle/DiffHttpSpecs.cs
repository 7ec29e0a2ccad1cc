using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using static Stet.Tests.Policy.Lifecycle.Widening;
using Answer = Stet.Tests.Http.Answer;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

public class DiffHttpSpecs
{
    [Fact]
    public async Task A_dry_run_that_was_cancelled_while_it_waited_is_not_under_way()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        var (first, _) = await tenant.DiffedAsync(Text);
        var (second, _) = await tenant.DiffedAsync(Wider.Text);
        var diffs = service.Services.GetRequiredService<PolicyDiffs>();
        await using var connection = await service.Database.OpenAsync();
        await using var hold = await connection.BeginTransactionAsync();
        await using (var block = new NpgsqlCommand("lock table stet.mt_events in access exclusive mode", connection))
            await block.ExecuteNonQueryAsync();
        using var cancel = new CancellationTokenSource();

        var underWay = diffs.RunAsync(tenantId, first, 1, null, CancellationToken.None);
        while (diffs.ProgressOf(tenantId, first) is null) await Task.Delay(10);
        var waiting = diffs.RunAsync(tenantId, second, 1, null, cancel.Token);
        while (diffs.ProgressOf(tenantId, second) is null) await Task.Delay(10);
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
        diffs.ProgressOf(tenantId, second).ShouldBeNull();
        await hold.RollbackAsync();
        (await underWay).Problem.ShouldBeNull();
    }

    [Fact]
    public async Task A_report_counts_all_and_lists_what_would_change()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var (service, last) = (await TestService.SharedAsync(), 0L);
        last = await service.DecideAsync(
            tenantId, Request(), Request("write"), Request(open: false), Request("write", user: "ben"), Request("delete"));

        var diffed = await DiffAsync(tenant, Wider);
        var (first, lines) = Lines(await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!));

        Counts(diffed["counts"]!).ShouldBe("deny_to_allow 2, same 3");
        ((string)first["candidate"]!, (string)first["baseline"]!).ShouldBe((Wider.Digest, First.Digest));
        ((long)first["to"]!).ShouldBe((long)diffed["position"]!);
        Counts(first["counts"]!["total"]!).ShouldBe("deny_to_allow 2, same 3");
        Counts(first["counts"]!["by_action"]!["write"]!).ShouldBe("deny_to_allow 2");
        Counts(first["counts"]!["by_action"]!["(other)"]!).ShouldBe("same 1");
        Counts(first["counts"]!["by_subject_type"]!["User"]!).ShouldBe("deny_to_allow 2, same 3");
        Counts(first["counts"]!["by_resource_type"]!["Document"]!).ShouldBe("deny_to_allow 2, same 3");
        lines.Select(l => ((long)l["position"]!, (string)l["class"]!, (string)l["action"]!)).ShouldBe(
            [(last - 3, "deny_to_allow", "write"), (last - 1, "deny_to_allow", "write")]);
        ((bool)lines[0]["before"]!["decision"]!, (bool)lines[0]["after"]!["decision"]!).ShouldBe((false, true));
        ((string)lines[0]["after"]!["determining"]![0]!).ShouldBe("open-write");
    }

    [Fact]
    public async Task A_diff_tells_whose_decisions_would_change()
    {
        var (_, tenantId, tenant) = await StartAsync();
        await (await TestService.SharedAsync()).DecideAsync(
            tenantId, Request(), Request("write", user: "ben"), Request("write", user: "ben"), Request("write", user: "ann"));

        var affected = (await DiffAsync(tenant, Wider))["affected"]!;

        Parties("subjects").ShouldBe(["User ben: deny_to_allow 2", "User ann: deny_to_allow 1"]);
        Parties("resources").ShouldBe(["Document d1: deny_to_allow 3"]);

        IEnumerable<string> Parties(string side) => affected[side]!.AsArray().Select(p => $"{p!["type"]} {p["id"]}: {Counts(p["counts"]!)}");
    }

    [Fact]
    public async Task A_diff_tells_which_agents_decisions_would_change()
    {
        var tenant = await Tenant.NewAsync();
        var text = Text with { Schema = SchemaText.Replace("urgent?: Bool", "urgent?: Bool, agent?: String", StringComparison.Ordinal) };
        await tenant.ActivateAsync(text);
        foreach (var (action, agent) in ((string, string?)[])[("write", "bot"), ("write", "bot"), ("write", "aide"), ("write", null), ("read", "calm")])
        {
            var question = JsonNode.Parse("""
                {"subject":{"type":"User","id":"ann"},"action":{},"resource":{"type":"Document","id":"d","properties":{"open":true}},"context":{}}
                """)!;
            (question["action"]!["name"], question["context"]!["agent"]) = (action, agent);
            (await tenant.PostAsync("/access/v1/evaluation", question)).Status.ShouldBe(200);
        }

        var affected = (await DiffAsync(tenant, Valid(text with { Policies = Wider.Text.Policies })))["affected"]!;

        affected["agents"]!.AsArray().Select(p => $"{p!["type"]} {p["id"]}: {Counts(p["counts"]!)}")
            .ShouldBe(["agent bot: deny_to_allow 2", "agent aide: deny_to_allow 1"]);
    }

    [Fact]
    public async Task A_report_is_canonical_and_its_digest_is_that_of_its_bytes()
    {
        var (_, tenantId, tenant) = await StartAsync();
        await (await TestService.SharedAsync()).DecideAsync(tenantId, Request(), Request("write"));
        var diffed = await DiffAsync(tenant, Wider);

        var report = await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!);

        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(report))).ShouldBe((string)diffed["diff_digest"]!);
        foreach (var line in report.TrimEnd('\n').Split('\n'))
        {
            var canonical = new System.Buffers.ArrayBufferWriter<byte>();
            CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(line), canonical, out _).ShouldBeTrue();
            Encoding.UTF8.GetString(canonical.WrittenSpan).ShouldBe(line);
        }
    }

    [Fact]
    public async Task A_report_that_is_gone_is_made_again_with_the_same_digest()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        await service.DecideAsync(tenantId, Request(), Request("write"));
        var diffed = await DiffAsync(tenant, Wider);
        var before = await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!);
        await service.DecideAsync(tenantId, Request("write"));
        await using (var connection = new NpgsqlConnection(service.Database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var wipe = new NpgsqlCommand("truncate stet.policy_diff_report", connection);
            await wipe.ExecuteNonQueryAsync();
        }

        (await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!)).ShouldBe(before);
    }

    [Fact]
    public async Task The_same_diff_again_changes_nothing_and_a_longer_one_is_another()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        var last = await service.DecideAsync(tenantId, Request("write"));
        var first = await DiffAsync(tenant, Wider, new JsonObject { ["from"] = 1, ["to"] = last });
        await service.DecideAsync(tenantId, Request("write"));

        var again = await tenant.StepAsync(Wider.Digest, "diff", new JsonObject { ["from"] = 1, ["to"] = last }, Ada);
        var longer = await tenant.StepAsync(Wider.Digest, "diff", new JsonObject(), Ada);

        (again.Status, (string)again.Json["diff_digest"]!).ShouldBe((200, (string)first["diff_digest"]!));
        longer.ShouldBeDone();
        ((string)longer.Json["diff_digest"]!).ShouldNotBe((string)first["diff_digest"]!);
        Counts(longer.Json["counts"]!).ShouldBe("deny_to_allow 2");
    }

    [Fact]
    public async Task A_diff_sent_again_under_its_key_is_answered_again_whatever_has_happened_since()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await service.DecideAsync(tenantId, Request("write", user: "ben"));
        (await tenant.DraftAsync(Wider.Text)).ShouldBeDone();
        var first = await SendAsync([]);
        await service.DecideAsync(tenantId, Request("write"));
        var kept = await ReportsAsync();

        var again = await SendAsync([]);
        var other = await SendAsync(new JsonObject { ["from"] = 1 });
        (await tenant.StepAsync(Wider.Digest, "rejections", new JsonObject { ["reason"] = "no" }, Bob)).ShouldBeDone();
        var closed = await SendAsync([]);

        first.ShouldBeDone();
        (again.Status, again.Text).ShouldBe((200, first.Text));
        other.ShouldBeProblem(409, "idempotency_conflict");
        (closed.Status, closed.Text).ShouldBe((200, first.Text));
        (await ReportsAsync()).ShouldBe(kept);

        Task<Answer> SendAsync(JsonObject range) => tenant.StepAsync(Wider.Digest, "diff", range, Ada, ("Idempotency-Key", "d1"));

        async Task<long> ReportsAsync()
        {
            await using var connection = await service.Database.OpenAsync();
            await using var count = new NpgsqlCommand(
                $"select count(distinct diff_digest) from stet.policy_diff_report where tenant_id = '{tenantId}'", connection);
            return (long)(await count.ExecuteScalarAsync())!;
        }
    }

    [Fact]
    public async Task A_recorded_diff_that_comes_out_otherwise_today_is_stale()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        await service.DecideAsync(tenantId, Request("write"));
        (await tenant.DraftAsync(Wider.Text)).ShouldBeDone();
        (await SendAsync()).ShouldBeDone();
        var other = new string('e', 64);
        await using (var connection = new NpgsqlConnection(service.Database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var upgrade = new NpgsqlCommand(
                $$"""
                update stet.mt_events set data = jsonb_set(data, '{diff_digest}', '"{{other}}"')
                where type = 'policy_diffed' and data ->> 'candidate' = '{{Wider.Digest}}'
                """, connection);
            (await upgrade.ExecuteNonQueryAsync()).ShouldBe(1);
        }

        foreach (var answer in (Answer[])[await SendAsync(), await tenant.GetAsync($"/v1/policy/candidates/{Wider.Digest}/diff/{other}")])
        {
            answer.ShouldBeProblem(409, "diff_stale");
            ((string)answer.Json["reason"]!).ShouldBe("engine_changed");
        }

        Task<Answer> SendAsync() => tenant.StepAsync(Wider.Digest, "diff", new JsonObject(), Ada, ("Idempotency-Key", "d1"));
    }

    [Fact]
    public async Task A_diff_looks_at_nothing_outside_its_range()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var last = await (await TestService.SharedAsync()).DecideAsync(tenantId, Request("write"), Request("write"), Request("write"));

        var diffed = await DiffAsync(tenant, Wider, new JsonObject { ["from"] = last - 1, ["to"] = last - 1 });

        Counts(diffed["counts"]!).ShouldBe("deny_to_allow 1");
        ((long)diffed["from"]!, (long)diffed["position"]!).ShouldBe((last - 1, last - 1));
    }

    [Theory]
    [InlineData("""{"from":0}""", "/from")]
    [InlineData("""{"to":-1}""", "/to")]
    [InlineData("""{"from":9,"to":3}""", "/to")]
    public async Task A_range_that_is_none_is_refused(string body, string pointer)
    {
        var (_, _, tenant) = await StartAsync();

        (await tenant.PostTextAsync($"/v1/policy/candidates/{Wider.Digest}/diff", body)).Pointers.ShouldBe([pointer]);
    }

    [Fact]
    public async Task What_there_is_no_diff_of_is_not_found()
    {
        var (_, _, tenant) = await StartAsync();
        var path = $"/v1/policy/candidates/{Wider.Digest}/diff";

        (await tenant.GetAsync(path)).ShouldBeProblem(404, "candidate_not_found");
        (await tenant.GetAsync($"{path}/{DiffDigest}")).ShouldBeProblem(404, "diff_not_found");
        (await tenant.StepAsync(Wider.Digest, "diff", new JsonObject(), Ada)).ShouldBeProblem(404, "candidate_not_found");
        (await tenant.DraftAsync(Wider.Text)).ShouldBeDone();
        (await tenant.GetAsync(path)).ShouldBeProblem(404, "diff_not_running");
    }

    [Fact]
    public async Task A_decision_that_cannot_be_read_is_listed_as_unreplayable()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        var position = await service.DecideAsync(tenantId, Request());
        await using (var connection = new NpgsqlConnection(service.Database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var erase = new NpgsqlCommand(
                $"update stet.mt_events set data = data - 'subject' where tenant_id = '{tenantId}' and seq_id = {position}", connection);
            await erase.ExecuteNonQueryAsync();
        }

        var diffed = await DiffAsync(tenant, Wider);
        var (_, lines) = Lines(await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!));

        Counts(diffed["counts"]!).ShouldBe("unreplayable 1");
        ((long)lines.Single()["position"]!, (string)lines.Single()["class"]!).ShouldBe((position, "unreplayable"));
    }

    [Fact]
    public async Task Progress_is_told_and_ends_at_the_end()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        var to = await service.DecideAsync(tenantId, [.. Enumerable.Repeat(Request("write"), 50)]);
        var told = new List<DiffProgress>();
        var runner = service.Services.GetRequiredService<PolicyDiffRunner>();

        await runner.RunAsync(
            tenantId, First.InForce(), Wider.InForce(), 1, to, _ => true, told.Add, CancellationToken.None);

        (told[^1].Decisions, told[^1].Position, told[^1].From, told[^1].To).ShouldBe((50, to, 1, to));
    }

    [Fact]
    public async Task Whoever_reads_decisions_leaves_the_connections_to_others_between_stretches()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var last = await service.RecordAsync(tenantId, Event(First.InForce(), Request()));
        var (connections, contexts) = (service.Services.GetRequiredService<StoreConnections>(), service.Services.GetRequiredService<ContextCatalog>());

        for (var n = 0; n < 32; n++)
        {
            var decisions = new RecordedDecisions<DecisionRecorded>(
                connections, contexts, tenantId, whole: true, (decision, _) => new ValueTask<DecisionRecorded?>(decision));
            (await decisions.ReadAsync(1, last, _ => { }, CancellationToken.None)).ShouldBe(1);
        }

        (await service.Services.GetRequiredService<Store>().PositionAsync(tenantId, CancellationToken.None)).ShouldBe(last);
    }

    [Fact]
    public async Task However_many_comparisons_are_under_way_others_get_connections_too()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var last = await service.RecordAsync(tenantId, Event(First.InForce(), Request()));
        await using var connection = await service.Database.OpenAsync();
        await using var hold = await connection.BeginTransactionAsync();
        await using (var block = new NpgsqlCommand("lock table stet.mt_events in access exclusive mode", connection))
            await block.ExecuteNonQueryAsync();
        await using var other = await service.Database.OpenAsync();
        await using var count = new NpgsqlCommand(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'stet-reader' and wait_event_type = 'Lock'",
            other);
        var runner = service.Services.GetRequiredService<PolicyDiffRunner>();

        var runs = Enumerable.Range(0, 40).Select(_ => runner.RunAsync(
            tenantId, null, First.InForce(), 1, last, _ => true, progress: null, CancellationToken.None)).ToArray();
        var most = 0L;
        for (var looks = 0; looks < 50; looks++)
        {
            most = Math.Max(most, (long)(await count.ExecuteScalarAsync())!);
            await Task.Delay(20);
        }

        (await service.Services.GetRequiredService<Store>().PositionAsync(tenantId, CancellationToken.None)).ShouldBe(last);
        await hold.RollbackAsync();
        await Task.WhenAll(runs);
        most.ShouldBeInRange(1, 16);
    }

    [Fact]
    public async Task Decisions_that_ask_alike_differ_by_their_time_where_a_rule_looks_at_it()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var timed = Valid(Text with
        {
            Schema = SchemaText.Replace("urgent?: Bool", "urgent?: Bool, now: datetime", StringComparison.Ordinal),
            Policies = [new("office-read", OpenRead.Replace("resource.open", "resource.open && context.now.toTime() < duration(\"12h\")", StringComparison.Ordinal))],
        });
        var last = await service.DecideAsync(
            tenantId, Request(), Request(now: Monday.AddHours(6)), Request(now: Monday.AddHours(1)), Request("write", now: Monday.AddHours(6)));

        var diffed = await DiffAsync(tenant, timed);
        var (_, lines) = Lines(await ReportAsync(tenant, timed, (string)diffed["diff_digest"]!));

        lines.Select(l => ((long)l["position"]!, (string)l["class"]!)).ShouldBe(
            [(last - 3, "reason_only"), (last - 2, "allow_to_deny"), (last - 1, "reason_only")]);
        Counts(diffed["counts"]!).ShouldBe("allow_to_deny 1, reason_only 2, same 1");
    }

    [Fact]
    public async Task Decisions_of_before_there_were_replay_digests_are_read_like_all_others()
    {
        var (service, tenantId, tenant) = await StartAsync();
        DecisionRecorded[] decisions = [.. new[] { "write", "read", "write", "delete", "write" }.Select(a => Event(First.InForce(), Request(a)))];
        var last = await service.RecordAsync(tenantId, [.. decisions.Select((d, i) => i % 2 == 0 ? d with { ReplayDigest = null } : d), decisions[0]]);

        var diffed = await DiffAsync(tenant, Wider);
        var (_, lines) = Lines(await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!));

        Counts(diffed["counts"]!).ShouldBe("deny_to_allow 4, same 2");
        lines.Select(l => (long)l["position"]!).ShouldBe([last - 5, last - 3, last - 1, last]);
    }

    [Fact]
    public async Task A_diff_over_many_stretches_of_the_log_is_in_order()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var last = 0L;
        for (var i = 0; i < 10; i++)
            last = await service.DecideAsync(tenantId, [.. Enumerable.Range(0, 1_000).Select(n => Request(n % 2 == 0 ? "write" : "read", user: $"u{n % 7}"))]);

        var diffed = await DiffAsync(tenant, Wider);
        var (_, lines) = Lines(await ReportAsync(tenant, Wider, (string)diffed["diff_digest"]!));

        Counts(diffed["counts"]!).ShouldBe("deny_to_allow 5000, same 5000");
        lines.Select(l => (long)l["position"]!).ShouldBe(Enumerable.Range(0, 5_000).Select(n => last - 9_999 + (2 * n)));
    }

    static async Task<JsonNode> DiffAsync(Tenant tenant, PolicyCandidate candidate, JsonObject? range = null)
    {
        (await tenant.DraftAsync(candidate.Text)).ShouldBeDone();
        var diffed = await tenant.StepAsync(candidate.Digest, "diff", range ?? [], Ada);
        diffed.ShouldBeDone();
        return diffed.Json;
    }

    static async Task<string> ReportAsync(Tenant tenant, PolicyCandidate candidate, string digest)
    {
        var answer = await tenant.GetAsync($"/v1/policy/candidates/{candidate.Digest}/diff/{digest}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Text;
    }

    static (JsonNode First, JsonNode[] Lines) Lines(string report)
    {
        report.ShouldEndWith("\n");
        var lines = report.TrimEnd('\n').Split('\n').Select(l => JsonNode.Parse(l)!).ToArray();
        return (lines[0], lines[1..]);
    }
}
