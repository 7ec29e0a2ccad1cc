namespace Stet.Cedar.Tests.Schemata;

public class SchemaTextSpecs
{
    [Fact]
    public void A_schema_says_which_types_and_actions_there_are()
    {
        var schema = Schemas.Of(Schemas.Documents);

        schema.EntityTypes.ShouldBe(["Color", "Department", "Document", "Folder", "Team", "User"]);
        schema.Actions.Select(action => action.ToString()).ShouldBe(
            ["Action::\"anything\"", "Action::\"list\"", "Action::\"paint\"", "Action::\"read\""]);
        schema.Environments.Select(environment => $"{environment.Action.Id} {environment.ResourceType}").ShouldBe(
            ["list Document", "list Folder", "paint Document", "read Document", "read Folder"]);
        schema.Environments.ShouldAllBe(environment => environment.PrincipalType == "User");
    }

    [Fact]
    public void A_schema_names_attributes_wherever_they_are_declared() =>
        Schemas.Of("""
            type Unused = { a: Long };
            type Part = { b: Long };
            entity User { c: Set<{ d: Long }>, e?: Part, f?: Part } tags { g: Long };
            action read appliesTo { principal: User, resource: User, context: { h: Bool } };
            action group;
            """).AttributeNames.ShouldBe(["a", "b", "c", "d", "e", "f", "g", "h"], ignoreOrder: true);

    [Fact]
    public void The_empty_text_is_a_schema() => Schemas.Of(" // nothing yet\n").Json().ShouldBe("{}");

    [Fact]
    public void Names_share_a_declaration() =>
        Schemas.Of("entity A, B = {x: Long}; action a, \"b c\" appliesTo {principal: A, resource: [A, B]};").Json()
            .ShouldBe(Schemas.Of("""
                entity A = {x: Long}; entity B = {x: Long};
                action a appliesTo {principal: [A], resource: [A, B]};
                action "b c" appliesTo {principal: [A], resource: [A, B]};
                """).Json());

    [Fact]
    public void The_order_of_declarations_means_nothing() =>
        Schemas.Of("action a in b; action b; entity A in [B] = {t: T}; entity B; type T = Long;").Json()
            .ShouldBe(Schemas.Of("type T = Long; entity B; entity A in B {t: T,}; action b; action a in [\"b\"];").Json());

    [Fact]
    public void Words_of_the_schema_language_may_be_names() =>
        Schemas.Of("entity entity, action, type, namespace, Set = {tags: Set<Set>, context?: Set, enum: entity} tags type;")
            .EntityTypes.ShouldBe(["Set", "action", "entity", "namespace", "type"]);

    [Fact]
    public void Annotations_stand_before_namespaces_declarations_and_attributes()
    {
        var json = Schemas.Of("""
            @doc("all") @internal namespace N {
              @doc("an entity") entity A = { @doc("an attribute") x: Long };
              @doc("an action") action a;
              @doc("a type") type T = String;
            }
            """).Json();

        json.ShouldBe(
            "{\"N\":{\"actions\":{\"a\":{\"annotations\":{\"doc\":\"an action\"}}},\"annotations\":{\"doc\":\"all\",\"internal\":null},"
            + "\"commonTypes\":{\"T\":{\"annotations\":{\"doc\":\"a type\"},\"type\":\"String\"}},\"entityTypes\":{\"A\":{\"annotations\":{\"doc\":\"an entity\"},"
            + "\"shape\":{\"attributes\":{\"x\":{\"annotations\":{\"doc\":\"an attribute\"},\"type\":\"Long\"}},\"type\":\"Record\"}}}}}");
    }

    [Fact]
    public void Parts_of_appliesTo_come_in_any_order() =>
        Schemas.Of("entity A; action a appliesTo {context: {x: Long}, resource: A, principal: A};").Json()
            .ShouldBe(Schemas.Of("entity A; action a appliesTo {principal: [A], resource: [A], context: {x: Long,},};").Json());

