using Stet.Cedar;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Decisions.Ordinary;

namespace Stet.Tests.Policy.Decisions;

public class DecisionPointSpecs
{
    static readonly PepSupport notifier = new("gate", StringSet.Of("notification"));

    [Fact]
    public void What_is_permitted_and_not_forbidden_is_allowed()
    {
        var (raw, effective) = DecisionPoint.Evaluate(Rules, Question, Known, Pep);

        raw.ShouldBe(new RawResult(true, ["read-own"], []));
        effective.ShouldBe(EffectiveResult.Allow(default));
    }

    [Fact]
    public void A_forbid_denies_and_is_told_apart_from_nothing_that_permits()
    {
        var atNight = DecisionPoint.Evaluate(Rules, Question with { Now = Monday.AddHours(-5) }, Known, Pep);
        var nothing = DecisionPoint.Evaluate(Rules, Question with { Resource = new Party("App::Doc", "d2", Record("""{"status":"shut"}""")) }, Known, Pep);

        atNight.Effective.ShouldBe(EffectiveResult.Deny(DecisionClass.Forbidden));
        atNight.Raw!.Determining.ShouldBe(["no-night"]);
        nothing.Effective.ShouldBe(EffectiveResult.Deny(DecisionClass.NotPermitted));
    }

    [Fact]
    public void Without_policies_in_force_nothing_is_allowed() =>
        ShouldBeDenied(DecisionPoint.Evaluate(null, Question, Known, Pep), DecisionClass.Error, "no_active_policy");

    [Fact]
    public void A_policy_that_fails_denies_whatever_permits()
    {
        var rules = RulesOf(
            ("all", "permit (principal, action, resource);"),
            ("broken", """forbid (principal, action, resource is App::Doc) when { principal has level && principal.level * 2 > 5 };"""));
        var request = Question with { Subject = new Party("user", "ada", Record("""{"level":9223372036854775807}""")) };

        var (raw, effective) = DecisionPoint.Evaluate(rules, request, Known, Pep);

        raw.ShouldBe(new RawResult(true, ["all"], [new RawError("broken", "overflow")]));
        effective.ShouldBe(EffectiveResult.Deny(DecisionClass.Error, "policy_error"));
    }

    [Theory]
    [InlineData("robot", "read", "App::Doc", "unknown_type")]
    [InlineData("App::User", "read", "App::Doc", "unknown_type")]
    [InlineData("user", "read", "spaceship", "unknown_type")]
    [InlineData("user", "fly", "App::Doc", "unknown_action")]
    [InlineData("user", "join", "App::Doc", "not_applicable")]
    [InlineData("user", "groupOnly", "App::Doc", "not_applicable")]
    public void What_the_schema_does_not_offer_is_not_permitted(string subject, string action, string resource, string code)
    {
        var request = Question with
        {
            Subject = Question.Subject with { Type = subject },
            Action = action,
            Resource = Question.Resource with { Type = resource },
        };

        ShouldBeDenied(DecisionPoint.Evaluate(Rules, request, Known, Pep), DecisionClass.NotPermitted, code);
    }

    [Fact]
    public void A_request_or_an_entity_that_does_not_fit_the_schema_is_an_error()
    {
        ShouldBeDenied(
            DecisionPoint.Evaluate(Rules, Question with { Invalid = StringSet.Of("context.ip") }, Known, Pep),
            DecisionClass.Error, "request_invalid");
        ShouldBeDenied(
            DecisionPoint.Evaluate(Rules, Question with { Context = Record("""{"ip":"no address"}""") }, Known, Pep),
            DecisionClass.Error, "request_invalid");
        ShouldBeDenied(
            DecisionPoint.Evaluate(Rules, Question with { Subject = new Party("user", "ada", Record("""{"role":7}""")) }, Known, Pep),
            DecisionClass.Error, "request_invalid");
        ShouldBeDenied(
            DecisionPoint.Evaluate(Rules, Question with { Resource = new Party("App::Doc", "d1", RecordValue.Empty) }, Known, Pep),
            DecisionClass.Error, "request_invalid");
    }

    [Fact]
    public void An_obligation_goes_only_to_who_is_known_to_support_its_type()
    {
        var request = Question with { Action = "write" };

        var bound = DecisionPoint.Evaluate(Rules, request, Known, notifier);
        var refused = DecisionPoint.Evaluate(Rules, request, Known, Pep);

        var told = new Obligation("tell", "notification", """{"body":"written","to":"dpo"}""");
        bound.Effective.ShouldBe(EffectiveResult.Allow([told]));
        refused.Raw.ShouldBe(bound.Raw);
        refused.Effective.ShouldBe(EffectiveResult.Deny(DecisionClass.Error, "obligation_unsupported", [told]));
        DecisionPoint.Advice(Rules, bound.Raw).ShouldBe([new Obligation("hint", "custom", "{}")]);
    }

    [Fact]
    public void A_name_that_two_types_claim_serves_neither()
    {
        var candidate = Lifecycle.Ordinary.Valid(new CandidateText(
            [new NamedPolicy("all", "permit (principal, action, resource);")], [], "{}",
            """
            @authzen("user") entity Person;
            @authzen("user") entity Robot;
            action read appliesTo { principal: [Person, Robot], resource: Person };
            """, "[]"));
        var rules = candidate.Compile(candidate.ValidatedPolicies!, 1);

        Stet.Policy.AuthZen.AuthZenSchema.Of(rules.Schema).Ambiguous.ShouldBe(StringSet.Of("user"));
        ShouldBeDenied(DecisionPoint.Evaluate(rules, Question, Known, Pep), DecisionClass.NotPermitted, "unknown_type");
    }

    [Fact]
    public void A_recorded_decision_evaluates_to_itself_and_one_that_was_tampered_with_does_not()
    {
        var (raw, effective) = DecisionPoint.Evaluate(Rules, Question, Known, Pep);
        var recorded = StoredEventSpecs.Recorded with { Request = Question, Pep = Pep, Raw = raw, Effective = effective };
        var tampered = recorded with { Request = Question with { Resource = new Party("App::Doc", "d1", Record("""{"status":"shut"}""")) } };

        Replayed(recorded).ShouldBe((recorded.Raw, recorded.Effective));
        Replayed(tampered).ShouldNotBe((tampered.Raw, tampered.Effective));

        static (RawResult? Raw, EffectiveResult Effective) Replayed(DecisionRecorded e) =>
            DecisionPoint.Evaluate(Rules, e.Request, Known, e.Pep);
    }

    [Fact]
    public void An_explanation_names_the_first_clause_that_stands_in_the_way()
    {
        var why = DecisionPoint.Explain(Rules, Question with { Resource = new Party("App::Doc", "d1", Record("""{"status":"shut"}""")) }, Known)!;

        why.Policies.Select(p => (p.Policy.Value, p.FirstFailing)).ShouldBe([
            ("editors", Clause.Action), ("no-night", Clause.Condition), ("read-own", Clause.Condition)]);
        DecisionPoint.Explain(null, Question, Known).ShouldBeNull();
    }

    static void ShouldBeDenied((RawResult? Raw, EffectiveResult Effective) result, DecisionClass @class, string code)
    {
        result.Raw.ShouldBeNull();
        result.Effective.ShouldBe(EffectiveResult.Deny(@class, code));
    }
}
