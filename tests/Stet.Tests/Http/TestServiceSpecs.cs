using System.Net;
using Stet.Testing;

namespace Stet.Tests.Http;

public class TestServiceSpecs
{
    [Fact]
    public async Task A_fresh_tenant_has_no_facts()
    {
        var service = await TestService.SharedAsync();
        using var tenant = service.Client();

        using var answer = await tenant.GetAsync(
            "/v1/facts?subject_type=patient&subject_id=p-17&requester_id=allergy-bot");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync()).ShouldBe(
            """{"subject":{"type":"patient","id":"p-17"},"facts":[],"position":0}""");
    }

    [Fact]
    public async Task A_service_goes_by_the_clock_it_is_given()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        using var tenant = service.Client();
        const string Facts = "/v1/facts?subject_type=a&subject_id=b&requester_id=c&as_of=2026-03-02T09:00:01Z";

        using var before = await tenant.GetAsync(Facts);
        clock.Advance(TimeSpan.FromSeconds(1));
        using var after = await tenant.GetAsync(Facts);

        before.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Two_services_may_share_a_database()
    {
        await using var one = await TestService.StartAsync();
        await using var other = await TestService.StartAsync(database: one.Database);

        other.Address.ShouldNotBe(one.Address);
        using var client = other.AnonymousClient();
        (await client.GetAsync("/readyz")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
