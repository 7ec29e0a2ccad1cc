namespace Stet.Cedar.Tests.Validation;

public class TypeRuleSpecs
{
    [Theory]
    [InlineData("principal.age + 1 - 2 * 3 == -principal.age")]
    [InlineData("principal.age < 1 && principal.age >= 2")]
    [InlineData("principal.since < datetime(\"2025-01-01\")")]
    [InlineData("principal.since.durationSince(datetime(\"2025-01-01\")) > duration(\"1d\")")]
    [InlineData("resource.score.lessThan(decimal(\"0.5\"))")]
    [InlineData("context.ip.isInRange(ip(\"10.0.0.0/8\"))")]
    [InlineData("principal.since.offset(duration(\"1h\")).toDate().toTime().toHours() == 1")]
    [InlineData("[1, 2, principal.age].containsAll([principal.age])")]
    [InlineData("[true, false, principal.age == 1].contains(true)")]
    [InlineData("[[true]] == [[false]]")]
    [InlineData("resource.readers.contains(principal)")]
    [InlineData("resource.readers.containsAny([principal, resource.owner])")]
    [InlineData("{a: 1, b: true} == {b: principal.age == 1, a: 2}")]
    [InlineData("principal in Team::\"a\"")]
    [InlineData("principal in [Team::\"a\", Team::\"b\"]")]
    [InlineData("principal in resource.readers")]
    [InlineData("action in Action::\"anything\"")]
    [InlineData("action in [Action::\"list\", Action::\"anything\"]")]
    [InlineData("(if principal.age == 1 then principal else resource.owner) == principal")]
    [InlineData("context has color && context.color == Color::\"red\"")]
    [InlineData("principal.name like \"a*\"")]
    [InlineData("!resource.readers.isEmpty()")]
    public void What_fits_is_accepted(string expression) => expression.ShouldBeValid();

    [Theory]
    [InlineData("principal.age + \"1\" == 1", "`+` needs a `Long` here, and this is `String`.")]
    [InlineData("principal.age - true == 1", "`-` needs a `Long` here, and this is `True`.")]
    [InlineData("true + 1 == 1", "`+` or `-` needs a `Long` here, and this is `True`.")]
    [InlineData("principal.name * 1 == 1", "`*` needs a `Long` here, and this is `String`.")]
    [InlineData("-principal.name == 1", "`-` needs a `Long` here, and this is `String`.")]
    [InlineData("principal.name < \"x\"", "`<` compares two `Long`, two `datetime` or two `duration`, and here are `String` and `String`.")]
    [InlineData("principal.age >= principal.since", "here are `Long` and `datetime`.")]
    [InlineData("resource.score > decimal(\"0.5\")", "Decimals have methods for this, such as `lessThan`.")]
    [InlineData("principal.age == principal.name", "`==` needs two values of one type, and here are `Long` and `String`.")]
    [InlineData("principal.age != principal", "`!=` needs two values of one type, and here are `Long` and `User`.")]
    [InlineData("[principal.age] == [principal.name]", "here are `Set<Long>` and `Set<String>`.")]
    [InlineData("{a: 1} == {b: 1}", "here are `{a: Long}` and `{b: Long}`.")]
    [InlineData("{a: 1} == {a: 1, b: 1}", "here are `{a: Long}` and `{a: Long, b: Long}`.")]
    [InlineData("principal has home && principal.home == {city: \"x\", street: \"y\"}", "here are `{city: String, street?: String}` and `{city: String, street: String}`.")]
    [InlineData("[1, \"a\"].contains(1)", "The elements of a set need one type, and here stands `String` after `Long`.")]
    [InlineData("[principal, Team::\"a\"].contains(principal)", "here stands `Team` after `User`.")]
    [InlineData("principal in [User::\"a\", Team::\"a\"]", "here stands `Team` after `User`.")]
    [InlineData("[1].contains(\"a\")", "This set holds `Long`, so `contains` cannot find `String` in it.")]
    [InlineData("[1].containsAll([\"a\"])", "This set holds `Long`, so `containsAll` cannot find `String` in it.")]
    [InlineData("[1].containsAny(1)", "`containsAny` needs a set here, and this is `Long`.")]
    [InlineData("principal.contains(1)", "`contains` needs a set here, and this is `User`.")]
    [InlineData("principal.name.isEmpty()", "`isEmpty` needs a set here, and this is `String`.")]
    [InlineData("principal.age like \"x\"", "`like` needs a `String` here, and this is `Long`.")]
    [InlineData("principal.name is User", "`is` needs an entity here, and this is `String`.")]
    [InlineData("principal.name in Team::\"a\"", "`in` needs an entity here, and this is `String`.")]
    [InlineData("principal in principal.name", "`in` needs an entity or a set of entities behind it, and this is `String`.")]
    [InlineData("principal in [1]", "`in` needs an entity or a set of entities behind it, and this is `Set<Long>`.")]
    [InlineData("principal is User in 1", "`in` needs an entity or a set of entities behind it, and this is `Long`.")]
    [InlineData("if principal.age == 1 then principal.age else principal.name", "Both branches of `if` need one type, and here they are `Long` and `String`.")]
    [InlineData("principal.age.years == 1", "`.years` needs an entity or a record before it, and this is `Long`.")]
    [InlineData("principal.age has years", "`has` needs an entity or a record before it, and this is `Long`.")]
    [InlineData("context has ip.version", "`has` needs an entity or a record before it, and this is `ipaddr`.")]
    [InlineData("principal.age.isIpv4()", "`isIpv4` needs a value of type `ipaddr` here, and this is `Long`.")]
    [InlineData("principal.since.offset(1) == principal.since", "`offset` needs a value of type `duration` here, and this is `Long`.")]
    public void What_does_not_fit_is_refused_with_what_was_found_and_expected(string expression, string part)
    {
        var finding = Validating.Refusal(expression);

        finding.Code.ShouldBe(FindingCode.TypeMismatch);
        finding.Message.ShouldContain(part);
        finding.Message.ShouldEndWith("(For the principal `User`, the action `Action::\"read\"` and the resource `Document`.)");
    }

