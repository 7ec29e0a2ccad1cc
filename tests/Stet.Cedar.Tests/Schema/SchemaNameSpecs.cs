namespace Stet.Cedar.Tests.Schemata;

public class SchemaNameSpecs
{
    [Fact]
    public void A_name_is_looked_up_in_its_namespace_first() =>
        Attribute("namespace N { entity A = {x: B}; entity B; }").ShouldBe("""{"name":"N::B","type":"Entity"}""");

    [Fact]
    public void A_name_is_looked_up_outside_of_namespaces_then() =>
        Attribute("entity B; namespace N { entity A = {x: B}; }").ShouldBe("""{"name":"B","type":"Entity"}""");

    [Fact]
    public void A_name_with_a_path_is_a_full_name() =>
        Attribute("namespace M { entity B; } namespace N { entity A = {x: M::B}; }").ShouldBe("""{"name":"M::B","type":"Entity"}""");

    [Fact]
    public void A_common_type_beats_an_entity_type() =>
        Attribute("namespace N { entity A = {x: B}; entity B; type B = Long; }").ShouldBe("""{"type":"N::B"}""");

    [Fact]
    public void What_is_declared_beats_a_type_of_the_language() =>
        Attribute("namespace N { entity A = {x: ipaddr}; type ipaddr = Long; }").ShouldBe("""{"type":"N::ipaddr"}""");

    [Fact]
    public void A_prefix_forces_the_type_of_the_language() =>
        Attribute("namespace N { entity A = {x: __cedar::ipaddr}; type ipaddr = Long; }").ShouldBe("""{"name":"ipaddr","type":"Extension"}""");

    [Fact]
    public void An_entity_type_is_wanted_where_only_one_may_stand() =>
        Schemas.Of("entity A in [B]; entity B; type B = Long;").Json().ShouldContain("\"memberOfTypes\":[\"B\"]");

    [Fact]
    public void An_action_in_a_group_of_the_same_name_outside_is_found()
    {
        var schema = Schemas.Of("""
            action all;
            namespace N { action own; action a in [all, own, Action::"all", N::Action::"own"]; }
            """);

        schema.ActionEntities.Single(entity => entity.Uid.Id == "a").Ancestors.ToArray()
            .ShouldBe([new EntityUid("Action", "all"), new EntityUid("N::Action", "own")], ignoreOrder: true);
    }

    [Fact]
    public void Actions_are_in_the_groups_of_their_groups() =>
        Schemas.Of("action a in b; action b in c; action c;").ActionEntities.Single(entity => entity.Uid.Id == "a")
            .IsDescendantOf(new EntityUid("Action", "c")).ShouldBeTrue();

    [Theory]
    [InlineData("entity A = {x: Strin};", "no type `Strin` here. Did you mean `String`?")]
    [InlineData("entity User; entity A in [user];", "no entity type `user` here. Did you mean `User`?")]
    [InlineData("entity A; action a appliesTo {principal: Long, resource: A};", "no entity type `Long` here.")]
    [InlineData("entity A; action a appliesTo {principal: A, resource: A, context: Ctx};", "no type `Ctx` here.")]
    [InlineData("entity A = {x: __cedar::User};", "no built-in type `User`")]
    [InlineData("action read; action a in reed;", "no action `reed` of the type `Action` here. Did you mean `read`?")]
    [InlineData("action a in N::Action::\"b\";", "no action `b` of the type `N::Action` here.")]
    [InlineData("namespace App { entity User; } entity A = {x: User};", "Did you mean `App::User`?")]
    public void A_name_that_is_not_declared_is_refused_with_the_closest_one(string text, string part)
    {
        var finding = Schemas.Refusal(text);

        finding.Code.ShouldBe(FindingCode.UnknownName);
        finding.Message.ShouldContain(part);
        finding.Where.Length.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("entity A; entity A;", "entity type `A`")]
    [InlineData("entity A, A;", "entity type `A`")]
    [InlineData("action a; action \"a\";", "action `a`")]
    [InlineData("type T = Long; type T = Bool;", "type `T`")]
    [InlineData("namespace N {} namespace N {}", "namespace `N`")]
    public void A_name_is_declared_once(string text, string part)
    {
        var finding = Schemas.Refusal(text);

        finding.Code.ShouldBe(FindingCode.DuplicateDeclaration);
        finding.Message.ShouldContain(part);
    }

