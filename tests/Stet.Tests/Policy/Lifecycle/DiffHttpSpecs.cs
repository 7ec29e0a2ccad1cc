using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.AuditLog;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

public class DiffHttpSpecs
{
    static readonly PolicyCandidate wider = Valid(Text with
    {
        Policies = [.. Text.Policies, new("open-write", """permit (principal, action == Action::"write", resource) when { resource.open };""")],
    });

    [Fact]
    public async Task A_report_counts_all_and_lists_what_would_change()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var (service, last) = (await TestService.SharedAsync(), 0L);
        last = await service.DecideAsync(
            tenantId, Request(), Request("write"), Request(open: false), Request("write", user: "ben"), Request("delete"));

        var diffed = await DiffAsync(tenant, wider);
        var (first, lines) = Lines(await ReportAsync(tenant, wider, (string)diffed["diff_digest"]!));

        Counts(diffed["counts"]!).ShouldBe("deny_to_allow 2, same 3");
        ((string)first["candidate"]!, (string)first["baseline"]!).ShouldBe((wider.Digest, First.Digest));
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
    public async Task A_report_is_canonical_and_its_digest_is_that_of_its_bytes()
    {
        var (_, tenantId, tenant) = await StartAsync();
        await (await TestService.SharedAsync()).DecideAsync(tenantId, Request(), Request("write"));
        var diffed = await DiffAsync(tenant, wider);

        var report = await ReportAsync(tenant, wider, (string)diffed["diff_digest"]!);

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
        var diffed = await DiffAsync(tenant, wider);
        var before = await ReportAsync(tenant, wider, (string)diffed["diff_digest"]!);
        await service.DecideAsync(tenantId, Request("write"));
        await using (var connection = new NpgsqlConnection(service.Database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var wipe = new NpgsqlCommand("truncate stet.policy_diff_report", connection);
            await wipe.ExecuteNonQueryAsync();
        }

        (await ReportAsync(tenant, wider, (string)diffed["diff_digest"]!)).ShouldBe(before);
    }

    [Fact]
    public async Task The_same_diff_again_changes_nothing_and_a_longer_one_is_another()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        var last = await service.DecideAsync(tenantId, Request("write"));
        var first = await DiffAsync(tenant, wider, new JsonObject { ["from"] = 1, ["to"] = last });
        await service.DecideAsync(tenantId, Request("write"));

        var again = await tenant.StepAsync(wider.Digest, "diff", new JsonObject { ["from"] = 1, ["to"] = last }, Ada);
        var longer = await tenant.StepAsync(wider.Digest, "diff", new JsonObject(), Ada);

        (again.Status, (string)again.Json["diff_digest"]!).ShouldBe((200, (string)first["diff_digest"]!));
        longer.ShouldBeDone();
        ((string)longer.Json["diff_digest"]!).ShouldNotBe((string)first["diff_digest"]!);
        Counts(longer.Json["counts"]!).ShouldBe("deny_to_allow 2");
    }

    [Fact]
    public async Task A_diff_looks_at_nothing_outside_its_range()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var last = await (await TestService.SharedAsync()).DecideAsync(tenantId, Request("write"), Request("write"), Request("write"));

        var diffed = await DiffAsync(tenant, wider, new JsonObject { ["from"] = last - 1, ["to"] = last - 1 });

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

