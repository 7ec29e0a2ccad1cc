using FsCheck;
using FsCheck.Fluent;
using Stet.Cedar;
using Stet.EventStore;
using Stet.Policy.Entities;
using static Stet.Tests.Policy.Decisions.Ordinary;

namespace Stet.Tests.Policy.Entities;

public class RecordEntitiesSpecs
{
    static readonly EntityInput ada = Input("App::User", "ada", """{"role":"editor"}""", ("App::Group", "editors"));

    [Fact]
    public void What_is_new_is_recorded_and_what_is_known_is_not_recorded_again()
    {
        var first = RecordEntities.Decide(new RecordEntities([ada]), TenantEntities.Empty, Rules.Schema, "root", Monday);
        var known = After(first.Events);
        var other = ada with { Attributes = Record("""{"role":"owner"}""") };

        first.Events.ShouldBe([new EntityRecorded(KnownEntity.Of(ada), "root", Monday)]);
        RecordEntities.Decide(new RecordEntities([ada]), known, Rules.Schema, "root", Monday).Events.ShouldBeEmpty();
        RecordEntities.Decide(new RecordEntities([other]), known, Rules.Schema, "root", Monday).Events.ShouldHaveSingleItem();
    }

    [Fact]
    public void All_that_is_wrong_is_told_by_place_and_nothing_is_recorded()
    {
        var decision = RecordEntities.Decide(
            new RecordEntities([
                ada, Input("App::User", "bob", """{"level":"high"}"""), Input("Spaceship", "x", "{}"), ada,
                Input("App::Doc", "d1", "{}"), Input("App::Group", "g", "{}", ("App::User", "ada"))]),
            TenantEntities.Empty, Rules.Schema, "root", Monday);

        decision.Events.ShouldBeEmpty();
        decision.Refusal!.Code.ShouldBe("entity_refused");
        decision.Refusal.Errors.Select(e => e.Pointer).Distinct().Order().ShouldBe(["/1", "/2", "/3", "/4", "/5"]);
        decision.Refusal.Errors.Single(e => e.Pointer == "/3").Message.ShouldBe("The entity `App::User::\"ada\"` is listed twice: remove one.");
        decision.Refusal.Errors.Single(e => e.Pointer == "/4").Message.ShouldContain("`status`");
    }

    [Fact]
    public void Nothing_becomes_its_own_ancestor()
    {
        var known = After([
            new EntityRecorded(KnownEntity.Of(Input("G", "a", "{}", ("G", "b"))), "root", Monday),
            new EntityRecorded(KnownEntity.Of(Input("G", "b", "{}", ("G", "c"))), "root", Monday)]);

        var closing = RecordEntities.Decide(new RecordEntities([Input("G", "c", "{}", ("G", "a"))]), known, null, "root", Monday);
        var itself = RecordEntities.Decide(new RecordEntities([Input("G", "x", "{}", ("G", "x"))]), known, null, "root", Monday);
        var within = RecordEntities.Decide(
            new RecordEntities([Input("G", "p", "{}", ("G", "q")), Input("G", "q", "{}", ("G", "p"))]), known, null, "root", Monday);

        closing.Refusal!.Errors.ShouldHaveSingleItem().Message.ShouldContain("its own ancestor");
        itself.Refusal!.Errors.ShouldHaveSingleItem();
        within.Refusal!.Errors.Select(e => e.Pointer).ShouldBe(["/0", "/1"]);
    }

    [Fact]
    public void Without_a_schema_any_type_will_do_and_removing_what_is_not_there_is_refused()
    {
        RecordEntities.Decide(new RecordEntities([Input("Spaceship", "x", """{"any":1}""")]), TenantEntities.Empty, null, "root", Monday)
            .Events.ShouldHaveSingleItem();
        RemoveEntity.Decide(new RemoveEntity(ada.Uid), TenantEntities.Empty, "root", Monday).Refusal!.Code.ShouldBe("entity_not_found");
        RemoveEntity.Decide(new RemoveEntity(ada.Uid), After([new EntityRecorded(KnownEntity.Of(ada), "root", Monday)]), "root", Monday)
            .Events.ShouldBe([new EntityRemoved("App::User", "ada", "root", Monday)]);
    }

    [Fact]
    public void More_ancestors_than_the_limit_are_refused()
    {
        var parents = Enumerable.Range(0, CedarLimits.Default.Ancestors + 1).Select(n => ("G", $"p{n}")).ToArray();

        RecordEntities.Decide(new RecordEntities([Input("G", "x", "{}", parents)]), TenantEntities.Empty, null, "root", Monday)
            .Refusal!.Errors.ShouldHaveSingleItem().Message.ShouldContain("more than 1024 ancestors");
    }

    [Fact]
    public void More_ancestors_than_the_limit_are_refused_for_what_is_below_an_entity_too()
    {
        var (a, b) = (Parents("a", CedarLimits.Default.Ancestors / 2), Parents("b", CedarLimits.Default.Ancestors / 2));
        var known = After([
            Recorded(Input("G", "c", "{}", ("G", "b"))), Recorded(Input("G", "d", "{}", ("G", "a"), ("G", "c"))),
            Recorded(Input("G", "a", "{}", a))]);

        var refused = RecordEntities.Decide(new RecordEntities([Input("G", "b", "{}", b)]), known, null, "root", Monday);
        var within = RecordEntities.Decide(new RecordEntities([Input("G", "b", "{}", b[3..])]), known, null, "root", Monday);
        var moved = RecordEntities.Decide(
            new RecordEntities([Input("G", "b", "{}", b), Input("G", "d", "{}", ("G", "c"))]), known, null, "root", Monday);

        refused.Refusal!.Errors.ShouldBe([new MemberError("/0", "The entity `G::\"d\"` would have more than 1024 ancestors.")]);
        within.Events.ShouldHaveSingleItem();
        moved.Events.Count.ShouldBe(2);

        static (string, string)[] Parents(string prefix, int count) => [.. Enumerable.Range(0, count).Select(n => ("G", $"{prefix}{n}"))];

        static EntityRecorded Recorded(EntityInput input) => new(KnownEntity.Of(input), "root", Monday);
    }

