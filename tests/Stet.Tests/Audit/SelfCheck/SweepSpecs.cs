using Stet.Audit.SelfCheck;
using Stet.AuditLog;
using static Stet.Audit.SelfCheck.LogParts;
using static Stet.Audit.SelfCheck.PositionState;

namespace Stet.Tests.Audit.SelfCheck;

/// <summary>A log of 600: two full tiles and 88 leaves at the edge.</summary>
public sealed class SweepSpecs(SweepSpecs.SmallLog log) : IClassFixture<SweepSpecs.SmallLog>
{
    public static TheoryData<long> Positions => [1, 2, 100, 255, 256, 257, 511, 512, 513, 520, 521, 600];

    public static TheoryData<long> TiledPositions => [1, 2, 100, 255, 256, 257, 511, 512];

    public static TheoryData<long, int> Guards
    {
        get
        {
            var data = new TheoryData<long, int>();
            foreach (var size in SmallLog.Guarded) data.Add(size, (int)(size % 32));
            return data;
        }
    }

    [Fact]
    public async Task A_log_as_it_was_written_gives_no_finding() => (await log.SweepAsync()).ShouldBeEmpty();

    [Fact]
    public async Task The_writers_role_may_do_all_that_a_sweep_does()
    {
        await using var connection = await log.Notes.Connections.Subscriber.OpenConnectionAsync();

        (await log.Notes.SweepAsync(connection, log.TenantId)).ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Positions))]
    public async Task Changed_data_is_named(long position) =>
        (await log.SweepAsync(Change.Data(position))).ShouldBe([log.Altered(position, Data)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task Data_that_has_no_canonical_form_is_named(long position) =>
        (await log.SweepAsync(Change.Event(position, "data = '{\"n\": 12345678901234567890}'"))).ShouldBe([log.Altered(position, Data)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_time_is_named(long position) =>
        (await log.SweepAsync(Change.Time(position))).ShouldBe([log.Altered(position, Envelope)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_stream_is_named(long position) =>
        (await log.SweepAsync(Change.Stream(position))).ShouldBe([log.Altered(position, Envelope)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_version_is_named(long position) =>
        (await log.SweepAsync(Change.Version(position))).ShouldBe([log.Altered(position, Envelope)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_type_is_named(long position) =>
        (await log.SweepAsync(Change.Type(position))).ShouldBe([log.Altered(position, Envelope)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_schema_version_is_named(long position) =>
        (await log.SweepAsync(Change.Schema(position))).ShouldBe([log.Altered(position, Envelope)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_class_of_actor_is_named(long position) =>
        (await log.SweepAsync(Change.Actor(position))).ShouldBe([log.Altered(position, Envelope)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_id_shows_in_the_envelope_and_by_its_salt_in_the_data(long position) =>
        (await log.SweepAsync(Change.Id(position))).ShouldBe([log.Altered(position, Data | Envelope)]);

    [Theory]
    [InlineData("stream_id = null")]
    [InlineData("timestamp = 'infinity'")]
    [InlineData("timestamp = '20000-01-01T00:00:00Z'")]
    [InlineData("version = 0")]
    [InlineData("type = 'note_taken_v1'")]
    [InlineData("headers = '{\"actor_class\": \"emperor\"}'")]
    public async Task An_envelope_that_no_entry_can_carry_is_named(string set)
    {
        (await log.SweepAsync(Change.Event(7, set))).ShouldBe([log.Altered(7, Envelope)]);
        (await log.SweepAsync(Change.Event(590, set))).ShouldBe([log.Altered(590, Envelope)]);
    }

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_commitment_is_named(long position) =>
        (await log.SweepAsync(Change.Commit(position, (int)position % 32))).ShouldBe([log.Altered(position, Commit)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_changed_leaf_hash_is_named(long position) =>
        (await log.SweepAsync(Change.Hash(position, (int)position % 32))).ShouldBe([log.Altered(position, Leaf)]);

    [Theory, MemberData(nameof(TiledPositions))]
    public async Task A_changed_hash_of_a_tile_is_named(long position) =>
        (await log.SweepAsync(Change.TileHash(position, (int)position % 32))).ShouldBe([log.Altered(position, LogParts.Tile)]);

    [Theory, InlineData(0), InlineData(1)]
    public async Task A_changed_root_of_a_tile_is_named(long n) =>
        (await log.SweepAsync(Change.TileRoot(0, n, 31))).ShouldBe([log.Altered((n + 1) * 256, LogParts.Tile) with { Tile = new Tile(0, n, 256) }]);

    [Theory, MemberData(nameof(Guards))]
    public async Task A_changed_root_of_a_guard_is_named(long size, int at) =>
        (await log.SweepAsync(Change.Guard(size, "root", at))).ShouldBe([log.AlteredGuard(size)]);

    [Theory, MemberData(nameof(Guards))]
    public async Task A_changed_peak_of_a_guard_is_named(long size, int at) =>
        (await log.SweepAsync(Change.Guard(size, "peaks", at))).ShouldBe([log.AlteredGuard(size)]);

    [Theory, InlineData(0), InlineData(64), InlineData(127)]
    public async Task A_changed_peak_of_the_head_is_named(int at) =>
        (await log.SweepAsync("delete from stet.audit_signed where tenant_id = $1 and size = 600", Change.Head(at)))
            .ShouldBe([log.Altered(600, LogParts.Head) with { After = 520 }]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_missing_event_is_named(long position) =>
        (await log.SweepAsync(Change.NoEvent(position))).ShouldBe([log.Lost(position, LogParts.Event)]);

    [Theory, MemberData(nameof(Positions))]
    public async Task A_missing_leaf_is_named(long position) =>
        (await log.SweepAsync(Change.NoLeaf(position))).ShouldBe([log.Lost(position, Leaf)]);

    [Theory, InlineData(0), InlineData(1)]
    public async Task A_missing_tile_is_named(long n) =>
        (await log.SweepAsync(Change.NoTile(0, n))).ShouldBe([log.Lost((n + 1) * 256, LogParts.Tile) with { Tile = new Tile(0, n, 256) }]);

    [Theory, MemberData(nameof(Positions))]
    public async Task An_event_that_is_missing_with_its_leaf_is_named(long position) =>
        (await log.SweepAsync(Change.NoEvent(position), Change.NoLeaf(position))).ShouldBe([log.Lost(position, LogParts.Event | Leaf)]);

    [Fact]
    public async Task Neighbours_with_the_same_finding_are_one_finding() =>
        (await log.SweepAsync(Change.NoEvent(200, 300))).ShouldBe([log.Lost(200, LogParts.Event) with { Until = 300 }]);

    [Fact]
    public async Task Findings_far_apart_are_all_named() =>
        (await log.SweepAsync(Change.Data(2), Change.Hash(300), Change.Actor(555), Change.Commit(599)))
            .ShouldBe([log.Altered(2, Data), log.Altered(300, Leaf), log.Altered(555, Envelope), log.Altered(599, Commit)]);

    [Fact]
    public async Task Columns_that_no_entry_covers_are_no_evidence() =>
        (await log.SweepAsync(Change.Event(5, """
            correlation_id = 'x', causation_id = 'y', mt_dotnet_type = 'z', is_archived = true, headers = headers || '{"caller": "w"}'
            """))).ShouldBeEmpty();

    [Fact]
    public async Task An_event_and_its_leaf_rewritten_together_are_found_by_the_tile() =>
        (await log.SweepAsync(Change.Time(9), await log.RehashAsync(9, Change.Time(9)))).ShouldBe([log.Altered(9, Data | Envelope | Commit | Leaf)]);

    [Fact]
    public async Task An_event_and_its_leaf_rewritten_together_at_the_edge_are_found_by_the_next_guard() =>
        (await log.SweepAsync(Change.Time(515), await log.RehashAsync(515, Change.Time(515)))).ShouldBe([log.AlteredGuard(520)]);

    [Fact]
    public async Task After_rows_of_an_edge_were_lost_the_next_guard_tells_how_the_tree_goes_on() =>
        (await log.SweepAsync(Change.NoEvent(515), Change.NoLeaf(515), Change.Hash(560)))
            .ShouldBe([log.Lost(515, LogParts.Event | Leaf), log.Altered(560, Leaf)]);

    [Fact]
    public async Task A_head_that_is_missing_is_named() =>
        (await log.SweepAsync("delete from stet.tenant_head where tenant_id = $1")).ShouldBe([log.Lost(600, LogParts.Head)]);

    [Fact]
    public async Task Events_behind_the_heads_position_are_named() =>
        (await log.SweepAsync("update stet.tenant_head set position = 520 where tenant_id = $1"))
            .ShouldBe([log.Altered(521, LogParts.Head) with { Until = 600 }, log.Altered(600, Guard), log.Altered(520, LogParts.Head) with { After = 520 }]);

    [Fact]
    public async Task A_position_of_the_head_that_no_event_has_is_named() =>
        (await log.SweepAsync("update stet.tenant_head set position = 1000000000000 where tenant_id = $1"))
            .ShouldBe([log.Lost(601, LogParts.Event | Leaf) with { Until = 1_000_000_000_000 }]);

    [Theory]
    [InlineData("size = 600")]
    [InlineData("size > 0")]
    public async Task A_guard_that_is_gone_is_named_if_its_size_was_signed_last(string sizes)
    {
        var signed = await log.Notes.SignedAsync(log.TenantId, 600);

        (await log.Notes.SweepAsync(log.TenantId, signed)).ShouldBeEmpty();
        (await log.Notes.SweepAsync(log.TenantId, signed, $"delete from stet.audit_signed where tenant_id = $1 and {sizes}"))
            .ShouldBe([log.Lost(600, Guard)]);
    }

    [Fact]
    public async Task A_guard_with_another_root_than_was_signed_last_is_named()
    {
        var other = await log.Notes.SignedAsync(log.TenantId, 520);
        var signed = other with { Checkpoint = new Checkpoint(other.Origin, 600, other.Root) };

        (await log.Notes.SweepAsync(log.TenantId, signed)).ShouldBe([log.Altered(600, Guard)]);
    }

    [Fact]
    public async Task Positions_that_were_signed_and_are_beyond_the_head_are_named()
    {
        var last = await log.Notes.SignedAsync(log.TenantId, 600);
        var signed = last with { Checkpoint = new Checkpoint(last.Origin, 610, last.Root) };

        (await log.Notes.SweepAsync(log.TenantId, signed)).ShouldBe([log.Lost(601, LogParts.Event | Leaf) with { Until = 610 }, log.Lost(610, Guard)]);
    }

    [Theory]
    [InlineData(0, 2, 768)]
    [InlineData(1, 0, 65_536)]
    [InlineData(6, 255, long.MaxValue)]
    public async Task A_tile_that_the_head_does_not_fill_is_named(int level, long n, long position) =>
        (await log.SweepAsync($"""
            insert into stet.audit_tile (tenant_id, level, n, root, hashes)
            select tenant_id, {level}, {n}, root, hashes from stet.audit_tile where tenant_id = $1 and level = 0 and n = 0
            """)).ShouldBe([log.Altered(position, LogParts.Tile) with { Tile = new Tile(level, n, 256) }]);

    [Fact]
    public async Task An_event_before_the_first_position_is_named() =>
        (await log.SweepAsync("""
            insert into stet.mt_events (tenant_id, seq_id, id, stream_id, version, data, type)
            values ($1, -5, gen_random_uuid(), gen_random_uuid(), 1, '{}', 'note_taken_v2')
            """)).ShouldBe([log.Altered(-5, LogParts.Event) with { Until = 0 }]);

    [Theory]
    [InlineData("delete from stet.audit_key where tenant_id = $1 and kind = 'salt'")]
    [InlineData("update stet.audit_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) where tenant_id = $1 and kind = 'salt'")]
    [InlineData("update stet.audit_key set wrapped = 'short' where tenant_id = $1 and kind = 'salt'")]
    public async Task A_lost_log_secret_is_a_missing_salt_everywhere(string sql) =>
        (await log.SweepAsync(sql)).ShouldBe([log.Lost(1, Salt) with { Until = 600 }]);

    [Fact]
    public async Task Without_its_salt_an_event_is_still_held_against_its_leaf() =>
        (await log.SweepAsync("delete from stet.audit_key where tenant_id = $1 and kind = 'salt'", Change.Time(600), Change.NoEvent(1, 598)))
            .ShouldBe([
                log.Lost(1, LogParts.Event) with { Until = 598 }, log.Lost(599, Salt) with { Until = 600 },
                log.Altered(600, Envelope | Commit)]);

    /// <summary>The log, shared by the tests: what they change is rolled back.</summary>
    public sealed class SmallLog : IAsyncLifetime
    {
        public static long[] Guarded { get; } = [10, 255, 256, 257, 300, 512, 520, 600];

        public NotesLog Notes { get; private set; } = null!;

        public string TenantId { get; private set; } = "";

        public async Task InitializeAsync()
        {
            Notes = await NotesLog.CreateAsync();
            TenantId = await Notes.NewTenantAsync(Guarded);
        }

        public async Task DisposeAsync() => await Notes.DisposeAsync();

        public Task<IReadOnlyList<Finding>> SweepAsync(params IEnumerable<string> changes) => Notes.SweepAsync(TenantId, changes);

        public Finding Altered(long position, LogParts parts) => new(TenantId, position, position, PositionState.Altered, parts);

        public Finding Lost(long position, LogParts parts) => new(TenantId, position, position, Missing, parts);

        public Finding AlteredGuard(long size) =>
            Altered(size, Guard) with { After = Guarded.TakeWhile(s => s < size).LastOrDefault() };

        public Task<string> RehashAsync(long position, string change) => Notes.RehashAsync(TenantId, position, change);
    }
}
