using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Audit;
using Stet.Audit.Witnesses;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Audit.Witnesses;
using Stet.Tests.Http;
using Stet.Tests.Pcs;
using Stet.Tests.Readme;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Observability;

/// <summary><c>build/observability</c> against a service that has had every kind of traffic.</summary>
public sealed class MonitoringSpecs(MonitoringSpecs.BusyService service) : IClassFixture<MonitoringSpecs.BusyService>
{
    const string Folder = "build/observability";

    /// <summary>Labels that Prometheus adds, and the series that it makes itself.</summary>
    static readonly string[] added = ["instance", "job"];

    static JsonNode Rules { get; } = SimpleYaml.Parse(Repository.Read($"{Folder}/prometheus/stet.rules.yml"));

    static JsonNode Dashboard { get; } = JsonNode.Parse(Repository.Read($"{Folder}/grafana/dashboards/stet.json"))!;

    static IEnumerable<JsonNode> Alerts => Rules["groups"]!.AsArray().SelectMany(g => g!["rules"]!.AsArray()).OfType<JsonNode>();

    static IEnumerable<JsonNode> Panels => Dashboard["panels"]!.AsArray().OfType<JsonNode>().Where(p => (string)p["type"]! != "row");

    public static TheoryData<string, string> Expressions
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var alert in Alerts) all.Add((string)alert["alert"]!, (string)alert["expr"]!);
            foreach (var panel in Panels)
                foreach (var target in panel["targets"]!.AsArray()) all.Add($"{panel["title"]} {target!["refId"]}", (string)target["expr"]!);
            return all;
        }
    }

    [Theory, MemberData(nameof(Expressions))]
    public void Every_metric_and_label_that_is_asked_for_is_exposed(string name, string expression)
    {
        var query = PromQl.Of(expression);

        query.Selectors.ShouldNotBeEmpty(name);
        foreach (var selector in query.Selectors.Where(s => s.Metric != "up"))
        {
            var samples = service.Samples.Where(s => s.Name == selector.Metric).ToArray();
            samples.ShouldNotBeEmpty($"{name}: {selector.Metric} is not exposed");
            var labels = samples.SelectMany(s => s.Labels.Keys).Concat(added).ToHashSet();
            query.GroupedBy.Where(l => !labels.Contains(l)).ShouldBeEmpty($"{name}: labels of {selector.Metric}");
            foreach (var (label, op, value) in selector.Matchers)
            {
                labels.ShouldContain(label, $"{name}: {selector.Metric}");
                if (op == "=" && !added.Contains(label))
                    samples.ShouldContain(s => s.Labels.GetValueOrDefault(label) == value, $"{name}: {selector.Metric}{{{label}=\"{value}\"}}");
            }
        }
    }

    [Fact]
    public async Task Series_that_count_findings_are_there_before_the_first_one()
    {
        await using var quiet = await TestService.StartAsync();
        using var http = quiet.AnonymousClient();
        string[] zeros =
        [
            "stet_policy_audit_mismatches_total", "stet_policy_audit_unreplayable_total", "flk_refused_total", "flk_wal_errors", "flk_signature_errors",
            "stet_audit_signing_refused_total",
        ];

        var until = Environment.TickCount64 + 10_000; // one of them begins in the background
        var families = Exposition.Parse(await http.GetStringAsync("/metrics"));
        for (; !zeros.All(families.ContainsKey) && Environment.TickCount64 < until; await Task.Delay(50))
            families = Exposition.Parse(await http.GetStringAsync("/metrics"));

        foreach (var name in zeros) families[name].Samples.ShouldAllBe(sample => sample.Value == 0, name);
    }

    [Fact]
    public void Every_alert_says_how_bad_it_is_and_what_is_wrong()
    {
        Alerts.Select(a => (string)a["alert"]!).ShouldBeUnique();
        foreach (var alert in Alerts)
        {
            ((string?)alert["labels"]!["severity"]).ShouldBeOneOf("warning", "critical");
            ((string?)alert["annotations"]!["summary"]).ShouldNotBeNullOrEmpty();
        }
    }

    [Fact]
    public void Every_panel_has_its_place_and_explains_itself()
    {
        var source = (string?)SimpleYaml.Parse(Repository.Read($"{Folder}/grafana/provisioning/datasources/prometheus.yml"))["datasources"]![0]!["uid"];

        Dashboard["panels"]!.AsArray().Select(p => (int)p!["id"]!).ShouldBeUnique();
        var taken = new HashSet<(int, int)>();
        foreach (var panel in Panels)
        {
            ((string?)panel["description"]).ShouldNotBeNullOrEmpty((string?)panel["title"]);
            panel["targets"]!.AsArray().ShouldAllBe(t => (string?)t!["datasource"]!["uid"] == source);
            var place = panel["gridPos"]!;
            for (var x = (int)place["x"]!; x < (int)place["x"]! + (int)place["w"]!; x++)
            {
                x.ShouldBeLessThan(24);
                for (var y = (int)place["y"]!; y < (int)place["y"]! + (int)place["h"]!; y++) taken.Add((x, y)).ShouldBeTrue($"{panel["title"]} overlaps");
            }
        }
    }

    [Fact]
    public void Compose_mounts_what_is_there_and_Prometheus_scrapes_its_service()
    {
        var services = SimpleYaml.Parse(Repository.Read("compose.yml"))["services"]!;
        var config = SimpleYaml.Parse(Repository.Read($"{Folder}/prometheus/prometheus.yml"));

        var mounts = ((string[])["prometheus", "grafana", "postgres"]).SelectMany(s => services[s]!["volumes"]!.AsArray()).Select(v => ((string)v!).Split(':'))
            .Where(m => m[0].StartsWith("./", StringComparison.Ordinal)).ToDictionary(m => m[1], m => m[0]);
        mounts.Count.ShouldBe(4);
        mounts.Values.ShouldAllBe(path => Path.Exists(Path.Combine(Repository.Root, path)));
        foreach (var rules in config["rule_files"]!.AsArray().Select(f => (string)f!))
            File.Exists(Path.Combine(Repository.Root, rules.Replace("/etc/prometheus", mounts["/etc/prometheus"]))).ShouldBeTrue(rules);
        var target = ((string)config["scrape_configs"]![0]!["static_configs"]![0]!["targets"]![0]!).Split(':');
        services[target[0]]!["ports"]![0]!.ToString().ShouldEndWith($":{target[1]}");
        SimpleYaml.Parse(Repository.Read($"{Folder}/grafana/provisioning/dashboards/stet.yml"))["providers"]![0]!["options"]!["path"]!.ToString()
            .ShouldBe(mounts.Single(m => m.Value.EndsWith("dashboards", StringComparison.Ordinal)).Key);
    }

    [Fact]
    public void The_guide_lists_every_alert_and_metric_and_none_that_is_not_exposed()
    {
        var guide = Repository.Read("docs/observability.md").Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal))
            .Select(l => l.Split('|')[1..^1].Select(c => c.Trim()).ToArray()).ToArray();

        guide.Where(r => r[0].StartsWith("Stet", StringComparison.Ordinal)).Select(r => (r[0], r[1]))
            .ShouldBe(Alerts.Select(a => ((string)a["alert"]!, (string)a["labels"]!["severity"]!)));
        var metrics = guide.Where(r => r[0].StartsWith('`')).ToArray();
        service.Families.Keys.Where(n => n.StartsWith("stet_", StringComparison.Ordinal) || n.StartsWith("flk_", StringComparison.Ordinal))
            .Except(metrics.SelectMany(r => r[0].Split(", ")).Select(n => n.Trim('`'))).ShouldBeEmpty();
        foreach (var row in metrics)
        {
            var families = row[0].Split(", ").Select(n => n.Trim('`')).Select(n => service.Families.GetValueOrDefault(n) ?? throw new ShouldAssertException($"{n} is not exposed")).ToArray();
            foreach (var label in row[1].Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim('`')))
                families.ShouldContain(f => f.Samples.Any(s => s.Labels.ContainsKey(label)), $"{row[0]}: {label}");
        }
    }

    /// <summary>What a service exposes after corrections, heartbeats, proofs, submissions of every fate and a frozen log.</summary>
    public sealed class BusyService : IAsyncLifetime
    {
        ScriptedWitness? witness;
        TestService? service;

        internal IReadOnlyDictionary<string, Family> Families { get; private set; } = new Dictionary<string, Family>();

        internal IEnumerable<Sample> Samples => Families.Values.SelectMany(f => f.Samples);

        public async Task InitializeAsync()
        {
            witness = await ScriptedWitness.StartAsync();
            service = await TestService.StartAsync(new TestServiceOptions
            {
                Settings = new Dictionary<string, string?>(witness.Settings) { ["Pcs:TenantPerSecond"] = "0.1", ["Pcs:TenantBurst"] = "5" },
            });
            var tenantId = TestService.NewTenantId();
            var tenant = await PcsTenancy.NewAsync(service, tenantId);

            var correction = (await tenant.PostAsync("/v1/corrections?receipt=true", Correction())).Json;
            await tenant.PostTextAsync("/v1/enforcement/heartbeat", """{"system_id":"s","enforced_correction_version":"2020-01-01T00:00:00Z"}""");
            await tenant.PostTextAsync("/access/v1/evaluation", """{"subject":{"type":"t","id":"s"},"action":{"name":"a"},"resource":{"type":"t","id":"r"}}""");
            var entry = JsonNode.Parse((string)correction["receipts"]![0]!["entry"]!)!;
            (await tenant.GetAsync($"/v1/tenants/{tenantId}/audit/checkpoint")).Status.ShouldBe(200);
            (await tenant.GetAsync($"/v1/tenants/{tenantId}/audit/proof/{entry["id"]}")).Status.ShouldBe(200);
            await SubmitAsync(tenant);
            await FreezeAsync(tenantId);
            service.Services.GetRequiredService<WitnessMetrics>().Cosigned(ScriptedWitness.Name);
            service.Services.GetRequiredService<PolicyAuditMetrics>().Audited(1, 0, 0);

            Families = Exposition.Parse((await tenant.GetAsync("/metrics")).Text);
        }

        public async Task DisposeAsync()
        {
            await service!.DisposeAsync();
            await witness!.DisposeAsync();
        }

        async Task SubmitAsync(Tenant tenant)
        {
            var document = Ordinary.Document;
            (await tenant.SubmitAsync(document)).Status.ShouldBe(200);
            (await tenant.SubmitAsync(document)).Headers["Stet-Duplicate"].ShouldBe("true");
            (await tenant.SubmitAsync(Ordinary.Doubtful)).ShouldBeProblem(409, "pcs_equivocation");
            (await tenant.SubmitAsync((Ordinary.Doubtful with { Epoch = 8 }).Signed())).Status.ShouldBe(202);
            (await tenant.SubmitAsync(document.Signed("wrong"))).ShouldBeProblem(401, "signature_invalid");
            await ExecuteAsync("alter table stet.pcs_submission add constraint unlucky check (epoch <> 9) not valid");
            (await tenant.SubmitAsync((document with { Epoch = 9 }).Signed())).Status.ShouldBe(503);
            (await tenant.SubmitAsync((document with { Epoch = 10 }).Signed())).ShouldBeProblem(429, "rate_limited");
        }

        /// <summary>Freezes the log and lets it go on: services of one process share this number.</summary>
        async Task FreezeAsync(string tenantId)
        {
            var logs = service!.Services.GetRequiredService<FrozenLogs>();
            await ExecuteAsync($"update stet.audit_log set frozen_at = now(), frozen_reason = 'a test' where tenant_id = '{tenantId}'");
            await logs.RefreshAsync(CancellationToken.None);
            await ExecuteAsync($"update stet.audit_log set frozen_at = null, frozen_reason = null where tenant_id = '{tenantId}'");
            await logs.RefreshAsync(CancellationToken.None);
        }

        async Task ExecuteAsync(string sql)
        {
            await using var connection = await service!.Database.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
