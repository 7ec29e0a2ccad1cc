namespace Stet.Cedar.Tests.Validation;

public class RequestCheckSpecs
{
    static readonly Request Ordinary = new(
        new("User", "ada"), new("Action", "read"), new("Document", "d"), Context("""{"ip": "10.0.0.1", "color": {"type": "Color", "id": "red"}}"""));

    [Fact]
    public void A_request_that_fits_has_no_findings() => Validating.Documents.Check(Ordinary).ShouldBeEmpty();

    [Fact]
    public void An_action_has_to_be_declared() =>
        Message(Ordinary with { Action = new("Action", "reed") }).ShouldBe("The schema declares no action `Action::\"reed\"`. Did you mean `read`?");

    [Fact]
    public void A_group_applies_to_nothing() =>
        Validating.Documents.Check(Ordinary with { Action = new("Action", "anything"), Context = RecordValue.Empty }).Length.ShouldBe(2);

    [Fact]
    public void An_action_has_to_apply_to_the_types()
    {
        Message(Ordinary with { Principal = new("Team", "t") })
            .ShouldBe("At `principal`: The action `Action::\"read\"` does not apply to a principal of the type `Team`.");
        Message(Ordinary with { Resource = new("Color", "red") })
            .ShouldBe("At `resource`: The action `Action::\"read\"` does not apply to a resource of the type `Color`.");
    }

    [Theory]
    [InlineData("""{}""", "At `context`: The attribute `ip` of type `ipaddr` is missing.")]
    [InlineData("""{"ip": 1}""", "At `context.ip`: `ipaddr` is declared, and this is a value of kind Long.")]
    [InlineData("""{"ip": "10.0.0.1", "mfa": "yes"}""", "At `context.mfa`: `Bool` is declared, and this is a value of kind String.")]
    [InlineData("""{"ip": "10.0.0.1", "mfaa": true}""", "At `context`: The schema declares no attribute `mfaa` here. Did you mean `mfa`?")]
    [InlineData("""{"ip": "10.0.0.1", "zone": true}""", "At `context`: The schema declares no attribute `zone` here.")]
    [InlineData("""{"ip": "10.0.0.1", "color": {"type": "User", "id": "ada"}}""", "At `context.color`: An entity of the type `Color` is declared, and this is one of `User`.")]
    [InlineData("""{"ip": "10.0.0.1", "color": {"type": "Color", "id": "blue"}}""", "At `context.color`: The entity type `Color` has only the ids its `enum` lists, and `blue` is none of them.")]
    public void A_context_has_to_be_what_is_declared(string json, string message) =>
        Message(Ordinary with { Context = Context(json) }).ShouldBe(message);

    [Fact]
    public void Enumerated_principals_have_listed_ids()
    {
        var schema = Schemas.Of("entity Role enum [\"admin\"]; action a appliesTo {principal: Role, resource: Role};");
        var request = new Request(new("Role", "admin"), new("Action", "a"), new("Role", "admin"), RecordValue.Empty);

        schema.Check(request).ShouldBeEmpty();
        schema.Check(request with { Principal = new("Role", "root") }).ShouldHaveSingleItem().Message.ShouldStartWith("At `principal`: ");
    }

    [Fact]
    public void No_context_is_expected_of_an_action_that_is_not_declared() =>
        Validating.Documents.ContextShape(new("Action", "x")).ShouldBeNull();

    static string Message(Request request)
    {
        var finding = Validating.Documents.Check(request).ShouldHaveSingleItem();
        finding.Code.ShouldBe(FindingCode.Nonconforming);
        return finding.Message;
    }

    static RecordValue Context(string json) => Cedar.Value(RecordValue.ParseJson(
        System.Text.Encoding.UTF8.GetBytes(json), CedarLimits.Default, Validating.Documents.ContextShape(new("Action", "read"))));
}
