namespace Stet.Cedar.Tests.Validation;

public class CapabilitySpecs
{
    [Theory]
    [InlineData("principal has nickname && principal.nickname == \"x\"")]
    [InlineData("principal has \"nickname\" && principal[\"nickname\"] == \"x\"")]
    [InlineData("principal has nickname && true && principal.nickname == \"x\"")]
    [InlineData("(principal has nickname && principal.age == 1) && principal.nickname == \"x\"")]
    [InlineData("principal has nickname && (principal.age == 1 && principal.nickname == \"x\")")]
    [InlineData("principal has home && principal.home has street && principal.home.street == \"x\"")]
    [InlineData("principal has home.street && principal.home.street == \"x\"")]
    [InlineData("principal has manager.manager && principal.manager.manager has nickname && principal.manager.manager.nickname == \"x\"")]
    [InlineData("context has mfa && context.mfa")]
    [InlineData("resource.owner has nickname && resource.owner.nickname == \"x\"")]
    public void A_test_allows_the_read_after_it(string expression) => expression.ShouldBeValid();

    [Theory]
    [InlineData("principal.nickname == \"x\"")]
    [InlineData("principal.nickname == \"x\" && principal has nickname")]
    [InlineData("principal has home && principal.home.street == \"x\"")]
    [InlineData("principal has nickname && resource.owner.nickname == \"x\"")]
    [InlineData("principal has home && principal.nickname == \"x\"")]
    [InlineData("!(principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("!(!(principal has nickname)) && principal.nickname == \"x\"")]
    [InlineData("principal has nickname || principal.nickname == \"x\"")]
    [InlineData("(principal has nickname) == true && principal.nickname == \"x\"")]
    [InlineData("context.mfa")]
    public void A_read_without_a_test_is_refused(string expression) => expression.ShouldBeRefused(FindingCode.UnsafeAccess);

