using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Pcs.Service;
using Stet.Testing;
using Stet.Tests.Authentication;
using Stet.Tests.Http;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>The published exchanges over HTTP, each sequence against a store of its own.</summary>
public class ExchangeSpecs
{
    public static TheoryData<string> Sequences => [.. Exchanges.Sequences];

    [Theory, MemberData(nameof(Sequences))]
    public async Task Every_answer_and_every_event_is_that_of_the_exchange(string sequence)
    {
        JsonElement[] exchanges = [.. Exchanges.All.Where(e => Exchanges.SequenceOf(e) == sequence)];
        var config = exchanges[0].GetProperty("config");
        var settings = new Dictionary<string, string?> { ["Pcs:DefaultTenant"] = config.Optional("default_tenant")?.GetString() };
        if (config.Optional("rate_limit") is { } limit)
        {
            settings["Pcs:TenantPerSecond"] = limit.GetProperty("per_second").GetRawText();
            settings["Pcs:TenantBurst"] = limit.GetProperty("burst").GetRawText();
        }

        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Clock = new ManualTime(config.GetProperty("now").GetDateTimeOffset()),
            Settings = settings,
        });
        foreach (var tenant in config.GetProperty("tenants").EnumerateObject()) await service.ProvideAsync(tenant.Name, tenant.Value);

        foreach (var exchange in exchanges) await ReplayAsync(service, config, exchange);
    }

    static async Task ReplayAsync(TestService service, JsonElement config, JsonElement exchange)
    {
        string[] tenants = [.. config.GetProperty("tenants").EnumerateObject().Select(t => t.Name)];
        var before = await PositionsAsync(service, tenants);
        var request = exchange.GetProperty("request");
        var method = new HttpMethod(request.Text("method"));

        using var http = service.AnonymousClient();
        var answer = await new Tenant(http).SendAsync(
            method, request.Text("path"), method == HttpMethod.Post ? Encoding.UTF8.GetBytes(request.Body()) : null,
            [.. request.GetProperty("headers").EnumerateObject().Where(h => h.Name != "Content-Type").Select(h => (h.Name, h.Value.GetString()!))]);

        var expected = exchange.GetProperty("expect");
        answer.Status.ShouldBe(expected.GetProperty("status").GetInt32(), answer.Text);
        CheckHeaders(answer, expected);
        if (answer.Status < 300) CheckVerdict(answer, expected);
        else CheckProblem(answer, expected);

        var events = new List<StoredEvent>();
        foreach (var tenant in tenants)
            events.AddRange(await service.Services.GetRequiredService<Store>().ReadAsync(tenant, before[tenant], 10, CancellationToken.None));
        events.Select(e => e.Data.GetType().Name).ShouldBe(expected.GetProperty("events").EnumerateArray().Select(e => e.GetString()));
        foreach (var e in events) CheckSigner(e.Data, expected);
    }

    static void CheckHeaders(Answer answer, JsonElement expected)
    {
        answer.Headers.ContainsKey("Stet-Duplicate").ShouldBe(expected.Optional("headers")?.Optional("Stet-Duplicate") is not null);
        if (answer.Status == 401) answer.Headers["WWW-Authenticate"].ShouldBe("PCS");
        if (answer.Status == 405) answer.Headers["Allow"].ShouldBe("POST");
        if (expected.Optional("headers")?.Optional("Retry-After") is not { } range) return;

        var bounds = range.GetString()!.Split("..").Select(int.Parse).ToArray();
        int.Parse(answer.Headers["Retry-After"]).ShouldBeInRange(bounds[0], bounds[1]);
    }

    static void CheckVerdict(Answer answer, JsonElement expected)
    {
        answer.Json.AsObject().Select(m => m.Key).ShouldBe([
            "accepted", "escalated", "outcome", "pcs_id", "recomputed_D_hat", "recomputed_budget", "reason", "reasons", "position"]);
        foreach (var member in (string[])["outcome", "accepted", "escalated", "pcs_id"])
            answer.Json[member]!.ToJsonString().ShouldBe(expected.GetProperty(member).GetRawText(), member);
        foreach (var number in (string[])["recomputed_D_hat", "recomputed_budget"])
            ((double)answer.Json[number]!).ShouldBe(expected.GetProperty(number).GetDouble(), number);

        answer.Json["reasons"]!.AsArray().Select(r => ((string)r!["code"]!, (string)r["severity"]!)).ShouldBe(
            expected.GetProperty("reasons").EnumerateArray().Select(r => (r.Text("code"), r.Text("severity"))));
        answer.Headers["Stet-Position"].ShouldBe(answer.Json["position"]!.ToString());
    }

    static void CheckProblem(Answer answer, JsonElement expected)
    {
        answer.ShouldBeProblem(answer.Status, expected.Text("code"));
        foreach (var member in (string[])["content_digest", "first_content_digest", "signed_part_differs"])
            if (expected.Optional(member) is { } value) answer.Json[member]!.ToJsonString().ShouldBe(value.GetRawText(), member);
    }

    static void CheckSigner(object e, JsonElement expected)
    {
        var (dialect, kid) = e switch
        {
            PcsAccepted accepted => (accepted.Submission.Dialect, accepted.Submission.Kid),
            PcsEscalated escalated => (escalated.Submission.Dialect, escalated.Submission.Kid),
            PcsEquivocated equivocated => (equivocated.Dialect, equivocated.Kid),
            _ => (null, null),
        };
        dialect.ShouldBe(expected.Optional("dialect")?.GetString());
        kid.ShouldBe(expected.Optional("kid")?.GetString());
    }

    static async Task<Dictionary<string, long>> PositionsAsync(TestService service, string[] tenants)
    {
        var positions = new Dictionary<string, long>();
        foreach (var tenant in tenants)
            positions[tenant] = await service.Services.GetRequiredService<Store>().PositionAsync(tenant, CancellationToken.None);
        return positions;
    }
}
