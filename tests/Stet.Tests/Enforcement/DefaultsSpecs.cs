using System.Text;
using Stet.Enforcement;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Enforcement.Ordinary;

namespace Stet.Tests.Enforcement;

public class DefaultsSpecs
{
    static readonly SetDefaults set = new(DefaultsSet.IntervalSeconds, DefaultsSet.GraceMultiplier);

    [Fact]
    public void Other_defaults_are_recorded() => SetDefaults.Decide(set, null, Tuesday).Events.ShouldBe([DefaultsSet]);

    [Fact]
    public void The_same_defaults_are_nothing_new() =>
        SetDefaults.Decide(set, TenantDefaults.Create(DefaultsSet), Tuesday).ShouldBe(Decision.Nothing);

    [Fact]
    public void To_say_nothing_at_first_is_nothing_new() =>
        SetDefaults.Decide(new SetDefaults(null, null), null, Tuesday).ShouldBe(Decision.Nothing);

    [Fact]
    public void What_the_tenant_leaves_open_is_as_the_service_says() =>
        Expectation.Of(new TenantDefaults(30, null), new EnforcementOptions { GraceMultiplier = 3 }).ShouldBe(new Expectation(30, 3));
}

public class DefaultsHttpSpecs
{
    const string Path = "/v1/enforcement/defaults";

    [Fact]
    public async Task A_tenants_defaults_hold_for_its_systems_without_settings_and_for_nobody_else()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var (tenant, other) = (Tenancy.Of(service, TestService.NewTenantId()), Tenancy.Of(service, TestService.NewTenantId()));
        await tenant.BeatAsync("bot");
        await tenant.PutAsync("slow", """{"interval_seconds":600}""");
        await tenant.BeatAsync("slow");
        await other.BeatAsync("bot");

        var answer = await SetAsync(tenant, """{"interval_seconds":10,"grace_multiplier":1.5}""");
        clock.Advance(TimeSpan.FromSeconds(16));

        answer.Status.ShouldBe(200, answer.Text);
        answer.Text.ShouldBe("""{"interval_seconds":10,"grace_multiplier":1.5,"position":4}""");
        (await tenant.GetAsync(Path)).Text.ShouldBe(answer.Text);
        (await tenant.StatusAsync("bot")).Text("status").ShouldBe("STALE");
        (await tenant.StatusAsync("slow")).Text("status").ShouldBe("OK");
        (await other.StatusAsync("bot")).Text("status").ShouldBe("OK");
        var status = (await tenant.GetAsync("/v1/enforcement/status")).Json;
        (status.Text("heartbeat_interval_seconds"), status.Text("heartbeat_grace_multiplier")).ShouldBe(("10", "1.5"));
    }

    [Fact]
    public async Task Nobodys_defaults_are_the_services() =>
        (await (await Tenant.NewAsync()).GetAsync(Path)).Text.ShouldBe("""{"interval_seconds":60,"grace_multiplier":2,"position":0}""");

    [Theory]
    [InlineData("""{"interval_seconds":0}""", "/interval_seconds")]
    [InlineData("""{"interval_seconds":604801}""", "/interval_seconds")]
    [InlineData("""{"grace_multiplier":0.5}""", "/grace_multiplier")]
    [InlineData("""{"grace_multiplier":101}""", "/grace_multiplier")]
    public async Task Defaults_out_of_bounds_are_refused(string body, string pointer)
    {
        var answer = await SetAsync(await Tenant.NewAsync(), body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Text.ShouldContain(pointer);
    }

    static Task<Answer> SetAsync(Tenant tenant, string body) => tenant.SendAsync(HttpMethod.Put, Path, Encoding.UTF8.GetBytes(body));
}
