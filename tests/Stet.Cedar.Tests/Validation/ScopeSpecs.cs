namespace Stet.Cedar.Tests.Validation;

public class ScopeSpecs
{
    [Theory]
    [InlineData("principal, action, resource")]
    [InlineData("principal == User::\"a\", action == Action::\"read\", resource == Folder::\"f\"")]
    [InlineData("principal in Team::\"a\", action in Action::\"anything\", resource in Folder::\"f\"")]
    [InlineData("principal in Department::\"a\", action in [Action::\"list\", Action::\"paint\"], resource is Document")]
    [InlineData("principal is User in Team::\"a\", action, resource is Folder in Folder::\"f\"")]
    [InlineData("principal in User::\"a\", action, resource")]
    public void A_scope_that_a_request_can_satisfy_is_accepted(string scope) => Findings(scope).ShouldBeEmpty();

    [Theory]
    [InlineData("principal == Team::\"a\", action, resource")]
    [InlineData("principal in Folder::\"a\", action, resource")]
    [InlineData("principal is Team, action, resource")]
    [InlineData("principal is User in Folder::\"a\", action, resource")]
    [InlineData("principal, action == Action::\"anything\", resource")]
    [InlineData("principal, action in [], resource")]
    [InlineData("principal, action == Action::\"paint\", resource is Folder")]
    [InlineData("principal, action, resource == Color::\"red\"")]
    [InlineData("principal, action == Action::\"paint\", resource == Folder::\"f\"")]
    [InlineData("principal in Action::\"read\", action, resource")]
    public void A_scope_that_no_request_can_satisfy_is_refused(string scope)
    {
        var finding = Findings(scope).ShouldHaveSingleItem();

        finding.Code.ShouldBe(FindingCode.NoApplicableAction);
        finding.Where.Length.ShouldBe(scope.Length);
    }

    [Fact]
    public void Without_actions_no_policy_applies() =>
        Schemas.Of("entity A;").Validate(Cedar.Policies("permit(principal, action, resource);")).Findings
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.NoApplicableAction);

    [Fact]
    public void Conditions_are_typed_in_every_environment_the_scope_leaves()
    {
        Validating.Policy("permit(principal, action == Action::\"paint\", resource) when { resource.owner == principal };").ShouldBeEmpty();
        Validating.Policy("permit(principal, action, resource is Document) when { resource.owner == principal };").ShouldBeEmpty();

        Validating.Policy("permit(principal, action, resource) when { resource.owner == principal };").ShouldHaveSingleItem()
            .Message.ShouldEndWith("and the resource `Folder`.)");
    }

    [Fact]
    public void A_condition_may_tell_environments_apart() =>
        Validating.Policy("permit(principal, action, resource) when { resource is Document && action != Action::\"paint\" && context.ip.isIpv4() && resource.owner == principal };")
            .ShouldBeEmpty();

    [Fact]
    public void Groups_of_other_namespaces_count()
    {
        var schema = Schemas.Of("""
            action all; entity User;
            namespace N { action a in [Action::"all"] appliesTo {principal: User, resource: User}; }
            """);

        schema.Validate(Cedar.Policies("""
            permit(principal, action in Action::"all", resource);
            permit(principal, action in [Action::"all", N::Action::"a"], resource);
            permit(principal, action, resource) when { action in Action::"all" };
            """)).Findings.ShouldBeEmpty();
    }

    static IReadOnlyList<Finding> Findings(string scope) => Validating.Policy($"permit({scope});");
}
