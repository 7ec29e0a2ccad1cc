using Npgsql;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

/// <summary>Subjects with more fields than anybody reads.</summary>
public class LargeSubjectSpecs
{
    [Fact]
    public async Task What_a_page_of_history_reads_does_not_grow_with_the_fields_of_a_subject()
    {
        await using var home = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        await using (var service = await TestService.StartAsync(database: home.Database))
        {
            var tenant = new Tenant(service.Client(id));
            await tenant.RecordAsync(Correction());
            await FillAsync(service, id, fields: 3_000);

            (await tenant.GetAsync($"/v1/history?{Query}&limit=500")).Json["corrections"]!.AsArray().Count.ShouldBe(500);
        }

        (await home.Database.RowsReadAsync(inserted: 1)).ShouldBeLessThan(10_000);
    }

    [Fact]
    public async Task A_subject_with_more_than_10_000_facts_is_asked_about_by_field()
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(id));
        await tenant.RecordAsync(Correction());
        await FillAsync(service, id, fields: 9_999);

        (await tenant.GetAsync($"/v1/facts?{Query}")).Json["facts"]!.AsArray().Count.ShouldBe(10_000);

        await tenant.RecordAsync(Correction("one.more"));
        foreach (var url in (string[])[$"/v1/facts?{Query}", $"/v1/facts?{Query}&q=severe", $"/v1/facts?{Query}&as_of=2", $"/v1/facts/context?{Query}"])
        {
            var refused = await tenant.GetAsync(url);
            refused.ShouldBeProblem(400, "invalid_request");
            refused.Pointers.ShouldBe(["field_keys"], url);
        }

        (await tenant.GetAsync($"/v1/facts?{Query}&field_keys=one.more,f1")).Json["facts"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task So_is_one_with_more_than_4_MiB_of_facts_however_many_ask()
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(id));
        await tenant.RecordAsync(Correction());
        await FillAsync(service, id, fields: 260, $"\"{new string('x', 16_380)}\"");

        foreach (var url in (string[])[$"/v1/facts?{Query}", $"/v1/facts?{Query}&q=severe", $"/v1/facts?{Query}&as_of=2", $"/v1/facts/context?{Query}&max_tokens=100"])
        {
            foreach (var refused in await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => tenant.GetAsync(url))))
            {
                refused.ShouldBeProblem(400, "invalid_request");
                refused.Pointers.ShouldBe(["field_keys"], url);
            }
        }

        (await tenant.GetAsync($"/v1/facts?{Query}&field_keys=f1,f2")).Json["facts"]!.AsArray().Count.ShouldBe(2);
    }

    // Rows as recording leaves them, without their events, at positions before the log's.
    static async Task FillAsync(TestService service, string tenantId, int fields, string value = "1")
    {
        await using var connection = await service.Database.OpenAsync();
        await using var fill = new NpgsqlCommand("""
            with filled as (
                insert into stet.corrections (tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class,
                    readers, scopes, deny_list, actor_type, actor_id, recorded_at, status)
                select $1, gen_random_uuid(), -n, 'patient', 'p-17', 'f' || n, $3, 'FACT', '{allergy-bot}', '{}', '{}', 'a', 'b', now(), 'ACTIVE'
                from generate_series(1, $2) n
                returning *)
            insert into stet.facts (tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class, standing,
                readers, scopes, deny_list, actor_type, actor_id, recorded_at)
            select tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class, true,
                readers, scopes, deny_list, actor_type, actor_id, recorded_at
            from filled
            """, connection);
        foreach (var parameter in (object[])[tenantId, fields, value]) fill.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await fill.ExecuteNonQueryAsync();
    }
}
