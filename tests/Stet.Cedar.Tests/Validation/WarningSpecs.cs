namespace Stet.Cedar.Tests.Validation;

public class WarningSpecs
{
    [Theory]
    [InlineData("when { false }")]
    [InlineData("when { principal is Team }")]
    [InlineData("when { principal.age == 1 } when { 1 == 2 }")]
    [InlineData("unless { true }")]
    [InlineData("when { resource is Color }")]
    [InlineData("when { principal in Folder::\"f\" }")]
    public void Conditions_that_are_never_true_are_worth_a_warning(string conditions) =>
        Warning($"permit(principal, action, resource) {conditions};").Code.ShouldBe(FindingCode.NeverSatisfied);

    [Fact]
    public void Conditions_that_are_true_in_one_environment_are_not() =>
        Validating.Policy("permit(principal, action, resource) when { action == Action::\"paint\" };").ShouldBeEmpty();

    [Theory]
    [InlineData("principal.name == \"\u0430dmin\"", "mixes Cyrillic and Latin letters")]
    [InlineData("principal.name == \"\u202Enimda\"", "change the direction of text")]
    [InlineData("principal.name like \"*\u2066x\"", "change the direction of text")]
    [InlineData("User::\"\u0391da\" == principal", "mixes Greek and Latin letters")]
    [InlineData("{\"n\u0430me\": 1} has \"n\u0430me\" || true", "mixes Latin and Cyrillic letters")]
    [InlineData("[true, {\"n\u0430me\": true}[\"n\u0430me\"]].contains(true)", "mixes Latin and Cyrillic letters")]
    public void Text_that_misleads_the_eye_is_worth_a_warning(string expression, string part)
    {
        var outcome = Validating.Documents.Validate(Cedar.Policies($"permit(principal, action, resource) when {{ {expression} }};"));

        outcome.Value.ShouldNotBeNull();
        outcome.Findings.ShouldAllBe(finding => finding.Code == FindingCode.DeceptiveText);
        outcome.Findings[0].Message.ShouldContain(part);
    }

    [Theory]
    [InlineData("permit(principal == User::\"\u0430da\", action, resource);")]
    [InlineData("permit(principal in Team::\"\u0430da\", action, resource);")]
    [InlineData("permit(principal is User in Team::\"\u0430da\", action, resource);")]
    [InlineData("@note(\"\u0430da\") permit(principal, action, resource);")]
    public void Scopes_and_annotations_are_looked_at_as_well(string text) => Warning(text).Code.ShouldBe(FindingCode.DeceptiveText);

    [Theory]
    [InlineData("Москва")]
    [InlineData("Müller")]
    [InlineData("Москва Berlin")]
    [InlineData("東京 Tokyo")]
    public void Text_in_one_script_after_the_other_is_not(string text) => $"principal.name == \"{text}\"".ShouldBeValid();

    static Finding Warning(string text)
    {
        var outcome = Validating.Documents.Validate(Cedar.Policies(text));
        outcome.Value.ShouldNotBeNull();
        return outcome.Findings.ShouldHaveSingleItem();
    }
}
