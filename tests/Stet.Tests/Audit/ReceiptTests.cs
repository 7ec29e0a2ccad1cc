using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Stet.Client.AuditLog;
using Stet.Testing;
using Stet.Tests.Enforcement;
using Stet.Tests.Http;
using Stet.Tests.Observability;
using Stet.Tests.Policy.AuthZen;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Audit;

public class ReceiptTests
{
    [Fact]
    public async Task A_write_that_prefers_a_receipt_is_answered_with_a_proof_that_verifies_offline()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);

        var answer = await tenant.Http.PostAsync("/v1/corrections", Correction(), ("Prefer", "receipt"));

        answer.Status.ShouldBe(201, answer.Text);
        answer.Headers["Preference-Applied"].ShouldBe("receipt");
        var receipt = answer.Json["receipts"]!.AsArray().ShouldHaveSingleItem()!;
        ((long)receipt["position"]!).ShouldBe(1);
        ((string?)receipt["data"]!["field_key"]).ShouldBe((string?)Correction()["field_key"]);
        await ShouldVerifyAsync(tenant, receipt);
    }

    [Fact]
    public async Task Every_event_of_a_batch_gets_a_receipt_whatever_the_size_of_the_log()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        foreach (var count in new[] { 200, 55, 1, 3, 300 })
        {
            var answer = await tenant.Http.PostAsync("/v1/corrections/batch?receipt=true", new JsonObject
            {
                ["corrections"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => Correction($"f{i}").With("idempotency_key", $"{count}-{i}"))]),
            });

            answer.Status.ShouldBe(201, answer.Text[..Math.Min(500, answer.Text.Length)]);
            var receipts = answer.Json["receipts"]!.AsArray();
            receipts.Count.ShouldBeGreaterThanOrEqualTo(count);
            await ShouldVerifyAsync(tenant, receipts[0]!);
            await ShouldVerifyAsync(tenant, receipts[^1]!);
        }
    }

    [Fact]
    public async Task A_repeated_command_gets_receipts_of_its_first_events()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        await tenant.Http.PostAsync("/v1/corrections", Correction().With("idempotency_key", "first"));
        await tenant.RecordAsync(30);

        var again = await tenant.Http.PostAsync("/v1/corrections", Correction().With("idempotency_key", "first"), ("Prefer", "return=minimal, receipt"));

        again.Status.ShouldBe(200, again.Text);
        var receipt = again.Json["receipts"]!.AsArray().ShouldHaveSingleItem()!;
        ((long)receipt["position"]!).ShouldBe(1);
        await ShouldVerifyAsync(tenant, receipt);
    }

    [Fact]
    public async Task A_repeated_command_whose_first_event_was_altered_gets_no_receipt_and_sounds_the_alarm()
    {
        using var logs = new CapturedLogs();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = logs });
        var log = LogClient.New(service);
        await log.Tenant.PostAsync("/v1/corrections", Correction().With("idempotency_key", "first"));
        await log.TamperAsync("update stet.mt_events set headers = headers || '{\"actor_class\": \"auditor\"}' where tenant_id = {tenant}");

        var again = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction().With("idempotency_key", "first"));

        again.Status.ShouldBe(200, again.Text);
        (again.Json["receipts"], (string?)again.Json["receipt_error"]).ShouldBe((null, "audit_altered"));
        logs.Lines.Single(l => l.Level == LogLevel.Critical).Message.ShouldContain($"{log.TenantId} was altered at position 1");
    }

    [Fact]
    public async Task Commands_of_a_batch_that_repeat_each_other_get_one_receipt_for_each_event()
    {
        var tenant = LogClient.New(await TestService.SharedAsync()).Tenant;
        JsonNode[] items = [Correction("a").With("idempotency_key", "a"), Correction("b").With("idempotency_key", "b"), Correction("a").With("idempotency_key", "a")];

        foreach (var isAtomic in new[] { true, false })
        {
            var answer = await tenant.PostAsync(
                "/v1/corrections/batch?receipt=true", new JsonObject { ["atomic"] = isAtomic, ["corrections"] = new JsonArray([.. items.Select(i => i.DeepClone())]) });

            answer.Json["receipts"]!.AsArray().Select(r => (long)r!["position"]!).ShouldBe([1, 2], answer.Text);
        }
    }

    [Theory]
    [InlineData("receipt; x=1", true)]
    [InlineData("Receipt", true)]
    [InlineData("receipt=\"\"", true)]
    [InlineData("respond-async;wait=10, receipt", true)]
    [InlineData("x=\"a, \\\", b\", receipt", true)]
    [InlineData("receipts", false)]
    [InlineData("receipt=later", false)]
    [InlineData("respond-async; receipt", false)]
    [InlineData("x=\"a, receipt\"", false)]
    public async Task A_preference_is_read_as_its_standard_says(string prefer, bool isReceipt)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync("/v1/corrections", Correction(), ("Prefer", "wait=1"), ("Prefer", prefer));

        (answer.Json["receipts"] is not null, answer.Headers.ContainsKey("Preference-Applied")).ShouldBe((isReceipt, isReceipt), answer.Text);
    }

    [Theory]
    [InlineData("receipt")]
    [InlineData("receipt=")]
    [InlineData("receipt=1")]
    [InlineData("receipt=True")]
    [InlineData("receipt=yes")]
    [InlineData("receipt=true&receipt=true")]
    public async Task A_parameter_that_is_no_flag_is_refused_before_anything_is_written(string query)
    {
        var tenant = await Tenant.NewAsync();

        foreach (var path in (string[])["/v1/corrections", DecisionTenancy.Evaluation, "/v1/policy/audit"])
        {
            var body = path == "/v1/corrections" ? Correction() : path == DecisionTenancy.Evaluation ? DecisionTenancy.Question() : new JsonObject();
            (await tenant.PostAsync($"{path}?{query}", body)).ShouldBeProblem(400, "invalid_request");
        }

        (await tenant.PostAsync("/v1/corrections?receipt=true", Correction())).Json["receipts"]![0]!["position"]!.GetValue<long>().ShouldBe(1);
    }

    [Fact]
    public async Task Decisions_of_an_enforcement_point_are_answered_with_receipts_as_other_writes_are()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        var batch = new JsonObject { ["evaluations"] = new JsonArray(DecisionTenancy.Question(), DecisionTenancy.Question("eve")) };
        var search = DecisionTenancy.Question();
        search["subject"]!.AsObject().Remove("id");

        var one = await tenant.Http.PostAsync(DecisionTenancy.Evaluation, DecisionTenancy.Question(), ("Prefer", "receipt"));
        var two = await tenant.Http.PostAsync($"{DecisionTenancy.Evaluations}?receipt=true", batch);
        var found = await tenant.Http.PostAsync($"{DecisionTenancy.Search}/subject?receipt=true", search);
        var none = await tenant.Http.PostAsync(DecisionTenancy.Evaluation, DecisionTenancy.Question());

        foreach (var (answer, count) in new[] { (one, 1), (two, 2), (found, 1) })
        {
            answer.Status.ShouldBe(200, answer.Text);
            answer.Headers["Preference-Applied"].ShouldBe("receipt");
            var receipts = answer.Json["receipts"]!.AsArray();
            receipts.Count.ShouldBe(count);
            foreach (var receipt in receipts) await ShouldVerifyAsync(tenant, receipt!);
            ((long)receipts[^1]!["position"]!).ShouldBe(answer.Position());
        }

        ((bool)one.Json["decision"]!).ShouldBeFalse();
        ((string?)one.Json["receipts"]![0]!["data"]!["evaluation_id"]).ShouldBe(one.Headers["Stet-Evaluation-Id"]);
        none.Text.ShouldBe("""{"decision":false}""");
        none.Headers.Keys.ShouldNotContain("Preference-Applied");
    }

    [Fact]
    public async Task Receipts_of_two_instances_verify()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenant = new LoggedTenant(first);
        var other = Tenancy.Of(second, tenant.Id);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? tenant.Http : other)
            .PostAsync("/v1/corrections", Correction($"f{i}").With("idempotency_key", $"k{i}"), ("Prefer", "receipt"))));

        foreach (var answer in answers)
        {
            answer.Status.ShouldBe(201, answer.Text);
            await ShouldVerifyAsync(tenant, answer.Json["receipts"]![0]!);
        }
    }

    [Fact]
    public async Task A_refused_command_has_no_receipt_and_one_that_recorded_nothing_an_empty_list()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        await tenant.Http.PostAsync("/v1/corrections", Correction().With("idempotency_key", "first"));

        var refused = await tenant.Http.PostAsync("/v1/corrections", Correction().With("idempotency_key", "first").With("value", "other"), ("Prefer", "receipt"));
        await tenant.Http.PutAsync("bot");
        var nothing = await tenant.Http.SendAsync(HttpMethod.Put, "/v1/enforcement/systems/bot?receipt=true", "{}"u8.ToArray());

        refused.ShouldBeProblem(409, "idempotency_conflict");
        nothing.Json["receipts"]!.AsArray().ShouldBeEmpty();
    }

    /// <summary><c>STET_RECEIPTS</c> says how many writes want one: 640 by default, 10000 for the long form.</summary>
    [Fact]
    public async Task Among_refusals_and_failures_every_receipt_of_64_clients_of_two_instances_verifies_at_once()
    {
        const int Clients = 64;
        var writes = int.Parse(Environment.GetEnvironmentVariable("STET_RECEIPTS") ?? "640");
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenant = new LoggedTenant(first);
        Tenant[] instances = [tenant.Http, Tenancy.Of(second, tenant.Id)];
        var positions = new ConcurrentBag<long> { await FirstPositionAsync() };
        var trust = await TrustAsync(tenant);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            for (var i = client; i < writes; i += Clients)
            {
                var http = instances[client % 2];
                var written = await http.PostAsync("/v1/corrections", Correction($"f{i % 200}").With("idempotency_key", $"k{i}"), ("Prefer", "receipt"));
                written.Status.ShouldBe(201, written.Text);
                foreach (var receipt in written.Json["receipts"]!.AsArray())
                {
                    ShouldVerify(receipt!, trust);
                    positions.Add((long)receipt!["position"]!);
                }

                if (i % 3 == 0)
                {
                    var refused = await http.PostAsync("/v1/corrections", Correction().With("supersedes", TestService.NewTenantId()), ("Prefer", "receipt"));
                    refused.ShouldBeProblem(409, "supersedes_not_active");
                }

                if (i % 5 == 0) (await http.PostAsync("/v1/corrections", Correction().With("value", JsonNode.Parse("9007199254740993")))).ShouldBeProblem(400, "data_not_canonical");
            }
        }));

        positions.Order().ShouldBe(Enumerable.Range(1, positions.Count).Select(n => (long)n), "one receipt for each position");
        (await tenant.CountAsync("audit_leaf")).ShouldBe(positions.Count);
        await tenant.ShouldBeWholeAsync();

        // The log begins with this write.
        async Task<long> FirstPositionAsync() => (long)(await tenant.Http.RecordAsync(Correction()))["position"]!;
    }

    static async Task ShouldVerifyAsync(LoggedTenant tenant, JsonNode receipt) => ShouldVerify(receipt, await TrustAsync(tenant));

    static async Task<AuditTrust> TrustAsync(LoggedTenant tenant)
    {
        var keys = (await tenant.Http.GetAsync("/v1/audit/keys")).Json["keys"]!.AsArray();
        return new AuditTrust([AuditKey.Parse((string)keys[0]!["vkey"]!)]);
    }

    static void ShouldVerify(JsonNode receipt, AuditTrust trust) =>
        AuditProof.Verify(System.Text.Encoding.UTF8.GetBytes(receipt.ToJsonString()), trust).Outcome.ShouldBe(AuditOutcome.Verified);
}