    [Theory]
    [InlineData("entity A; namespace N { entity A; entity B in [A]; }", "type `A`")]
    [InlineData("namespace N { type A = Long; } entity A;", "type `A`")]
    [InlineData("type A = Long; namespace N { entity A; }", "type `A`")]
    [InlineData("type A = Long; namespace N { type A = Long; }", "type `A`")]
    [InlineData("type ipaddr = Long; namespace N { type ipaddr = Long; }", "type `ipaddr`")]
    [InlineData("action a; namespace N { action a; }", "action `a`")]
    public void A_name_outside_of_namespaces_is_hidden_by_none_in_one(string text, string part)
    {
        var finding = Schemas.Refusal(text);

        finding.Code.ShouldBe(FindingCode.DuplicateDeclaration);
        finding.Message.ShouldContain(part);
        finding.Message.ShouldContain("outside of namespaces");
        finding.Where.Length.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("entity A; type A = Long;")]
    [InlineData("namespace N { entity A; } namespace N::M { entity A; }")]
    [InlineData("namespace N { type ipaddr = Long; }")]
    [InlineData("action \"A\"; namespace N { entity A; }")]
    public void Names_that_hide_nothing_may_be_alike(string text) => Schemas.Of(text).Json().ShouldNotBeEmpty();

    [Theory]
    [InlineData("Bool")]
    [InlineData("Boolean")]
    [InlineData("Entity")]
    [InlineData("Extension")]
    [InlineData("Long")]
    [InlineData("Record")]
    [InlineData("Set")]
    [InlineData("String")]
    public void Names_of_the_language_are_not_for_common_types(string name) =>
        Schemas.Refusal($"type {name} = ipaddr;").Code.ShouldBe(FindingCode.ReservedName);

    [Fact]
    public void No_entity_type_is_called_Action() => Schemas.Refusal("entity Action;").Code.ShouldBe(FindingCode.ReservedName);

    [Theory]
    [InlineData("type T = T;", "`T` is defined by itself")]
    [InlineData("type T = Set<U>; type U = {x: {y: T}}; type V = T;", "`T`, `U` are defined by one another")]
    [InlineData("action a in a;", "`a` is defined by itself")]
    [InlineData("action a in b; action b in c; action c in b;", "are defined by one another")]
    public void Types_and_actions_form_no_cycle(string text, string part)
    {
        var finding = Schemas.Refusal(text);

        finding.Code.ShouldBe(FindingCode.DeclarationCycle);
        finding.Message.ShouldContain(part);
    }

    [Fact]
    public void Entity_types_may_form_cycles() =>
        Schemas.Of("entity A in [B]; entity B in [A]; entity C in [C];").EntityTypes.Length.ShouldBe(3);

    [Fact]
    public void A_context_is_a_record() =>
        Schemas.Refusal("type T = Long; entity A; action a appliesTo {principal: A, resource: A, context: T};")
            .ShouldSatisfyAllConditions(
                finding => finding.Code.ShouldBe(FindingCode.RecordNeeded),
                finding => finding.Message.ShouldBe("A context is a record, and this is `Long`."));

    [Fact]
    public void Everything_wrong_with_names_is_reported_at_once() =>
        Schema.Parse("entity A in [X]; entity B in [Y]; action a in z;", CedarLimits.Default).Findings.Length.ShouldBe(3);

    /// <summary>The type of <c>N::A.x</c> in JSON.</summary>
    static string Attribute(string text)
    {
        var json = Schemas.Of(text).Json();
        const string before = "\"A\":{\"shape\":{\"attributes\":{\"x\":";
        var from = json.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return json[from..(json.IndexOf('}', from) + 1)];
    }
}
