using System.Text.Json.Nodes;
using Stet.Client.Api;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

public class CorrectionsSpecs
{
    [Fact]
    public async Task What_is_recorded_can_be_read_at_its_position()
    {
        var stet = await NewTenantAsync();

        var written = await stet.Corrections.RecordAsync(Correction());
        var facts = await stet.AtLeast(written.Position).Facts.ReadAsync(Facts);

        (written.Value.Status, written.Value.Supersedes, written.IsRepeated, written.Position).ShouldBe((CorrectionStatus.Active, null, false, 1));
        var fact = facts.Value.Facts.ShouldHaveSingleItem();
        (fact.FieldKey, (string?)fact.Value, fact.CorrectionId, fact.CorrectedAt, fact.Actor)
            .ShouldBe(("allergies.penicillin", "severe", written.Value.CorrectionId, written.Value.CreatedAt, new("human", "dr-ada")));
    }

    [Fact]
    public async Task A_value_is_any_json()
    {
        var stet = await NewTenantAsync();
        var values = (string[])["null", "true", "-1.5", "\"<b>+é\\u0007\"", "[1,null,{}]", """{"a":{"b":[]}}"""];

        for (var i = 0; i < values.Length; i++)
            await stet.Corrections.RecordAsync(Correction(fieldKey: $"f{i}") with { Value = JsonNode.Parse(values[i]) });

        var facts = (await stet.Facts.ReadAsync(Facts)).Value.Facts;
        for (var i = 0; i < values.Length; i++) JsonNode.DeepEquals(facts[i].Value, JsonNode.Parse(values[i])).ShouldBeTrue(values[i]);
    }

    [Fact]
    public async Task Every_member_of_a_correction_arrives()
    {
        var stet = await NewTenantAsync();
        var from = new DateTimeOffset(2020, 1, 1, 12, 0, 0, TimeSpan.FromHours(2));

        var written = await stet.Corrections.RecordAsync(Correction() with
        {
            Class = CorrectionClass.Discardable,
            Permissions = new Permissions(["allergy-bot"], ["care"], ["spy"]),
            EffectiveFrom = from,
            EffectiveTo = from.AddYears(100),
            Reason = "seen in the lab",
        });

        var read = (await stet.Corrections.FindAsync(written.Value.CorrectionId, new Requester("nurse", "care"))).Value;
        (read.Subject, read.Class, read.EffectiveFrom, read.EffectiveTo, read.Reason, read.Position)
            .ShouldBe((Patient, CorrectionClass.Discardable, from, from.AddYears(100), "seen in the lab", 1));
        (await Should.ThrowAsync<StetException>(stet.Corrections.FindAsync(written.Value.CorrectionId, new Requester("spy", "care"))))
            .Code.ShouldBe("correction_not_found");
    }

    [Fact]
    public async Task A_correction_is_superseded_only_while_it_stands()
    {
        var stet = await NewTenantAsync();
        var first = (await stet.Corrections.RecordAsync(Correction())).Value.CorrectionId;

        var second = await stet.Corrections.SupersedeAsync(first, Correction("mild"));
        var late = await Should.ThrowAsync<StetException>(stet.Corrections.SupersedeAsync(first, Correction("none")));

        second.Value.Supersedes.ShouldBe(first);
        (late.Code, (int)late.Status).ShouldBe(("supersedes_not_active", 409));
    }

    [Fact]
    public async Task What_was_taken_back_stands_no_more_and_is_told_the_same_way_again()
    {
        var stet = await NewTenantAsync();
        var id = (await stet.Corrections.RecordAsync(Correction())).Value.CorrectionId;

        var revoked = await stet.Corrections.RevokeAsync(id, TakenBack);
        var again = await stet.Corrections.RevokeAsync(id, TakenBack with { Reason = RevocationReason.Expired });

        (revoked.Value.Status, revoked.Value.Reason).ShouldBe((CorrectionStatus.Revoked, RevocationReason.EnteredInError));
        again.Value.ShouldBe(revoked.Value);
        (await stet.Facts.ReadAsync(Facts)).Value.Facts.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_key_is_recorded_once()
    {
        var stet = await NewTenantAsync();
        var options = new WriteOptions { IdempotencyKey = "visit-1" };

        var first = await stet.Corrections.RecordAsync(Correction(), options);
        var second = await stet.Corrections.RecordAsync(Correction() with { IdempotencyKey = "visit-1" });
        var other = await Should.ThrowAsync<StetException>(stet.Corrections.RecordAsync(Correction("mild"), options));

        (second.Value, second.IsRepeated).ShouldBe((first.Value, true));
        other.Code.ShouldBe("idempotency_conflict");
    }

    [Fact]
    public async Task Without_a_key_each_call_is_a_correction_of_its_own()
    {
        var stet = await NewTenantAsync();

        await stet.Corrections.RecordAsync(Correction());
        var second = await stet.Corrections.RecordAsync(Correction());

        second.IsRepeated.ShouldBeFalse();
        (await stet.Corrections.HistoryAsync(History).ToListAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task History_is_enumerated_over_pages_newest_first()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordManyAsync([.. Enumerable.Range(0, 120).Select(n => Correction($"{n}", $"f{n % 7}"))]);

        var page = await stet.Corrections.HistoryPageAsync(History, limit: 50);
        var all = await stet.Corrections.HistoryAsync(History).ToListAsync();
        var field = await stet.Corrections.HistoryAsync(History with { FieldKey = "f3" }).ToListAsync();

        (page.Value.Corrections.Count, page.Value.NextCursor is null).ShouldBe((50, false));
        all.Select(c => (string)c.Value!).ShouldBe(Enumerable.Range(0, 120).Reverse().Select(n => $"{n}"));
        field.Select(c => c.FieldKey).Distinct().ShouldBe(["f3"]);
        field[0].SupersededBy.ShouldBeNull();
        field[1].SupersededBy.ShouldBe(field[0].CorrectionId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public async Task An_enumeration_stops_when_it_is_cancelled_within_a_page_or_at_its_end(int after)
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordManyAsync([.. Enumerable.Range(0, 60).Select(n => Correction($"{n}"))]);
        using var stop = new CancellationTokenSource();

        var seen = 0;
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in stet.Corrections.HistoryAsync(History, stop.Token))
                if (++seen == after) await stop.CancelAsync();
        });

        seen.ShouldBe(after);
    }

