namespace Stet.Cedar.Tests.Schemata;

public class SchemaJsonSpecs
{
    const string Documents = """
        {"": {
          "commonTypes": {"Address": {"type": "Record", "attributes": {
            "street": {"type": "String", "required": false}, "city": {"type": "String", "required": true}}}},
          "entityTypes": {
            "Department": {}, "Team": {"memberOfTypes": ["Department"]},
            "User": {"memberOfTypes": ["Team"], "shape": {"type": "Record", "attributes": {
              "age": {"type": "Long"}, "name": {"type": "EntityOrCommon", "name": "String"},
              "nickname": {"type": "String", "required": false}, "home": {"type": "Address", "required": false},
              "manager": {"type": "Entity", "name": "User", "required": false},
              "since": {"type": "Extension", "name": "datetime"},
              "badges": {"type": "Set", "element": {"type": "EntityOrCommon", "name": "__cedar::String"}}}}},
            "Folder": {"memberOfTypes": ["Folder"]},
            "Document": {"memberOfTypes": ["Folder"], "tags": {"type": "String"}, "shape": {"type": "Record", "attributes": {
              "owner": {"type": "EntityOrCommon", "name": "User"}, "readers": {"type": "Set", "element": {"type": "Entity", "name": "User"}},
              "secret": {"type": "Boolean", "required": false}, "score": {"type": "Extension", "name": "decimal"}}}},
            "Color": {"enum": ["red", "green"]}},
          "actions": {
            "anything": {},
            "read": {"memberOf": [{"id": "anything"}], "appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Folder", "Document"],
              "context": {"type": "Record", "attributes": {"ip": {"type": "Extension", "name": "ipaddr"},
                "mfa": {"type": "Bool", "required": false}, "color": {"type": "Entity", "name": "Color", "required": false}}}}},
            "list": {"memberOf": [{"id": "anything", "type": "Action"}], "appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Document", "Folder"],
              "context": {"type": "Record", "attributes": {"ip": {"type": "Extension", "name": "ipaddr"},
                "mfa": {"type": "Boolean", "required": false}, "color": {"type": "Entity", "name": "Color", "required": false}}}}},
            "paint": {"memberOf": [{"id": "anything"}], "appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Document"],
              "context": {"type": "Record", "attributes": {}}}}}}}
        """;

