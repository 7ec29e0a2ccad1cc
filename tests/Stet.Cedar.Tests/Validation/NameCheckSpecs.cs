namespace Stet.Cedar.Tests.Validation;

public class NameCheckSpecs
{
    [Theory]
    [InlineData("principal == Usr::\"a\"", "The schema declares no entity type `Usr`. Did you mean `User`?")]
    [InlineData("principal is Person", "The schema declares no entity type `Person`.")]
    [InlineData("action == Action::\"raed\"", "The schema declares no action `Action::\"raed\"`. Did you mean `read`?")]
    [InlineData("context has color && context.color == Color::\"blue\"", "The entity type `Color` has only the ids its `enum` lists, and `blue` is none of them.")]
    [InlineData("context has color && context.color == Color::\"rad\"", "Did you mean `red`?")]
    [InlineData("N::Action::\"read\" == action", "The schema declares no entity type `N::Action`. Did you mean `Action`?")]
    public void Every_name_is_declared(string expression, string part)
    {
        var finding = Validating.Refusal(expression);

        finding.Code.ShouldBe(FindingCode.UnknownName);
        finding.Message.ShouldContain(part);
    }

    [Theory]
    [InlineData("false && principal is X")]
    [InlineData("true || X::\"a\" == principal")]
    [InlineData("true || (if false then X::\"a\" == principal else true)")]
    [InlineData("true || [1, X::\"a\"].isEmpty()")]
    [InlineData("true || {a: X::\"a\"} == 1")]
    [InlineData("true || 1 + X::\"a\" - 2 * 3 == 1")]
    [InlineData("true || 1 * X::\"a\" == 1")]
    [InlineData("true || X::\"a\".b")]
    [InlineData("true || X::\"a\" has b")]
    [InlineData("true || X::\"a\" like \"b\"")]
    [InlineData("true || !X::\"a\"")]
    [InlineData("true || X::\"a\".isIpv4()")]
    [InlineData("true || principal is User in X::\"a\"")]
    [InlineData("true || Action::\"x\" == action")]
    [InlineData("true || Color::\"x\" == principal")]
    public void Names_in_dead_branches_are_declared_too(string expression) => expression.ShouldBeRefused(FindingCode.UnknownName);

    [Theory]
    [InlineData("permit(principal == X::\"a\", action, resource);")]
    [InlineData("permit(principal in X::\"a\", action, resource);")]
    [InlineData("permit(principal is X, action, resource);")]
    [InlineData("permit(principal is User in X::\"a\", action, resource);")]
    [InlineData("permit(principal, action == Action::\"x\", resource);")]
    [InlineData("permit(principal, action in Action::\"x\", resource);")]
    [InlineData("permit(principal, action in [Action::\"read\", Action::\"x\"], resource);")]
    [InlineData("permit(principal, action, resource == Color::\"x\");")]
    [InlineData("permit(principal, action, resource is X);")]
    public void Names_in_scopes_are_declared_too(string text) =>
        Validating.Policy(text).ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnknownName);
}
