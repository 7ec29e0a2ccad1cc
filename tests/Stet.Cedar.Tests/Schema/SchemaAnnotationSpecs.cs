namespace Stet.Cedar.Tests.Schemata;

public class SchemaAnnotationSpecs
{
    static readonly Schema schema = Schemas.Of("""
        namespace App {
            type Address = { city: String, @governed zip?: Long };
            type Place = { at: Address };
            @authzen("user") @note
            entity User { name: String, @governed tenant: String, home?: Place, homes?: Set<Address>, plain?: { x: Long } };
            entity Doc { @governed("why") region: String };
            entity Color enum ["red"];
            action read appliesTo { principal: User, resource: Doc, context: { @governed tenant?: String, ip?: ipaddr } };
            action group;
        }
        """);

    [Fact]
    public void An_entity_type_has_the_annotations_of_its_declaration()
    {
        schema.FindAnnotation("App::User", "authzen")!.Value.ShouldBe("user");
        schema.FindAnnotation("App::User", "note")!.Value.ShouldBeNull();
        schema.FindAnnotation("App::User", "other").ShouldBeNull();
        schema.FindAnnotation("App::Doc", "authzen").ShouldBeNull();
        schema.FindAnnotation("User", "authzen").ShouldBeNull();
    }

    [Fact]
    public void Attributes_are_found_by_an_annotation_on_them_or_within_them_through_common_types()
    {
        schema.FindAnnotatedAttributes("App::User", "governed").ShouldBe(["tenant", "home", "homes"], ignoreOrder: true);
        schema.FindAnnotatedAttributes("App::Doc", "governed").ShouldBe(["region"]);
        schema.FindAnnotatedAttributes("App::Color", "governed").ShouldBeEmpty();
        schema.FindAnnotatedAttributes("App::Nothing", "governed").ShouldBeEmpty();
    }

    [Fact]
    public void The_same_holds_for_contexts_and_for_schemas_in_JSON()
    {
        var action = new EntityUid("App::Action", "read");
        var json = Schemas.OfJson(schema.Json());

        schema.FindAnnotatedContext(action, "governed").ShouldBe(["tenant"]);
        schema.FindAnnotatedContext(new EntityUid("App::Action", "group"), "governed").ShouldBeEmpty();
        schema.FindAnnotatedContext(new EntityUid("App::Action", "unknown"), "governed").ShouldBeEmpty();
        json.FindAnnotatedContext(action, "governed").ShouldBe(["tenant"]);
        json.FindAnnotatedAttributes("App::User", "governed").ShouldBe(["tenant", "home", "homes"], ignoreOrder: true);
    }

    [Fact]
    public void Everything_that_carries_an_annotation_is_found_in_either_form_of_a_schema()
    {
        var annotated = Schemas.Of("""
            @x namespace App {
                @x type Address = { @x city: String, other: String };
                @x @y entity User { home?: Set<{ @x at: Address }> } tags { @x t: Long };
                @x action read appliesTo { principal: User, resource: User, context: { @x("why") ip?: ipaddr } };
            }
            entity Plain;
            """);

        foreach (var either in (Schema[])[annotated, Schemas.OfJson(annotated.Json())])
            either.FindAnnotated("x").ShouldBe(
                [
                    (DeclarationKind.Namespace, "App"), (DeclarationKind.CommonType, "App::Address"), (DeclarationKind.EntityType, "App::User"),
                    (DeclarationKind.Action, "read"), (DeclarationKind.Attribute, "city"), (DeclarationKind.Attribute, "at"),
                    (DeclarationKind.Attribute, "t"), (DeclarationKind.Attribute, "ip"),
                ],
                ignoreOrder: true);
        annotated.FindAnnotated("y").ShouldBe([(DeclarationKind.EntityType, "App::User")]);
    }

    [Fact]
    public void Types_that_share_parts_are_walked_once()
    {
        var types = string.Concat(Enumerable.Range(1, 30).Select(n => $"type T{n} = {{ a: T{n - 1}, b: T{n - 1} }};"));
        var deep = Schemas.Of($"type T0 = {{ @governed x: Long }};{types} entity E {{ t: T30 }};");

        deep.FindAnnotatedAttributes("E", "governed").ShouldBe(["t"]);
        deep.FindAnnotatedAttributes("E", "other").ShouldBeEmpty();
    }
}