        (await tenant.PostTextAsync($"/v1/policy/candidates/{wider.Digest}/diff", body)).Pointers.ShouldBe([pointer]);
    }

    [Fact]
    public async Task What_there_is_no_diff_of_is_not_found()
    {
        var (_, _, tenant) = await StartAsync();
        var path = $"/v1/policy/candidates/{wider.Digest}/diff";

        (await tenant.GetAsync(path)).ShouldBeProblem(404, "diff_not_running");
        (await tenant.GetAsync($"{path}/{DiffDigest}")).ShouldBeProblem(404, "diff_not_found");
        (await tenant.StepAsync(wider.Digest, "diff", new JsonObject(), Ada)).ShouldBeProblem(404, "candidate_not_found");
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

        var diffed = await DiffAsync(tenant, wider);
        var (_, lines) = Lines(await ReportAsync(tenant, wider, (string)diffed["diff_digest"]!));

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
            tenantId, First.InForce(), wider.InForce(), 1, to, _ => true, new Told(told), CancellationToken.None);

        (told[^1].Decisions, told[^1].Position, told[^1].From, told[^1].To).ShouldBe((50, to, 1, to));
    }

    [Fact]
    public async Task More_of_the_same_since_the_diff_is_expected_and_counted()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        await service.DecideAsync(tenantId, Request("write"));
        var triple = await ApprovedAsync(tenant);
        await service.DecideAsync(tenantId, Request("write"), Request("write", user: "ben"), Request());

        var activated = await tenant.StepAsync(wider.Digest, "activation", triple, Dan);

        activated.ShouldBeDone();
        var e = activated.Json["steps"]![0]!["event"]!;
        Counts(e["tail"]!).ShouldBe("deny_to_allow 2, same 1");
        ((long)e["tail_to"]!).ShouldBeGreaterThan((long)triple["position"]!);
    }

    [Fact]
    public async Task A_kind_of_change_that_the_diff_does_not_contain_stops_an_activation()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        await service.DecideAsync(tenantId, Request());
        var triple = await ApprovedAsync(tenant);
        await service.DecideAsync(tenantId, Request("write"));

        var refused = await tenant.StepAsync(wider.Digest, "activation", triple, Dan);

        refused.ShouldBeProblem(409, "diff_stale");
        ((string)refused.Json["reason"]!).ShouldBe("new_kind");
        ((string)(await tenant.GetAsync("/v1/policy/in-force")).Json["candidate"]!).ShouldBe(First.Digest);
    }

    [Fact]
    public async Task A_newer_diff_or_another_policy_in_force_stops_an_activation()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        var triple = await ApprovedAsync(tenant);
        await service.DecideAsync(tenantId, Request());
        await tenant.DiffAsync(wider.Digest);

        Reason(await tenant.StepAsync(wider.Digest, "activation", triple, Dan)).ShouldBe("newer_diff");

        var again = await tenant.DiffAsync(wider.Digest, new JsonObject { ["from"] = 1 });
        foreach (var approver in (string[])[Bob, Cleo]) (await tenant.StepAsync(wider.Digest, "approvals", again.DeepClone(), approver)).ShouldBeDone();
        await tenant.ActivateAsync(Second.Text);
        Reason(await tenant.StepAsync(wider.Digest, "activation", again, Dan)).ShouldBe("baseline_changed");

        static string Reason(Answer answer)
        {
            answer.ShouldBeProblem(409, "diff_stale");
            return (string)answer.Json["reason"]!;
        }
    }

    static async Task<(TestService Service, string TenantId, Tenant Tenant)> StartAsync()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        return (service, tenantId, tenant);
    }

    static async Task<JsonNode> DiffAsync(Tenant tenant, PolicyCandidate candidate, JsonObject? range = null)
    {
        (await tenant.DraftAsync(candidate.Text)).ShouldBeDone();
        var diffed = await tenant.StepAsync(candidate.Digest, "diff", range ?? [], Ada);
        diffed.ShouldBeDone();
        return diffed.Json;
    }

    static async Task<JsonObject> ApprovedAsync(Tenant tenant)
    {
        var (candidate, triple) = await tenant.DiffedAsync(wider.Text);
        foreach (var approver in (string[])[Bob, Cleo]) (await tenant.StepAsync(candidate, "approvals", triple.DeepClone(), approver)).ShouldBeDone();
        return triple;
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

    static string Counts(JsonNode counts) => string.Join(
        ", ", counts.AsObject().Where(c => (long)c.Value! > 0).Select(c => $"{c.Key} {c.Value}").Order());

    sealed class Told(List<DiffProgress> told) : IProgress<DiffProgress>
    {
        public void Report(DiffProgress value) => told.Add(value);
    }
}
