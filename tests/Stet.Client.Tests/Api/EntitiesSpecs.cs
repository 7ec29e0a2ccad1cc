using System.Text.Json.Nodes;
using Stet.Client.Api;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

public class EntitiesSpecs
{
    static readonly EntityName support = new("Team", "support");

    [Theory]
    [InlineData("Identity", "ada")]
    [InlineData("Shop::Identity", "https://id.example/ada lovelace?a=%2F#1")]
    public async Task What_is_recorded_of_an_entity_is_known(string type, string id)
    {
        var stet = await NewTenantAsync();
        var name = new EntityName(type, id);
        var ada = new KnownEntity(name)
        {
            Attrs = new JsonObject { ["clearance"] = 3, ["lead"] = JsonNode.Parse("""{"__entity":{"type":"Identity","id":"grace"}}""") },
            Parents = [support],
            Tags = new JsonObject { ["support-bot"] = new JsonArray("orders:read") },
        };

        var recorded = await stet.Entities.RecordAsync(ada);
        var again = await stet.Entities.RecordAsync(ada);
        var found = await stet.AtLeast(recorded.Position).Entities.FindAsync(name);

        (recorded.Value.RecordedAt is null, again.Value.RecordedAt, again.Position).ShouldBe((false, null, recorded.Position));
        (found.Value.Entity.Uid, found.Value.RecordedAt, found.Value.Position).ShouldBe((name, recorded.Value.RecordedAt, recorded.Position));
        found.Value.Entity.Parents.ShouldBe([support]);
        JsonNode.DeepEquals(found.Value.Entity.Attrs, ada.Attrs).ShouldBeTrue();
        JsonNode.DeepEquals(found.Value.Entity.Tags, ada.Tags).ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_removed_is_not_known_any_more()
    {
        var stet = await NewTenantAsync();
        await stet.Entities.RecordAsync(new KnownEntity(support));

        var removed = await stet.Entities.RemoveAsync(support);

        removed.Value.Position.ShouldBe(2);
        (await Should.ThrowAsync<StetException>(stet.Entities.FindAsync(support))).Code.ShouldBe("entity_not_found");
        (await Should.ThrowAsync<StetException>(stet.Entities.RemoveAsync(support))).Code.ShouldBe("entity_not_found");
    }

    [Fact]
    public async Task An_import_counts_what_is_new()
    {
        var stet = await NewTenantAsync();
        await stet.Entities.RecordAsync(new KnownEntity(support));

        var imported = await stet.Entities.ImportAsync([new(support), new(new("Identity", "ada")) { Parents = [support] }]);
        var file = await stet.Entities.ImportJsonAsync("""[{"uid": {"type": "Identity", "id": "grace"}, "attrs": {}, "parents": []}]"""u8.ToArray());

        (imported.Value, imported.Position).ShouldBe((new ImportedEntities(1, 1, 2), 2));
        file.Value.Recorded.ShouldBe(1);
    }

    [Fact]
    public async Task An_import_is_recorded_as_a_whole_or_not_at_all()
    {
        var people = await People.OfNewTenantAsync();
        await Rules.ActivateAsync(people);

        var refusal = await Should.ThrowAsync<StetException>(people.Admin.Entities.ImportAsync(
            [new(new("Tool", "close_account")), new(new("Tool", "export_orders")) { Attrs = new JsonObject { ["unheard"] = "of" } }]));

        (refusal.Code, refusal.Errors.ShouldHaveSingleItem().Pointer).ShouldBe(("entity_refused", "/1"));
        (await people.Admin.Entities.ListAsync("Tool").ToListAsync()).Select(e => e.Entity.Uid.Id).ShouldBe(["find_order", "refund_order"]);
    }

    [Fact]
    public async Task An_import_with_the_same_key_gets_the_first_answer()
    {
        var stet = await NewTenantAsync();
        var nightly = new WriteOptions { IdempotencyKey = "directory/2026-11-22" };

        var first = await stet.Entities.ImportAsync([new(support)], nightly);
        await stet.Entities.RemoveAsync(support);
        var again = await stet.Entities.ImportAsync([new(support)], nightly);

        again.Value.ShouldBe(first.Value);
        (await stet.Entities.ListAsync().ToListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Entities_are_listed_page_by_page_by_their_types_and_ids()
    {
        var stet = await NewTenantAsync();
        await stet.Entities.ImportAsync(
            [new(support), .. Enumerable.Range(0, 120).Select(i => new KnownEntity(new("Identity", $"id-{i:000}")))]);

        var page = (await stet.Entities.ListPageAsync("Identity", limit: 2)).Value;
        var next = (await stet.Entities.ListPageAsync("Identity", page.NextCursor, limit: 2)).Value;

        page.Entities.Concat(next.Entities).Select(e => e.Entity.Uid.Id).ShouldBe(["id-000", "id-001", "id-002", "id-003"]);
        var all = await stet.Entities.ListAsync().ToListAsync();
        (all.Count, all[^1].Entity.Uid).ShouldBe((121, support));
    }
}
