using FsCheck;
using FsCheck.Fluent;
using Stet.Audit.SelfCheck;
using static Stet.Audit.SelfCheck.LogParts;

namespace Stet.Tests.Audit.SelfCheck;

/// <summary>What holds whatever is done to a log, and however a sweep is cut.</summary>
public sealed class SweepLaws(SweepSpecs.SmallLog log) : IClassFixture<SweepSpecs.SmallLog>
{
    static readonly (string Name, LogParts Parts, Func<long, int, string> Sql)[] kinds =
    [
        ("data", Data, (p, _) => Change.Data(p)), ("id", Envelope, (p, _) => Change.Id(p)),
        ("stream", Envelope, (p, _) => Change.Stream(p)), ("version", Envelope, (p, _) => Change.Version(p)),
        ("time", Envelope, (p, _) => Change.Time(p)), ("type", Envelope, (p, _) => Change.Type(p)),
        ("actor", Envelope, (p, _) => Change.Actor(p)), ("commit", Commit, Change.Commit), ("hash", Leaf, Change.Hash),
        ("tile", Tile, (p, at) => Change.TileHash(Math.Min(p, 512), at)), ("no event", LogParts.Event, (p, _) => Change.NoEvent(p)),
        ("no leaf", Leaf, (p, _) => Change.NoLeaf(p)),
    ];

    [Fact]
    public async Task Whatever_is_changed_at_some_positions_those_and_no_others_are_named()
    {
        var changes =
            from kind in Gen.Choose(0, kinds.Length - 1)
            from position in Gen.Choose(1, 600)
            from at in Gen.Choose(0, 31)
            select (Kind: kind, Position: kinds[kind].Name == "tile" ? Math.Min(position, 512) : position, At: at);
        var some = changes.NonEmptyListOf().Select(list => list.Take(8).DistinctBy(c => c.Position).ToArray());

        await Task.Run(() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(some.ToArbitrary(), HoldsAsync)));
    }

    [Fact]
    public async Task A_sweep_that_is_interrupted_after_every_page_finds_the_same()
    {
        string[] changes =
        [
            Change.Data(3), Change.TileRoot(0, 0), Change.Guard(300, "root"), Change.NoEvent(515), Change.NoLeaf(515), Change.Time(550),
        ];
        var atOnce = await log.SweepAsync(changes);
        await using var connection = await log.Notes.Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await NotesLog.ChangeAsync(connection, log.TenantId, changes);

        var inParts = new List<Finding>();
        var sweep = await TenantSweep.BeginAsync(connection, log.Notes.Installation, log.TenantId, 256, _ => null, CancellationToken.None);
        for (var pages = 0; ; pages++)
        {
            inParts.AddRange(await sweep.NextAsync(connection, CancellationToken.None));
            if (sweep.IsDone) break;
            var state = sweep.State();
            sweep.Dispose();
            sweep = (await TenantSweep.ResumeAsync(connection, log.Notes.Installation, log.TenantId, 256, state, CancellationToken.None))!;
            sweep.State().ShouldBe(state);
            sweep.Position.ShouldBe(256 * (pages + 1));
        }

        sweep.Dispose();
        inParts.ShouldBe(atOnce);
        atOnce.Count.ShouldBe(5);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 1, 9, 9 })]
    public async Task A_state_that_no_sweep_left_is_not_resumed(byte[] state)
    {
        await using var connection = await log.Notes.Database.OpenAsync();

        (await TenantSweep.ResumeAsync(connection, log.Notes.Installation, log.TenantId, 256, state, CancellationToken.None)).ShouldBeNull();
    }

    async Task HoldsAsync((int Kind, int Position, int At)[] changes)
    {
        var found = await log.SweepAsync(changes.Select(c => kinds[c.Kind].Sql(c.Position, c.At)));

        var named = found.SelectMany(f => Enumerable.Range((int)f.Position, (int)f.Count).Select(p => (Position: p, f.Parts))).ToArray();
        named.Select(n => n.Position).Order().ShouldBe(changes.Select(c => c.Position).Order());
        foreach (var change in changes) named.ShouldContain(n => n.Position == change.Position && n.Parts.HasFlag(kinds[change.Kind].Parts));
    }
}
