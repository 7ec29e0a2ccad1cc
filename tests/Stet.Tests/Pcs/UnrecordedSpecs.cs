using Npgsql;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Pcs.Ordinary;

namespace Stet.Tests.Pcs;

/// <summary>Nothing is acknowledged that was not recorded.</summary>
public class UnrecordedSpecs
{
    [Fact]
    public async Task What_cannot_be_recorded_is_a_503_that_is_counted_and_the_retry_is_the_first()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        await ExecuteAsync(service, "alter table stet.pcs_submission add constraint unlucky check (epoch <> 7) not valid");

        var refused = await tenant.SubmitAsync(Document);
        var neighbour = await tenant.SubmitAsync((Document with { Epoch = 8 }).Signed());
        (await tenant.GetAsync($"/v1/pcs/{Document.PcsId}")).ShouldBeProblem(404, "pcs_not_found");
        await ExecuteAsync(service, "alter table stet.pcs_submission drop constraint unlucky");
        var retried = await tenant.SubmitAsync(Document);

        refused.ShouldBeProblem(503, "store_unavailable");
        refused.Headers["Retry-After"].ShouldBe("5");
        refused.Text.ShouldNotContain("unlucky");
        neighbour.Status.ShouldBe(200, neighbour.Text);
        retried.Status.ShouldBe(200, retried.Text);
        retried.Headers.ContainsKey("Stet-Duplicate").ShouldBeFalse();
        string[] metrics = [.. (await tenant.GetAsync("/metrics")).Text.Split('\n').Where(line => line.StartsWith("flk_", StringComparison.Ordinal))];
        metrics.ShouldContain($"flk_wal_errors_by_tenant{{tenant_id=\"{tenantId}\"}} 1");
        metrics.ShouldContain($"flk_accepted_by_tenant{{tenant_id=\"{tenantId}\"}} 2");
        metrics.ShouldContain("flk_wal_errors 1");
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_accepted_and_afterwards_all_is_well()
    {
        await using var home = await TestService.StartAsync();
        await using var service = await CutOffService.StartAsync(home.Database.ConnectionString);
        var tenantId = TestService.NewTenantId();
        var there = await PcsTenancy.NewAsync(home, tenantId);
        var here = new Tenant(service.Client(tenantId));
        (await here.SubmitAsync(Document)).Status.ShouldBe(200);

        service.CutOff();
        var refused = await here.SubmitAsync((Document with { Epoch = 8 }).Signed());
        var known = await here.SubmitAsync(Document);
        (await there.ReadAsync("/v1/pcs"))["submissions"]!.AsArray().Count.ShouldBe(1);
        service.Reconnect();
        var retried = await here.SubmitUntilAnsweredAsync((Document with { Epoch = 8 }).Signed());

        foreach (var answer in (Answer[])[refused, known])
        {
            answer.ShouldBeProblem(503, "store_unavailable");
            int.Parse(answer.Headers["Retry-After"]).ShouldBeInRange(1, 5);
        }

        retried.Status.ShouldBe(200, retried.Text);
        (await there.ReadAsync("/v1/pcs"))["submissions"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_refusal_that_could_not_be_recorded_is_told_with_the_next()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        await ExecuteAsync(service, "alter table stet.pcs_count add constraint unlucky check (name not like 'refused.%') not valid");

        var unrecorded = await tenant.SubmitAsync(Document.Signed("wrong"));
        await ExecuteAsync(service, "alter table stet.pcs_count drop constraint unlucky");
        var recorded = await tenant.SubmitAsync(Document with { Sig = null });

        unrecorded.Status.ShouldBeGreaterThanOrEqualTo(500);
        recorded.Status.ShouldBe(401, recorded.Text);
        var summary = await tenant.ReadAsync("/v1/pcs/summary");
        (summary["refused"]!.AsObject().Count, (int)summary["refused_suppressed"]!).ShouldBe((1, 1));
        (await tenant.GetAsync("/metrics")).Text.Split('\n').ShouldContain($"flk_wal_errors_by_tenant{{tenant_id=\"{tenantId}\"}} 1");
    }

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

static class UnrecordedSteps
{
    /// <summary>Submits until the answer is not 503: a database that is back is noticed by the next to ask it.</summary>
    public static async Task<Answer> SubmitUntilAnsweredAsync(this Tenant tenant, Stet.Pcs.PcsDocument document)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await tenant.SubmitAsync(document);
            if (answer.Status != 503 || attempt == 20) return answer;
            await Task.Delay(200);
        }
    }
}
