using Stet.Cedar;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>What a candidate makes of a recorded decision.</summary>
public class DiffSpecs
{
    const string OpenWrite = """permit (principal, action == Action::"write", resource) when { resource.open };""";

    const string Failing =
        """permit (principal, action, resource) when { 9223372036854775807 + (if resource.open then 1 else 0) > 0 };""";

    const string NeedsOwner = """
        entity User;
        entity Document { open: Bool, owner: User };
        action read appliesTo { principal: User, resource: Document };
        """;

    static readonly PolicyInForce baseline = First.InForce();

    [Fact]
    public void What_stays_as_it_is_is_the_same() => ClassOf(baseline, First.InForce(), Request()).ShouldBe(DiffClass.Same);

    [Fact]
    public void Another_decision_is_told_by_its_direction()
    {
        var wider = With(("open-read", OpenRead), ("open-write", OpenWrite));

        ClassOf(baseline, wider, Request("write")).ShouldBe(DiffClass.DenyToAllow);
        ClassOf(wider, baseline, Request("write")).ShouldBe(DiffClass.AllowToDeny);
        ClassOf(null, baseline, Request()).ShouldBe(DiffClass.DenyToAllow);
    }

    [Fact]
    public void The_same_decision_for_another_reason_is_told_as_such()
    {
        ClassOf(baseline, With(("other", OpenRead)), Request()).ShouldBe(DiffClass.ReasonOnly);
        ClassOf(baseline, Second.InForce(), Request("write")).ShouldBe(DiffClass.ReasonOnly);
        ClassOf(null, baseline, Request("write")).ShouldBe(DiffClass.ReasonOnly);
    }

    [Fact]
    public void An_error_that_comes_or_goes_comes_before_the_decision()
    {
        var failing = With(("fails", Failing), ("open-read", OpenRead));

        ClassOf(baseline, failing, Request()).ShouldBe(DiffClass.NewError);
        ClassOf(failing, baseline, Request()).ShouldBe(DiffClass.ErrorGone);
        ClassOf(failing, failing, Request()).ShouldBe(DiffClass.Same);
    }

    [Fact]
    public void What_fits_the_candidates_schema_no_more_comes_first()
    {
        var other = Valid(Text with { Schema = NeedsOwner }).InForce();

        ClassOf(baseline, other, Request()).ShouldBe(DiffClass.SchemaInvalid);
        ClassOf(baseline, other, Request("write")).ShouldBe(DiffClass.SchemaInvalid);
        ClassOf(other, baseline, Request()).ShouldBe(DiffClass.DenyToAllow);
    }

    [Fact]
    public void What_fitted_neither_schema_is_no_change() =>
        ClassOf(baseline, Second.InForce(), Request("delete")).ShouldBe(DiffClass.Same);

    [Fact]
    public void Obligations_are_a_part_of_the_reason()
    {
        var text = Text with { Obligations = """{"log":{"type":"custom","properties":{}},"tell":{"type":"custom","properties":{}}}""" };
        var log = Valid(text with { Policies = [new("open-read", $"@obligation(\"log\") {OpenRead}")] }).InForce();
        var tell = Valid(text with { Policies = [new("open-read", $"@obligation(\"log, tell\") {OpenRead}")] }).InForce();
        var pep = new PepSupport("p", StringSet.Of("custom"));

        ClassOf(log, tell, Request(), pep).ShouldBe(DiffClass.ReasonOnly);
        ClassOf(baseline, log, Request()).ShouldBe(DiffClass.AllowToDeny);
    }

    static PolicyInForce With(params (string Id, string Text)[] policies) =>
        Valid(Text with { Policies = [.. policies.Select(p => new NamedPolicy(p.Id, p.Text))] }).InForce();

    static string ClassOf(PolicyInForce? before, PolicyInForce after, RecordedRequest request, PepSupport? pep = null) => DecisionComparison.Of(
        new ReplayedResult(DecisionPoint.Evaluate(before, request, EntityStore.Empty, pep ?? Pep)),
        new ReplayedResult(DecisionPoint.Evaluate(after, request, EntityStore.Empty, pep ?? Pep))).Class;
}