    [Fact]
    public void What_is_below_many_changed_entities_is_looked_at_once()
    {
        const int groups = 2_000;
        var known = After([
            .. Enumerable.Range(0, groups).Select(n => Recorded($"g{n}", n < 900 ? [("G", $"g{n + 1}")] : [])),
            .. Enumerable.Range(0, 8_000).Select(n => Recorded($"u{n}", [("G", "g0")]))]);
        var moved = new RecordEntities([.. Enumerable.Range(0, 900).Select(n => Input("G", $"g{n}", "{}", ("G", $"g{n + 1}"), ("G", "top")))]);
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();

        var watch = System.Diagnostics.Stopwatch.StartNew();
        RecordEntities.Decide(moved, known, null, "root", Monday).Events.Count.ShouldBe(900);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20)); // minutes if each of them looks at all that is below it
        Should.Throw<OperationCanceledException>(() => RecordEntities.Decide(moved, known, null, "root", Monday, stopped.Token));

        static EntityRecorded Recorded(string id, (string, string)[] parents) => new(KnownEntity.Of(Input("G", id, "{}", parents)), "root", Monday);
    }

    [Fact]
    public void What_is_below_an_entity_is_found_after_any_changes()
    {
        Prop.ForAll(
            Gen.Choose(0, 9).Two().ListOf(40).ToArbitrary(),
            edges =>
            {
                var known = TenantEntities.Empty;
                var parents = new Dictionary<int, int>();
                foreach (var (low, high) in edges.Select(e => (Math.Min(e.Item1, e.Item2), Math.Max(e.Item1, e.Item2))))
                {
                    if (low == high) parents.Remove(low);
                    else parents[low] = high;
                    known = known.With([Stored(known.Version + 1, low == high
                        ? new EntityRemoved("G", $"{low}", "root", Monday)
                        : new EntityRecorded(KnownEntity.Of(Input("G", $"{low}", "{}", ("G", $"{high}"))), "root", Monday))]);
                    for (var n = 0; n < 10; n++)
                        known.Below([(0, new EntityUid("G", $"{n}"))]).Keys.Select(uid => int.Parse(uid.Id, null)).ToHashSet()
                            .SetEquals(Enumerable.Range(0, 10).Where(child => IsBelow(child, n))).ShouldBeTrue();
                }

                bool IsBelow(int child, int n) => parents.TryGetValue(child, out var parent) && (parent == n || IsBelow(parent, n));
            }).QuickCheckThrowOnFailure();
    }

    /// <summary>Events in pieces, applied one after the other, give what the engine's own loader makes of the whole.</summary>
    [Fact]
    public void Ancestors_are_those_that_the_engine_finds()
    {
        Prop.ForAll(
            Gen.Choose(0, 19).Two().ListOf(30).ToArbitrary(),
            edges =>
            {
                var inputs = edges.Where(e => e.Item1 < e.Item2).GroupBy(e => e.Item1)
                    .Select(g => Input("G", $"{g.Key}", "{}", [.. g.Select(e => ("G", $"{e.Item2}")).Distinct()])).ToArray();
                var loaded = EntityStore.Load(inputs, CedarLimits.Default).Value!;

                var known = TenantEntities.Empty;
                foreach (var input in inputs)
                    known = known.With([Stored(known.Version + 1, new EntityRecorded(KnownEntity.Of(input), "root", Monday))]);

                return known.Count == loaded.Count && loaded.All.All(entity =>
                    known.TryGet(entity.Uid, out var found)
                    && found.Ancestors.ToArray().ToHashSet().SetEquals(entity.Ancestors.ToArray()));
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_later_state_leaves_an_earlier_one_as_it_was()
    {
        var before = After([new EntityRecorded(KnownEntity.Of(ada), "root", Monday)]);

        var after = before.With([Stored(2, new EntityRemoved("App::User", "ada", "root", Monday))]);

        before.TryGet(ada.Uid, out _).ShouldBeTrue();
        after.TryGet(ada.Uid, out _).ShouldBeFalse();
        before.IdsOf("App::User").ToArray().ShouldBe(["ada"]);
        after.IdsOf("App::User").Length.ShouldBe(0);
        (after.Version, after.Position).ShouldBe((2, 2));
    }

    static EntityInput Input(string type, string id, string attributes, params (string Type, string Id)[] parents) => new(
        new EntityUid(type, id), Record(attributes), [.. parents.Select(p => new EntityUid(p.Type, p.Id))], RecordValue.Empty);

    static TenantEntities After(IReadOnlyList<object> events) =>
        TenantEntities.Empty.With([.. events.Select((e, i) => Stored(i + 1, e))]);

    static StoredEvent Stored(long version, object data) => new("t", version, Guid.Empty, Guid.Empty, version, Monday, data);
}
