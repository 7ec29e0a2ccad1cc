using System.Text;

namespace Stet.Cedar.Tests.Validation;

public class EntityCheckSpecs
{
    const string Ada = """
        {"uid": {"type": "User", "id": "ada"}, "parents": [{"type": "Team", "id": "t"}, {"type": "Department", "id": "d"}],
         "attrs": {"age": 36, "name": "Ada", "since": "2025-01-01", "badges": ["gold"], "manager": {"type": "User", "id": "bob"}, "home": {"city": "Lyon"}}}
        """;

    [Fact]
    public void Wrappers_may_be_left_out_where_the_schema_says_what_comes()
    {
        var ada = Entity(Ada);

        Validating.Documents.Check(ada).ShouldBeEmpty();
        ada.Attributes.TryGet("since", out var since).ShouldBeTrue();
        since!.Kind.ShouldBe(ValueKind.DateTime);
        ada.Attributes.TryGet("manager", out var manager).ShouldBeTrue();
        manager.ShouldBe(new EntityUid("User", "bob"));
    }

    [Fact]
    public void Tags_are_what_is_declared()
    {
        const string document = """{"uid": {"type": "Document", "id": "d"}, "parents": [], "attrs": {"owner": {"type": "User", "id": "ada"}, "readers": [], "score": "0.5"}, "tags": {"a": "b"}}""";

        Validating.Documents.Check(Entity(document)).ShouldBeEmpty();
        Message(document.Replace("\"b\"", "1")).ShouldContain("tag a`: `String` is declared, and this is a value of kind Long.");
        Message("""{"uid": {"type": "Folder", "id": "f"}, "parents": [], "attrs": {}, "tags": {"a": "b"}}""").ShouldContain("declares no tags");
    }

    [Theory]
    [InlineData("\"age\": 36, ", "", "The attribute `age` of type `Long` is missing.")]
    [InlineData("\"age\": 36", "\"age\": true", "ada\".age`: `Long` is declared, and this is a value of kind Bool.")]
    [InlineData("\"age\": 36", "\"age\": 36, \"agee\": 1", "The schema declares no attribute `agee` here. Did you mean `age`?")]
    [InlineData("\"gold\"", "\"gold\", 1", "ada\".badges.1`: `String` is declared, and this is a value of kind Long.")]
    [InlineData("{\"city\": \"Lyon\"}", "{}", "ada\".home`: The attribute `city` of type `String` is missing.")]
    [InlineData("\"type\": \"User\", \"id\": \"bob\"", "\"type\": \"Team\", \"id\": \"bob\"", "An entity of the type `User` is declared, and this is one of `Team`.")]
    [InlineData("\"Department\"", "\"Folder\"", "Entities of the type `User` cannot be in `Folder::\"d\"`")]
    [InlineData("\"Department\"", "\"User\"", "Entities of the type `User` cannot be in `User::\"d\"`")]
    [InlineData("\"type\": \"User\", \"id\": \"ada\"", "\"type\": \"Usr\", \"id\": \"ada\"", "The schema declares no entity type `Usr`. Did you mean `User`?")]
    public void An_entity_has_to_be_what_is_declared(string from, string to, string part) => Message(Ada.Replace(from, to)).ShouldContain(part);

    [Fact]
    public void An_entity_may_be_in_its_own_type_where_the_schema_says_so() =>
        Validating.Documents.Check(Entity("""{"uid": {"type": "Folder", "id": "f"}, "attrs": {}, "parents": [{"type": "Folder", "id": "g"}]}"""))
            .ShouldBeEmpty();

    [Fact]
    public void What_fits_one_schema_is_still_held_to_another()
    {
        var folder = new Entity(new EntityUid("Folder", "f"), RecordValue.Empty, [], RecordValue.Empty);
        var other = Schema.Parse("entity Folder { name: String };", CedarLimits.Default).Value.ShouldNotBeNull();

        foreach (var _ in (int[])[1, 2])
        {
            Validating.Documents.Check(folder).ShouldBeEmpty();
            other.Check(folder).ShouldHaveSingleItem().Message.ShouldContain("`name`");
        }
    }

    [Fact]
    public void Once_there_are_findings_enough_nothing_more_is_looked_for()
    {
        var declared = string.Join(", ", Enumerable.Range(0, 1_000).Select(i => $"attribute_number_{i}?: Long"));
        var schema = Cedar.Value(Schema.Parse($"entity User {{ all: Set<{{ {declared} }}> }};", CedarLimits.Default));
        var records = Enumerable.Range(0, 1_000).Select(n => (Value)new RecordValue(
            [.. Enumerable.Range(0, 400).Select(i => new KeyValuePair<string, Value>($"atribute_nmber_{i}_{n}", BoolValue.True))]));
        var ada = new Entity(new EntityUid("User", "ada"), new RecordValue(new KeyValuePair<string, Value>("all", new SetValue([.. records]))), [], RecordValue.Empty);

        var watch = System.Diagnostics.Stopwatch.StartNew();
        schema.Check(ada).Length.ShouldBe(100);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5)); // a minute if a name is suggested for each
    }

    [Fact]
    public void An_enumerated_entity_has_a_listed_id()
    {
        Validating.Documents.Check(Entity("""{"uid": {"type": "Color", "id": "red"}, "attrs": {}, "parents": []}""")).ShouldBeEmpty();
        Message("""{"uid": {"type": "Color", "id": "blue"}, "attrs": {}, "parents": []}""").ShouldContain("has only the ids its `enum` lists");
        Message("""{"uid": {"type": "Color", "id": "red"}, "attrs": {"x": 1}, "parents": []}""").ShouldContain("no attribute `x`");
    }

    [Theory]
    [InlineData("read", "{\"type\": \"Action\", \"id\": \"anything\"}", "{}", null)]
    [InlineData("read", "", "{}", "The schema puts this action in `Action::\"anything\"`: list it among the parents.")]
    [InlineData("anything", "{\"type\": \"Action\", \"id\": \"read\"}", "{}", "The schema does not put this action in `Action::\"read\"`.")]
    [InlineData("anything", "", "{\"x\": 1}", "Actions have no attributes and no tags")]
    [InlineData("nothing", "", "{}", "The schema declares no such action.")]
    public void An_action_is_what_is_declared(string id, string parents, string attributes, string? part)
    {
        var findings = Validating.Documents.Check(Entity(
            $"{{\"uid\": {{\"type\": \"Action\", \"id\": \"{id}\"}}, \"attrs\": {attributes}, \"parents\": [{parents}]}}"));

        if (part is null) findings.ShouldBeEmpty();
        else findings.ShouldHaveSingleItem().Message.ShouldContain(part);
    }

    [Fact]
    public void The_actions_of_a_schema_fit_it() =>
        Validating.Documents.ActionEntities.SelectMany(entity => Validating.Documents.Check(entity)).ShouldBeEmpty();

    [Fact]
    public void Findings_come_to_an_end()
    {
        var badges = string.Join(',', Enumerable.Range(0, 500));

        Validating.Documents.Check(Entity(Ada.Replace("\"gold\"", badges))).Length.ShouldBe(100);
    }

    static string Message(string json) => Validating.Documents.Check(Entity(json)).ShouldHaveSingleItem().Message;

    static Entity Entity(string json) => Cedar.Value(
        EntityStore.ParseJson(Encoding.UTF8.GetBytes($"[{json}]"), CedarLimits.Default, Validating.Documents)).All.Single();
}