    [Theory]
    [InlineData("[] == [1]", FindingCode.EmptySet)]
    [InlineData("[1].containsAll([])", FindingCode.EmptySet)]
    [InlineData("principal in []", FindingCode.EmptySet)]
    [InlineData("ip(principal.name).isIpv4()", FindingCode.LiteralNeeded)]
    [InlineData("ip(if true then \"10.0.0.1\" else \"x\").isIpv4()", FindingCode.LiteralNeeded)]
    [InlineData("ip(1).isIpv4()", FindingCode.LiteralNeeded)]
    [InlineData("ip(\"10.0.0\").isIpv4()", FindingCode.ExtensionValue)]
    [InlineData("decimal(\"1\").lessThan(resource.score)", FindingCode.ExtensionValue)]
    [InlineData("datetime(\"2025-02-30\") == principal.since", FindingCode.ExtensionValue)]
    [InlineData("duration(\"1m1h\").toDays() == 1", FindingCode.ExtensionValue)]
    [InlineData("ip(\"10.0.0.1\", \"10.0.0.2\").isIpv4()", FindingCode.Arity)]
    [InlineData("context.ip.isIpv4(1)", FindingCode.Arity)]
    [InlineData("context.ip.isInRange()", FindingCode.Arity)]
    [InlineData("principal.nothing == 1", FindingCode.UnknownAttribute)]
    [InlineData("action.name == 1", FindingCode.UnknownAttribute)]
    [InlineData("{a: 1}.b == 1", FindingCode.UnknownAttribute)]
    [InlineData("context.nothing", FindingCode.UnknownAttribute)]
    public void Other_mistakes_have_codes_of_their_own(string expression, FindingCode code) => expression.ShouldBeRefused(code);

    [Fact]
    public void A_name_that_is_nearly_right_is_suggested() =>
        Validating.Refusal("principal.nmae == \"x\"").Message.ShouldStartWith("`User` has no attribute `nmae`. Did you mean `name`?");

    [Fact]
    public void A_mistake_is_named_where_it_is()
    {
        const string text = "permit(principal, action, resource)\nwhen {\n  principal.age == principal.name\n};";

        Validating.Policy(text).ShouldHaveSingleItem().Where.PositionIn(text).ShouldBe(new TextPosition(3, 3));
    }

    [Fact]
    public void Every_mistake_is_reported_once()
    {
        var findings = Validating.Policy(
            "permit(principal, action, resource) when { principal.age == \"x\" + 1 && principal.name == 1 + true };");

        findings.Count.ShouldBe(1);
        Validating.Policy("permit(principal, action, resource) when { [principal.age + true, principal.name + 1].isEmpty() };")
            .Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("action in Action::\"anything\"", "True")]
    [InlineData("action in Action::\"read\"", "True")]
    [InlineData("action in Action::\"list\"", "False")]
    [InlineData("action in [Action::\"list\", Action::\"anything\"]", "True")]
    [InlineData("action in [Action::\"list\", Action::\"paint\"]", "False")]
    [InlineData("Action::\"paint\" in Action::\"anything\"", "True")]
    [InlineData("action in User::\"a\"", "False")]
    [InlineData("principal in Team::\"a\"", "Bool")]
    [InlineData("principal in Department::\"a\"", "Bool")]
    [InlineData("principal in User::\"a\"", "Bool")]
    [InlineData("principal in Folder::\"a\"", "False")]
    [InlineData("principal in [Folder::\"a\"]", "False")]
    [InlineData("principal in Action::\"anything\"", "False")]
    [InlineData("Team::\"a\" in principal", "False")]
    [InlineData("(if principal.age == 1 then action else action) in Action::\"anything\"", "Bool")]
    public void Membership_that_is_known_is_decided(string expression, string type) => expression.ShouldHaveType(type);

    [Fact]
    public void Deep_and_long_policies_are_no_burden()
    {
        var deep = $"{string.Concat(Enumerable.Repeat("!(", 31))}principal.age == 1{new string(')', 31)}";
        var sum = $"principal.age == {string.Join(" + ", Enumerable.Repeat("1", 4_000))}";

        deep.ShouldBeValid();
        sum.ShouldBeValid();
    }
}