    [Fact]
    public void Both_forms_of_a_schema_are_equal()
    {
        var (text, json) = (Schemas.Of(Schemas.Documents), Schemas.OfJson(Documents));

        json.Json().ShouldBe(text.Json());
        json.ComputeDigest().ShouldBe(text.ComputeDigest());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"appliesTo": {"principalTypes": [], "resourceTypes": []}}""")]
    [InlineData("""{"appliesTo": {"principalTypes": [], "resourceTypes": [], "context": {"type": "Record", "attributes": {}}}}""")]
    public void An_action_that_applies_to_nothing_is_only_a_group(string action)
    {
        var (text, json) = (Schemas.Of("action g;"), Schemas.OfJson($$$$"""{"": {"entityTypes": {}, "actions": {"g": {{{{action}}}} }}}"""));

        json.ComputeDigest().ShouldBe(text.ComputeDigest());
    }

    [Fact]
    public void An_annotation_without_a_value_is_one_with_an_empty_value()
    {
        Schema[] schemas =
        [
            Schemas.Of("@doc entity A;"), Schemas.Of("@doc(\"\") entity A;"),
            Schemas.OfJson("""{"": {"entityTypes": {"A": {"annotations": {"doc": ""}}}, "actions": {}}}"""),
            Schemas.OfJson("""{"": {"entityTypes": {"A": {"annotations": {"doc": null}}}, "actions": {}}}"""),
        ];

        schemas.Select(schema => Convert.ToHexString(schema.ComputeDigest())).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var schema = Schemas.Of(Schemas.Documents);

        Schemas.OfJson(schema.Json()).Json().ShouldBe(schema.Json());
    }

    [Fact]
    public void Different_schemas_have_different_digests()
    {
        var digest = Schemas.Of("entity A = {x: Long};").ComputeDigest();

        digest.Length.ShouldBe(32);
        Schemas.Of("entity A = {x?: Long};").ComputeDigest().ShouldNotBe(digest);
        Schemas.Of("@doc entity A = {x: Long};").ComputeDigest().ShouldNotBe(digest);
    }

    [Theory]
    [InlineData("""{"": {"annotations": {"doc": "x"}, "entityTypes": {}, "actions": {}}}""")]
    [InlineData("""{"": {"commonTypes": {"T": {"type": "Record", "attributes": {}}}, "entityTypes": {"A": {"shape": {"type": "T"}}}, "actions": {}}}""")]
    [InlineData("""{"": {"entityTypes": {"A": {}}, "actions": {"a": {"appliesTo": {"principalTypes": [], "resourceTypes": ["A"]}}}}}""")]
    [InlineData("""{"": {"entityTypes": {"A": {"shape": {"type": "Record", "attributes": {"x": {"type": "Entity", "name": "B"}}}}, "B": {}}, "actions": {}, "commonTypes": {"B": {"type": "Long"}}}}""")]
    public void What_only_JSON_can_say_reads_back_the_same(string json)
    {
        var written = Schemas.OfJson(json).Json();

        Schemas.OfJson(written).Json().ShouldBe(written);
    }

    [Theory]
    [InlineData("", "malformed")]
    [InlineData("[]", "`schema` has to be an object")]
    [InlineData("""{"a b": {"entityTypes": {}, "actions": {}}}""", "At `/a b`: The name of a namespace")]
    [InlineData("""{"": {"actions": {}}}""", "`entityTypes` is missing")]
    [InlineData("""{"": {"entityTypes": [], "actions": {}}}""", "`entityTypes` has to be an object")]
    [InlineData("""{"": {"entityTypes": {"A": {"parents": []}}, "actions": {}}}""", "At `//entityTypes/A`: The member `parents`")]
    [InlineData("""{"": {"entityTypes": {"A": {"memberOfTypes": "B"}}, "actions": {}}}""", "`memberOfTypes` has to be a list")]
    [InlineData("""{"": {"entityTypes": {"A": {"memberOfTypes": [1]}}, "actions": {}}}""", "/memberOfTypes/0`")]
    [InlineData("""{"": {"entityTypes": {"A": {"memberOfTypes": ["a b"]}}, "actions": {}}}""", "no entity type")]
    [InlineData("""{"": {"entityTypes": {"A B": {}}, "actions": {}}}""", "has to be an identifier")]
    [InlineData("""{"": {"entityTypes": {"A": {"enum": []}}, "actions": {}}}""", "one id or more")]
    [InlineData("""{"": {"entityTypes": {"A": {"enum": [1]}}, "actions": {}}}""", "has to be a string")]
    [InlineData("""{"": {"entityTypes": {"A": {"enum": ["a"], "shape": {"type": "Record", "attributes": {}}}}, "actions": {}}}""", "`shape` has no meaning")]
    [InlineData("""{"": {"entityTypes": {"A": {"shape": {"type": "Record"}}}, "actions": {}}}""", "`attributes` is missing")]
    [InlineData("""{"": {"entityTypes": {"A": {"shape": {"attributes": {}}}}, "actions": {}}}""", "`type` has to be a string")]
    [InlineData("""{"": {"entityTypes": {"A": {"tags": {"type": "Set"}}}, "actions": {}}}""", "At `//entityTypes/A/tags`: The member `element` is missing")]
    [InlineData("""{"": {"entityTypes": {"A": {"tags": {"type": "Long", "element": 1}}}, "actions": {}}}""", "`element` has no meaning")]
    [InlineData("""{"": {"entityTypes": {"A": {"tags": {"type": "Long", "required": true}}}, "actions": {}}}""", "`required` has no meaning")]
    [InlineData("""{"": {"entityTypes": {"A": {"tags": {"type": "Entity"}}}, "actions": {}}}""", "`name` is missing")]
    [InlineData("""{"": {"entityTypes": {"A": {"tags": {"type": "Entity", "name": "a b"}}}, "actions": {}}}""", "no name of a type")]
    [InlineData("""{"": {"entityTypes": {"A": {"shape": {"type": "Record", "attributes": {"x": {"type": "Long", "required": 1}}}}}, "actions": {}}}""", "true or false")]
    [InlineData("""{"": {"entityTypes": {"A": {"annotations": {"a b": "x"}}}, "actions": {}}}""", "no name of an annotation")]
    [InlineData("""{"": {"entityTypes": {"A": {"annotations": {"a": 1}}}, "actions": {}}}""", "has to be a string")]
    [InlineData("""{"": {"entityTypes": {}, "actions": {"a": {"appliesTo": {"principalTypes": []}}}}}""", "`resourceTypes` is missing")]
    [InlineData("""{"": {"entityTypes": {}, "actions": {"a": {"memberOf": [{"type": "Action"}]}}}}""", "`id` is missing")]
    [InlineData("""{"": {"entityTypes": {}, "actions": {"a": {"memberOf": [{"id": "b", "type": ""}]}}}}""", "no entity type")]
    [InlineData("""{"": {"entityTypes": {}, "actions": {"a": {"attributes": {}}}}}""", "`attributes` has no meaning")]
    public void JSON_of_another_form_is_refused(string json, string part)
    {
        var finding = Schemas.JsonRefusal(json);

        finding.Code.ShouldBe(FindingCode.Json);
        finding.Message.ShouldContain(part);
    }

    [Theory]
    [InlineData("""{"type": "__cedar::Long"}""")]
    [InlineData("""{"type": "EntityOrCommon", "name": "__cedar::Long"}""")]
    public void A_prefix_forces_the_type_of_the_language_wherever_a_type_may_be_named(string type) =>
        Schemas.OfJson($$$$"""{"": {"entityTypes": {"A": {"tags": {{{{type}}}}}}, "actions": {}}}""").Json().ShouldBe(
            Schemas.Of("entity A tags Long;").Json());

    [Fact]
    public void A_prefix_before_what_the_language_has_no_type_for_is_refused() =>
        Schemas.JsonRefusal("""{"": {"entityTypes": {"A": {"tags": {"type": "__cedar::Lon"}}}, "actions": {}}}""")
            .Message.ShouldContain("There is no built-in type `Lon` here. Did you mean `Long`?");

    [Fact]
    public void A_member_named_twice_is_refused() =>
        Schemas.JsonRefusal("""{"": {"entityTypes": {"A": {}, "A": {}}, "actions": {}}}""").Code.ShouldBe(FindingCode.DuplicateKey);

    [Fact]
    public void A_name_that_is_not_declared_is_named_with_its_place() =>
        Schemas.JsonRefusal("""{"N": {"entityTypes": {"A": {"memberOfTypes": ["B"]}}, "actions": {}}}""").Message
            .ShouldStartWith("At `/N/entityTypes/A/memberOfTypes/0`: There is no entity type `B`");

    [Fact]
    public void A_type_may_be_named_by_what_stands_for_a_form_of_JSON()
    {
        var schema = Schemas.Of("type EntityOrCommon = Long; entity A = {x: EntityOrCommon};");

        Schemas.OfJson(schema.Json()).Json().ShouldBe(schema.Json());
    }

    [Fact]
    public void The_attributes_of_an_entity_type_are_a_record() =>
        Schemas.JsonRefusal("""{"": {"entityTypes": {"A": {"shape": {"type": "Long"}}}, "actions": {}}}""").Code
            .ShouldBe(FindingCode.RecordNeeded);
}
