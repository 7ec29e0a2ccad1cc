using Npgsql;
using Stet.Pcs;
using Stet.Testing;
using static Stet.Tests.Pcs.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>A document that comes again gets its first answer, as far as may be without the writer.</summary>
public class DuplicateSpecs
{
    [Fact]
    public async Task A_duplicate_does_not_wait_for_the_writer()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        var first = await tenant.SubmitAsync(Doubtful);

        await using var connection = await service.Database.OpenAsync();
        await using var busy = await connection.BeginTransactionAsync();
        await LockAsync(connection, tenantId);
        var again = await tenant.SubmitAsync(Doubtful with { Attempt = 2 });

        (again.Status, again.Text).ShouldBe((202, first.Text));
        again.Headers["Stet-Duplicate"].ShouldBe("true");
        again.Headers["Stet-Position"].ShouldBe(first.Headers["Stet-Position"]);
    }

    [Fact]
    public async Task Of_many_duplicates_at_once_each_gets_the_answer_to_its_own_document()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await PcsTenancy.NewAsync(service);
        PcsDocument[] documents = [.. Enumerable.Range(0, 40).Select(n => ((n % 5 == 0 ? Doubtful : Document) with { Epoch = n }).Signed())];
        var first = await Task.WhenAll(documents.Select(d => tenant.SubmitAsync(d)));

        for (var round = 0; round < 3; round++)
        {
            var again = await Task.WhenAll(documents.Select(d => tenant.SubmitAsync(d)));
            again.Select(a => (a.Status, a.Text)).ShouldBe(first.Select(a => (a.Status, a.Text)));
            again.ShouldAllBe(a => a.Headers["Stet-Duplicate"] == "true");
        }
    }

    [Fact]
    public async Task A_duplicate_of_what_another_instance_recorded_gets_that_answer()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await PcsTenancy.NewAsync(first, tenantId);
        var there = new Tenant(second.Client(tenantId));
        var recorded = await here.SubmitAsync(Document);

        for (var n = 0; n < 3; n++)
        {
            var again = await there.SubmitAsync(Document);
            (again.Status, again.Text).ShouldBe((200, recorded.Text));
            again.Headers["Stet-Duplicate"].ShouldBe("true");
        }
    }

    [Fact]
    public async Task A_duplicate_under_a_key_that_another_instance_revoked_gets_no_answer()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenantId = TestService.NewTenantId();
        var here = await PcsTenancy.NewAsync(first, tenantId);
        var there = new Tenant(second.Client(tenantId));
        (await there.SubmitAsync(Document)).Status.ShouldBe(200);
        (await there.SubmitAsync(Document)).Headers["Stet-Duplicate"].ShouldBe("true");

        await here.SendAsync(HttpMethod.Delete, "/v1/pcs/keys/k1", null);

        (await there.SubmitAsync(Document)).ShouldBeProblem(401, "key_unknown");
    }

    [Fact]
    public async Task A_duplicate_may_carry_a_receipt_too()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await PcsTenancy.NewAsync(service);
        await tenant.SubmitAsync(Document);

        var again = await tenant.SendAsync(HttpMethod.Post, $"{PcsTenancy.Submit}?receipt=true", Document.ToJson());

        again.Headers["Stet-Duplicate"].ShouldBe("true");
        again.Json["receipts"]!.AsArray().ShouldHaveSingleItem()!["position"]!.ToString().ShouldBe(again.Headers["Stet-Position"]);
    }

    [Fact]
    public async Task Duplicates_are_counted_by_the_status_of_the_first_answer()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);

        for (var n = 0; n < 3; n++) await tenant.SubmitAsync(Document);
        for (var n = 0; n < 2; n++) await tenant.SubmitAsync((Doubtful with { Epoch = 8 }).Signed());

        var metrics = (await tenant.GetAsync("/metrics")).Text.Split('\n');
        metrics.ShouldContain("flk_dedup_hits_by_status{status=\"200\"} 2");
        metrics.ShouldContain("flk_dedup_hits_by_status{status=\"202\"} 1");
        metrics.ShouldContain($"flk_dedup_hits_by_tenant{{tenant_id=\"{tenantId}\"}} 3");
        metrics.ShouldContain($"flk_accepted_by_tenant{{tenant_id=\"{tenantId}\"}} 1");
    }

    static async Task LockAsync(NpgsqlConnection connection, string tenantId)
    {
        await using var command = new NpgsqlCommand("select from stet.tenant_head where tenant_id = $1 for update", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = tenantId });
        await command.ExecuteNonQueryAsync();
    }
}
