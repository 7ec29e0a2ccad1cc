using Stet.Audit.SelfCheck;
using static Stet.Audit.SelfCheck.LogParts;
using Tile = Stet.AuditLog.Tile;

namespace Stet.Tests.Audit.SelfCheck;

/// <summary>A log of 66,000: a full tile on level 1.</summary>
public sealed class LargeLogSpecs(LargeLogSpecs.LargeLog log) : IClassFixture<LargeLogSpecs.LargeLog>
{
    const long Filled = 65_536;

    [Fact]
    public async Task A_large_log_as_it_was_written_gives_no_finding() => (await log.SweepAsync()).ShouldBeEmpty();

    [Theory, InlineData(0), InlineData(77), InlineData(255)]
    public async Task A_changed_hash_of_a_higher_tile_is_named_by_the_last_leaf_under_it(int slot) =>
        (await log.SweepAsync(Change.HigherTileHash(1, 0, slot))).ShouldBe([log.Altered((slot + 1) * 256) with { Tile = new Tile(1, 0, 256) }]);

    [Fact]
    public async Task A_changed_root_of_a_higher_tile_is_named() =>
        (await log.SweepAsync(Change.TileRoot(1, 0))).ShouldBe([log.Altered(Filled) with { Tile = new Tile(1, 0, 256) }]);

    [Fact]
    public async Task A_missing_higher_tile_is_named() =>
        (await log.SweepAsync(Change.NoTile(1, 0)))
            .ShouldBe([log.Altered(Filled) with { State = PositionState.Missing, Tile = new Tile(1, 0, 256) }]);

    [Fact]
    public async Task A_root_changed_below_does_not_show_above() =>
        (await log.SweepAsync(Change.TileRoot(0, 100))).ShouldBe([log.Altered(101 * 256) with { Tile = new Tile(0, 100, 256) }]);

    [Fact]
    public async Task A_level_rewritten_from_the_event_to_the_tile_is_found_by_the_tile_above_and_the_next_guard() =>
        (await log.SweepAsync([.. await log.RewriteTileAsync(10)])).ShouldBe([
            log.Altered(8_000) with { Parts = Guard, After = 0 },
            log.Altered(11 * 256) with { Tile = new Tile(1, 0, 256) }]);

    [Fact]
    public async Task Rows_lost_with_their_tile_hide_nothing_that_comes_later() =>
        (await log.SweepAsync(Change.NoEvent(1_000), Change.NoLeaf(1_000), Change.NoTile(0, 3), Change.Data(5_000), Change.Hash(65_999)))
            .ShouldBe([
                log.Altered(1_000) with { State = PositionState.Missing, Parts = LogParts.Event | Leaf },
                log.Altered(1_024) with { State = PositionState.Missing, Tile = new Tile(0, 3, 256) },
                log.Altered(5_000) with { Parts = Data }, log.Altered(65_999) with { Parts = Leaf }]);

    public sealed class LargeLog : IAsyncLifetime
    {
        NotesLog notes = null!;
        string tenantId = "";

        public async Task InitializeAsync()
        {
            notes = await NotesLog.CreateAsync();
            tenantId = await notes.NewTenantAsync(66_000);
        }

        public async Task DisposeAsync() => await notes.DisposeAsync();

        public Task<IReadOnlyList<Finding>> SweepAsync(params IEnumerable<string> changes) => notes.SweepAsync(tenantId, changes);

        public Finding Altered(long position) => new(tenantId, position, position, PositionState.Altered, LogParts.Tile);

        /// <summary>Changes an event, and its leaf and tile so that the three agree.</summary>
        public async Task<string[]> RewriteTileAsync(long n)
        {
            var (position, change) = ((n * 256) + 7, Change.Time((n * 256) + 7));
            var leaf = await notes.RehashAsync(tenantId, position, change);
            await using var connection = await notes.Database.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await NotesLog.ChangeAsync(connection, tenantId, [change, leaf]);
            using var salts = await SaltKeys.ReadAsync(connection, notes.Installation, tenantId, CancellationToken.None);
            var page = new SweepPage(256);
            page.Begin(n * 256, long.MaxValue);
            await new SweepReader(tenantId, salts).ReadAsync(connection, page, CancellationToken.None);
            var root = Convert.ToHexStringLower(StoredTile.RootOf(page.Computed).ToArray());
            return
            [
                change, leaf,
                $"""
                update stet.audit_tile t set root = '\x{root}', hashes = (
                    select string_agg(hash, ''::bytea order by position) from stet.audit_leaf l
                    where l.tenant_id = t.tenant_id and l.position > {n * 256} and l.position <= {(n + 1) * 256})
                where tenant_id = $1 and level = 0 and n = {n}
                """,
            ];
        }
    }
}