    [Fact]
    public void Strings_have_the_escapes_of_policies() =>
        Schemas.Of("""entity A enum ["\u{1F600}\n\x41"];""").Json().ShouldContain("\"😀\\nA\"");

    [Theory]
    [InlineData("entity A", "`;`")]
    [InlineData("entity A = {x};", "`:`")]
    [InlineData("entity A = {x: };", "a type")]
    [InlineData("entity A = {x: Long y: Long};", "`,` or `}`")]
    [InlineData("entity A in [B C];", "`,` or `]`")]
    [InlineData("entity A enum [];", "the id of an entity")]
    [InlineData("entity A enum [\"a\" \"b\"];", "`,` or `]`")]
    [InlineData("entity A enum {};", "`[`")]
    [InlineData("entity A::B;", "`;`")]
    [InlineData("entity in;", "reserved word")]
    [InlineData("entity A = {if: Long};", "reserved word")]
    [InlineData("entity A = Long;", "`{`")]
    [InlineData("entity A tags;", "a type")]
    [InlineData("entity A = {x: Set<Long};", "`>`")]
    [InlineData("entity A = {x: __cedar Long};", "`::`")]
    [InlineData("entity A = {x: __cedar::\"Long\"};", "built-in type")]
    [InlineData("action;", "the name of an action")]
    [InlineData("action a in;", "an action")]
    [InlineData("action a in [b c];", "`,` or `]`")]
    [InlineData("action a in X::;", "id of an action")]
    [InlineData("action a appliesTo {};", "`principal: ...`")]
    [InlineData("action a appliesTo {principal: A};", "`resource: ...`")]
    [InlineData("action a appliesTo {principal: [], resource: A};", "entity type")]
    [InlineData("action a appliesTo {principal A};", "`:`")]
    [InlineData("action a appliesTo {principal: A resource: A};", "`,` or `}`")]
    [InlineData("action a appliesTo {principal: A, principal: A};", "twice")]
    [InlineData("action a appliesTo {who: A};", "`principal`, `resource` or `context`")]
    [InlineData("action a appliesTo (principal: A);", "`{`")]
    [InlineData("type T;", "`=`")]
    [InlineData("type T = Long", "`;`")]
    [InlineData("type \"T\" = Long;", "the name of a type")]
    [InlineData("namespace {}", "the name of the namespace")]
    [InlineData("namespace N entity A;", "`{`")]
    [InlineData("namespace N { entity A;", "ends where")]
    [InlineData("namespace N { namespace M {} }", "`entity`, `action` or `type`")]
    [InlineData("namespace __cedar {}", "reserved word")]
    [InlineData("record A;", "`entity`, `action` or `type`")]
    [InlineData("@1 entity A;", "the name of an annotation")]
    [InlineData("@doc(1) entity A;", "the text of the annotation")]
    [InlineData("@doc(\"x\" entity A;", "`)`")]
    [InlineData("@doc(\"x\")", "ends where")]
    [InlineData("entity A $;", "no meaning")]
    [InlineData("action \"a;", "not closed")]
    public void A_mistake_is_named_where_it_is(string text, string part)
    {
        var finding = Schemas.Refusal(text);

        finding.Code.ShouldBe(FindingCode.Syntax);
        finding.Message.ShouldContain(part);
    }

    [Fact]
    public void A_mistake_has_a_line_and_a_column()
    {
        const string text = "entity A;\nentity B = {\n  x: Long,\n  y Long\n};";

        Schemas.Refusal(text).Where.PositionIn(text).ShouldBe(new TextPosition(4, 5));
    }

    [Theory]
    [InlineData("entity A = {x: Long, x: Long};", FindingCode.DuplicateKey)]
    [InlineData("@doc @doc entity A;", FindingCode.DuplicateKey)]
    [InlineData("entity A enum [\"\\q\"];", FindingCode.Escape)]
    public void Other_mistakes_have_codes_of_their_own(string text, FindingCode code) => Schemas.Refusal(text).Code.ShouldBe(code);

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused() =>
        Schemas.Refusal($"entity A enum [\"{'\ud800'}\"];").Message.ShouldContain("surrogate");
}
