using System.Net;
using System.Net.Sockets;
using System.Text;
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

    [Fact]
    public async Task A_body_that_comes_too_slowly_may_be_sent_again()
    {
        var service = await TestService.SharedAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(service.Address.Host, service.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/corrections HTTP/1.1\r\nHost: localhost\r\nX-Tenant-Id: {TestService.NewTenantId()}\r\n"
            + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"));

        using var answer = new StreamReader(stream, Encoding.UTF8);
        var text = await answer.ReadToEndAsync();

        text.ShouldStartWith("HTTP/1.1 408 ");
        text.ShouldContain("\"code\":\"request_timeout\"");
    }
}