    [Theory]
    [InlineData("(principal has nickname || principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("(principal has nickname || false) && principal.nickname == \"x\"")]
    [InlineData("(false || principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("((principal has nickname && principal has home) || principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("(false || principal has nickname || false || principal has nickname) && principal.nickname == \"x\"")]
    public void Either_grants_what_both_sides_grant(string expression) => expression.ShouldBeValid();

    [Theory]
    [InlineData("(principal has nickname || principal has home) && principal.nickname == \"x\"")]
    [InlineData("(principal has nickname || principal.age == 1) && principal.nickname == \"x\"")]
    [InlineData("(principal has nickname || true) && principal.nickname == \"x\"")]
    [InlineData("(principal has nickname || principal has nickname || principal.age == 1) && principal.nickname == \"x\"")]
    public void Either_grants_no_more(string expression) => expression.ShouldBeRefused(FindingCode.UnsafeAccess);

    [Theory]
    [InlineData("if principal has nickname then principal.nickname == \"x\" else false")]
    [InlineData("(if principal has nickname then true else principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("(if principal.age == 1 then principal has nickname else principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("(if true then principal has nickname else principal.age == 1) && principal.nickname == \"x\"")]
    [InlineData("(if false then principal.age == 1 else principal has nickname) && principal.nickname == \"x\"")]
    [InlineData("(if principal has nickname && true then (principal has home) else (principal has nickname && principal has home)) && principal.nickname == \"x\" && principal has home")]
    public void If_grants_what_both_branches_grant(string expression) => expression.ShouldBeValid();

    [Theory]
    [InlineData("if principal has nickname then true else principal.nickname == \"x\"")]
    [InlineData("(if principal has nickname then true else principal.age == 1) && principal.nickname == \"x\"")]
    [InlineData("(if principal.age == 1 then principal has nickname else true) && principal.nickname == \"x\"")]
    public void If_grants_no_more(string expression) => expression.ShouldBeRefused(FindingCode.UnsafeAccess);

    [Theory]
    [InlineData("principal has nickname && (principal has nickname)", "Bool")]
    [InlineData("principal has nothing", "False")]
    [InlineData("principal has name", "Bool")]
    [InlineData("context has ip", "True")]
    [InlineData("context has mfa", "Bool")]
    [InlineData("context has nothing", "False")]
    [InlineData("{a: 1} has a", "True")]
    [InlineData("{a: 1} has b", "False")]
    [InlineData("{a: {b: 1}} has a.b", "True")]
    [InlineData("{a: {b: 1}} has a.c", "False")]
    [InlineData("action has name", "False")]
    [InlineData("principal has manager.nothing", "False")]
    [InlineData("principal.hasTag(\"x\")", "False")]
    [InlineData("action.hasTag(\"x\")", "False")]
    [InlineData("resource.hasTag(\"x\")", "Bool")]
    public void Tests_that_are_decided_have_types_of_their_own(string expression, string type) => expression.ShouldHaveType(type);

    [Theory]
    [InlineData("principal has nickname && (principal has nickname || 1)")]
    [InlineData("resource.hasTag(\"x\") && (resource.hasTag(\"x\") || 1)")]
    public void A_test_that_has_been_passed_is_True(string expression) => expression.ShouldBeValid();

    [Theory]
    [InlineData("resource.hasTag(\"x\") && resource.getTag(\"x\") == \"y\"")]
    [InlineData("resource.hasTag(principal.name) && resource.getTag(principal.name) == \"y\"")]
    public void A_tag_is_read_after_a_test_for_it(string expression) => expression.ShouldBeValid();

    [Theory]
    [InlineData("resource.getTag(\"x\") == \"y\"", FindingCode.UnsafeAccess)]
    [InlineData("resource.hasTag(\"x\") && resource.getTag(\"y\") == \"y\"", FindingCode.UnsafeAccess)]
    [InlineData("resource.hasTag(principal.name) && resource.getTag(resource.owner.name) == \"y\"", FindingCode.UnsafeAccess)]
    [InlineData("resource has x && resource.getTag(\"x\") == \"y\"", FindingCode.NeverSatisfied)]
    [InlineData("principal.getTag(\"x\") == \"y\"", FindingCode.UnknownAttribute)]
    [InlineData("action.getTag(\"x\") == \"y\"", FindingCode.UnknownAttribute)]
    [InlineData("resource.hasTag(1)", FindingCode.TypeMismatch)]
    [InlineData("context.hasTag(\"x\")", FindingCode.TypeMismatch)]
    public void A_tag_is_not_read_otherwise(string expression, FindingCode code) => expression.ShouldBeRefused(code);

    [Fact]
    public void A_condition_grants_to_those_behind_it()
    {
        Validating.Policy("permit(principal, action, resource) when { principal has nickname } when { principal.nickname == \"x\" };")
            .ShouldBeEmpty();
        Validating.Policy("permit(principal, action, resource) when { principal.nickname == \"x\" } when { principal has nickname };")
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnsafeAccess);
        Validating.Policy("permit(principal, action, resource) unless { principal has nickname } when { principal.nickname == \"x\" };")
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnsafeAccess);
    }

    [Fact]
    public void A_path_of_attributes_is_as_deep_as_it_is_long()
    {
        static string Path(int length) => $"principal has {string.Join('.', Enumerable.Repeat("manager", length))}";

        Path(60).ShouldBeValid();
        PolicySet.ParseAll($"permit(principal, action, resource) when {{ {Path(65)} }};", [], CedarLimits.Default).Findings
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void Long_chains_of_tests_are_no_burden()
    {
        var chain = string.Join(" && ", Enumerable.Repeat("principal has nickname && principal.nickname != \"x\"", 250));

        chain.ShouldBeValid();
        string.Join(" || ", Enumerable.Repeat("(principal has nickname && principal.nickname == \"x\")", 200)).ShouldBeValid();
    }
}
