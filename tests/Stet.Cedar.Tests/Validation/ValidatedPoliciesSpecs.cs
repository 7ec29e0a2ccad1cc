namespace Stet.Cedar.Tests.Validation;

public class ValidatedPoliciesSpecs
{
    static readonly EntityUid Ada = new("User", "ada");
    static readonly EntityUid Staff = new("Team", "staff");

    [Fact]
    public void Valid_policies_compile_and_decide()
    {
        var policies = Cedar.Policies("permit(principal, action in Action::\"anything\", resource);");
        var validated = Cedar.Value(Validating.Documents.Validate(policies));

        validated.Policies.ShouldBeSameAs(policies);
        validated.Schema.ShouldBeSameAs(Validating.Documents);

        // The group is known from the schema alone.
        PolicySnapshot.Compile(validated)
            .Authorize(new Request(Ada, new("Action", "read"), new("Document", "d"), RecordValue.Empty), EntityStore.Empty)
            .Allowed.ShouldBeTrue();
    }

    [Fact]
    public void A_set_with_one_invalid_policy_is_refused_with_its_id()
    {
        var outcome = Validating.Documents.Validate(Cedar.Policies(
            "permit(principal, action, resource); permit(principal, action, resource) when { principal.nothing }; forbid(principal, action, resource);"));

        outcome.Value.ShouldBeNull();
        outcome.Findings.ShouldHaveSingleItem().Policy.ShouldBe(new PolicyId("policy1"));
    }

    [Fact]
    public void A_template_is_validated_for_each_link()
    {
        const string template = "permit(principal in ?principal, action, resource == ?resource) when { resource.owner == principal };";

        var (good, bad) = (new EntityUid("Document", "d"), new EntityUid("Folder", "f"));
        Findings(template, Link("good", Staff, good)).ShouldBeEmpty();
        Findings(template, Link("good", Staff, good), Link("bad", Staff, bad))
            .ShouldHaveSingleItem().Policy.ShouldBe(new PolicyId("bad"));
    }

    [Fact]
    public void A_link_to_what_is_not_declared_is_refused()
    {
        Findings("permit(principal == ?principal, action, resource);", Link("bad", new EntityUid("Person", "p"), null))
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnknownName);
        Findings("permit(principal, action, resource is Document in ?resource);", Link("bad", null, new EntityUid("Color", "blue")))
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnknownName);
    }

    [Fact]
    public void A_link_that_no_request_can_satisfy_is_refused() =>
        Findings("permit(principal in ?principal, action, resource);", Link("bad", new EntityUid("Folder", "f"), null))
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.NoApplicableAction);

    [Fact]
    public void A_template_without_links_is_refused_for_what_no_link_could_mend()
    {
        Findings("permit(principal in ?principal, action, resource) when { resource.owner == principal };").ShouldBeEmpty();
        Findings("permit(principal in ?principal, action, resource is X);").ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnknownName);
        Findings("permit(principal == ?principal, action, resource) when { principal.nothing == 1 };")
            .ShouldHaveSingleItem().Code.ShouldBe(FindingCode.UnknownAttribute);
        Findings("permit(principal is Folder in ?principal, action, resource);").ShouldHaveSingleItem().Code.ShouldBe(FindingCode.NoApplicableAction);
    }

    [Fact]
    public void Validation_can_be_ended_early() =>
        Should.Throw<OperationCanceledException>(() => Validating.Documents.Validate(
            Cedar.Policies("permit(principal, action, resource);"), new CancellationToken(canceled: true)));

    [Fact]
    public void Warnings_come_to_an_end()
    {
        var text = string.Concat(Enumerable.Repeat("permit(principal, action, resource) when { false };", 1_500));

        Validating.Policy(text).Count.ShouldBe(1_000);
    }

    [Fact]
    public void Findings_come_to_an_end()
    {
        var text = string.Concat(Enumerable.Repeat("permit(principal, action, resource) when { principal.nothing };", 1_500));

        Validating.Policy(text).Count.ShouldBe(1_000);
    }

    static IReadOnlyList<Finding> Findings(string template, params ReadOnlySpan<TemplateLink> links) =>
        Validating.Documents.Validate(Cedar.Policies(template, links)).Findings;

    static TemplateLink Link(string id, EntityUid? principal, EntityUid? resource) =>
        new(new PolicyId("policy0"), new PolicyId(id), principal, resource);
}
