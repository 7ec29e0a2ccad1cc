namespace Stet.Cedar.Tests.Validation;

public class SingletonBooleanSpecs
{
    [Theory]
    [InlineData("true", "True")]
    [InlineData("false", "False")]
    [InlineData("!true", "False")]
    [InlineData("!!true", "True")]
    [InlineData("!(principal.age == 1)", "Bool")]
    [InlineData("1 == 1", "True")]
    [InlineData("1 == 2", "False")]
    [InlineData("1 != 2", "True")]
    [InlineData("1 == \"1\"", "False")]
    [InlineData("true == false", "False")]
    [InlineData("User::\"a\" == User::\"a\"", "True")]
    [InlineData("User::\"a\" == User::\"b\"", "False")]
    [InlineData("User::\"a\" == Team::\"a\"", "False")]
    [InlineData("principal == resource", "False")]
    [InlineData("principal != resource", "True")]
    [InlineData("principal == User::\"a\"", "Bool")]
    [InlineData("action == Action::\"read\"", "True")]
    [InlineData("action == Action::\"list\"", "False")]
    [InlineData("principal is User", "True")]
    [InlineData("principal is Team", "False")]
    [InlineData("action is Action", "True")]
    [InlineData("principal is User in Team::\"t\"", "Bool")]
    [InlineData("principal is Team in Team::\"t\"", "False")]
    [InlineData("principal is User in Document::\"d\"", "False")]
    [InlineData("(1 == 1) == (principal.age == 1)", "Bool")]
    [InlineData("principal.age < 1", "Bool")]
    [InlineData("principal.name like \"*\"", "Bool")]
    [InlineData("[1].contains(1)", "Bool")]
    [InlineData("[1].isEmpty()", "Bool")]
    [InlineData("context.ip.isIpv4()", "Bool")]
    [InlineData("principal.age == 1 && false", "False")]
    [InlineData("true && true", "True")]
    [InlineData("true && principal.age == 1", "Bool")]
    [InlineData("false || false", "False")]
    [InlineData("principal.age == 1 || true", "True")]
    [InlineData("principal.age == 1 || false", "Bool")]
    [InlineData("if true then false else principal.age == 1", "False")]
    [InlineData("if principal.age == 1 then true else true", "True")]
    [InlineData("if principal.age == 1 then true else false", "Bool")]
    public void What_is_known_beforehand_has_a_type_of_its_own(string expression, string type) => expression.ShouldHaveType(type);

    [Theory]
    [InlineData("false && 1")]
    [InlineData("true || 1")]
    [InlineData("principal.age == 1 || true || 1")]
    [InlineData("principal.age == 1 || (false && 1 && [])")]
    [InlineData("if true then true else 1")]
    [InlineData("if principal is Team then 1 else true")]
    [InlineData("principal is User || principal.nothing")]
    [InlineData("1 == 1 || ip(\"x\").isIpv4(1, 2)")]
    [InlineData("principal.age == 1 || (principal is Team && principal.nothing)")]
    [InlineData("principal is User in Document::\"d\" || !(principal is Team in 1)")]
    public void Operands_that_are_never_evaluated_are_not_typed(string expression) =>
        Validating.Condition(expression).Where(finding => finding.Code != FindingCode.NeverSatisfied).ShouldBeEmpty();

    [Theory]
    [InlineData("1 && true")]
    [InlineData("true && 1")]
    [InlineData("false || 1")]
    [InlineData("principal.age == 1 && 1")]
    [InlineData("principal.age == 1 || 1")]
    [InlineData("!1")]
    [InlineData("if 1 then true else true")]
    [InlineData("if principal.age == 1 then true else 1")]
    [InlineData("1")]
    public void Operands_that_may_be_evaluated_are_Bool(string expression) => expression.ShouldBeRefused(FindingCode.TypeMismatch);

    [Fact]
    public void A_condition_after_one_that_is_False_is_not_typed() =>
        Validating.Policy("permit(principal, action, resource) when { false } when { 1 };").ShouldHaveSingleItem().Code
            .ShouldBe(FindingCode.NeverSatisfied);

    [Fact]
    public void An_unless_that_is_True_ends_a_policy_as_well() =>
        Validating.Policy("permit(principal, action, resource) unless { true } when { 1 };").ShouldHaveSingleItem().Code
            .ShouldBe(FindingCode.NeverSatisfied);

    [Fact]
    public void A_condition_is_Bool() =>
        Validating.Policy("permit(principal, action, resource) unless { principal.age };").ShouldHaveSingleItem().Message
            .ShouldStartWith("`unless` needs a `Bool` here, and this is `Long`.");
}
