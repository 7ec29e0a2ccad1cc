using System.Text;

namespace Stet.Cedar.Tests.Entities;

public class EntityStoreSpecs
{
    [Fact]
    public void An_entity_is_in_everything_its_parents_are_in()
    {
        var store = Cedar.Entities($"[{Json("a", "b", "x")}, {Json("b", "c")}, {Json("c", "d", "e")}]");

        store.TryGet(Uid("a"), out var entity).ShouldBeTrue();
        entity!.Ancestors.ToArray().ShouldBe([Uid("b"), Uid("c"), Uid("d"), Uid("e"), Uid("x")], ignoreOrder: true);
        entity.IsDescendantOf(Uid("e")).ShouldBeTrue();
        entity.IsDescendantOf(Uid("a")).ShouldBeFalse();
        store.Count.ShouldBe(3);
        store.All.Count.ShouldBe(3);
        store.TryGet(Uid("x"), out _).ShouldBeFalse();
    }

    [Fact]
    public void A_long_chain_of_parents_needs_no_deep_recursion()
    {
        var entities = Enumerable.Range(0, 900).Select(number => new EntityInput(
            Uid($"{number}"), RecordValue.Empty, [Uid($"{number + 1}")], RecordValue.Empty)).ToArray();

        Cedar.Value(EntityStore.Load(entities, CedarLimits.Default)).TryGet(Uid("0"), out var first).ShouldBeTrue();
        first!.Ancestors.Length.ShouldBe(900);
    }

    [Fact]
    public void A_diamond_is_no_cycle() =>
        Findings($"[{Json("a", "b", "c")}, {Json("b", "d")}, {Json("c", "d")}, {Json("d")}]").ShouldBeEmpty();

    [Fact]
    public void Entities_that_are_their_own_ancestors_are_refused()
    {
        Findings($"[{Json("a", "a")}]").ShouldBe([FindingCode.EntityCycle]);
        Findings($"[{Json("a", "b")}, {Json("b", "c")}, {Json("c", "a")}]").ShouldBe([FindingCode.EntityCycle]);
    }

    [Fact]
    public void An_entity_that_is_listed_twice_is_refused() =>
        Findings($"[{Json("a")}, {Json("b")}, {Json("a")}]").ShouldBe([FindingCode.DuplicateEntity]);

    [Theory]
    [InlineData("{}", FindingCode.Json, "list")]
    [InlineData("[1]", FindingCode.Json, "At `/0`")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": {}}]""", FindingCode.Json, "`parents` is missing")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": {}, "parents": [], "x": 1}]""", FindingCode.Json, "`x`")]
    [InlineData("""[{"uid": {"type": "1", "id": "a"}, "attrs": {}, "parents": []}]""", FindingCode.Json, "`1`")]
    [InlineData("""[{"uid": {"type": "U", "id": 1}, "attrs": {}, "parents": []}]""", FindingCode.Json, "`id`")]
    [InlineData("""[{"uid": {"__entity": {"type": "U", "id": "a"}, "x": 1}, "attrs": {}, "parents": []}]""", FindingCode.Json, "`x`")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": 1, "parents": []}]""", FindingCode.Json, "At `/0/attrs`")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": {}, "parents": {}}]""", FindingCode.Json, "`parents`")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": {}, "parents": [1]}]""", FindingCode.Json, "At `/0/parents/0`")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": {"a": {"b/c": [1.5]}}, "parents": []}]""", FindingCode.IntegerRange, "At `/0/attrs/a/b~1c/0`")]
    [InlineData("""[{"uid": {"type": "U", "id": "a"}, "attrs": {}, "parents": [], "tags": {"t": null}}]""", FindingCode.Json, "At `/0/tags/t`")]
    public void Entities_of_another_form_are_refused_with_the_place(string json, FindingCode code, string message)
    {
        var finding = EntityStore.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default).Findings.ShouldHaveSingleItem();

        finding.Code.ShouldBe(code);
        finding.Message.ShouldContain(message);
    }

    static IEnumerable<FindingCode> Findings(string json) =>
        EntityStore.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default).Findings.Select(finding => finding.Code);

    static string Json(string id, params string[] parents) =>
        $$"""{"uid": {"type": "U", "id": "{{id}}"}, "attrs": {}, "parents": [{{string.Join(',', parents.Select(parent => $$"""{"type": "U", "id": "{{parent}}"}"""))}}]}""";

    static EntityUid Uid(string id) => new("U", id);
}