    [Fact]
    public async Task Facts_can_be_had_as_they_stood()
    {
        var stet = await NewTenantAsync();
        var first = await stet.Corrections.RecordAsync(Correction());
        var second = await stet.Corrections.RecordAsync(Correction("mild"));

        (await ValueAsync(null)).ShouldBe("mild");
        (await ValueAsync(AsOf.Position(first.Position))).ShouldBe("severe");
        (await ValueAsync(AsOf.Time(first.Value.CreatedAt))).ShouldBe("severe");
        (await ValueAsync(AsOf.Time(second.Value.CreatedAt))).ShouldBe("mild");
        (await Should.ThrowAsync<StetException>(ValueAsync(AsOf.Position(99)))).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("as_of");

        async Task<string?> ValueAsync(AsOf? asOf) => (string?)(await stet.Facts.ReadAsync(Facts with { AsOf = asOf })).Value.Facts.Single().Value;
    }

    [Fact]
    public async Task Facts_are_narrowed_by_field_and_text()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordManyAsync([Correction("yes", "a"), Correction("Nöö & \"+\"", "b"), Correction("yes", "c")]);

        (await KeysAsync(Facts with { FieldKeys = ["a", "c"] })).ShouldBe(["a", "c"]);
        (await KeysAsync(Facts with { Text = "öö & \"+" })).ShouldBe(["b"]);

        async Task<IEnumerable<string>> KeysAsync(FactsQuery query) => (await stet.Facts.ReadAsync(query)).Value.Facts.Select(f => f.FieldKey);
    }

    [Fact]
    public async Task A_known_block_is_given_again_until_it_changes()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordAsync(Correction());

        var first = await stet.Facts.ContextAsync(Facts);
        await stet.Enforcement.ReportAsync(Beat);
        var unchanged = await stet.AtLeast(2).Facts.ContextAsync(Facts, known: first);
        await stet.Corrections.RecordAsync(Correction("mild"));
        var changed = await stet.Facts.ContextAsync(Facts, known: unchanged);

        first.Value.Markdown.ShouldContain("severe");
        first.Value.EstimatedTokens.ShouldBeInRange(50, 200);
        unchanged.ShouldBe(first with { Position = 2, IsUnchanged = true });
        unchanged.Value.ShouldBeSameAs(first.Value);
        changed.IsUnchanged.ShouldBeFalse();
        changed.Value.Markdown.ShouldContain("mild");
    }

    [Fact]
    public async Task The_block_is_to_be_had_as_json_and_in_a_bounded_size()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordManyAsync([.. Enumerable.Range(0, 50).Select(n => Correction(fieldKey: $"f{n}"))]);

        var all = (await stet.Facts.ContextBlockAsync(Facts)).Value;
        var some = (await stet.Facts.ContextBlockAsync(Facts, maxTokens: 500)).Value;

        (all.Facts.Count, all.Omitted, all.Subject).ShouldBe((50, 0, Patient));
        (some.Facts.Count + some.Omitted).ShouldBe(50);
        some.EstimatedTokens.ShouldBeLessThanOrEqualTo(500);
    }

    [Fact]
    public async Task A_batch_tells_how_each_went()
    {
        var stet = await NewTenantAsync();
        var stale = Correction("other") with { Supersedes = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()) };

        var each = await stet.Corrections.RecordManyAsync([Correction(), stale, Correction("x", "")]);
        var together = await stet.Corrections.RecordManyAsync([Correction("mild"), stale], atomic: true);

        each.Value.Recorded.ShouldBe(1);
        each.Value.Results.Select(r => (r.Status, r.Problem?.Code)).ShouldBe([(201, null), (409, "supersedes_not_active"), (400, "invalid_request")]);
        each.Value.Results[2].Problem!.Errors!.ShouldHaveSingleItem().Pointer.ShouldBe("/corrections/2/field_key");
        together.Value.Results.Select(r => r.Problem?.Code).ShouldBe(["not_recorded", "supersedes_not_active"]);
    }

    [Fact]
    public async Task Which_systems_enforce_a_correction_is_told()
    {
        var stet = await NewTenantAsync();
        await stet.Enforcement.RegisterAsync("late", new SystemSettings());
        var written = await stet.Corrections.RecordAsync(Correction());
        await stet.Enforcement.ReportAsync(Beat with { EnforcedPosition = written.Position });

        var enforcement = (await stet.Corrections.EnforcementAsync(written.Value.CorrectionId)).Value;

        enforcement.Enforced.Select(e => e.SystemId).ShouldBe(["allergy-filter"]);
        enforcement.NotEnforced.ShouldBe([new Delinquent("late", written.Value.CreatedAt, null, null)]);
    }
}
