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
    public void Nothing_is_allowed_by_what_is_known_of_an_entity_that_does_not_fit_the_schema()
    {
        var misfit = Stored("""
            [{"uid":{"type":"App::User","id":"ada"},"attrs":{"boss":{"__entity":{"type":"App::User","id":"bob"}}},"parents":[]},
             {"uid":{"type":"App::User","id":"bob"},"attrs":{"tools":["a",7]},"parents":[]}]
            """);
        var rules = RulesOf(
            ("all", "permit (principal, action, resource);"),
            ("no-tool", """
                forbid (principal, action == App::Action::"read", resource)
                when { principal has boss && principal.boss has tools && principal.boss.tools.contains("7") };
                """));
        misfit.TryGet(new EntityUid("App::User", "ada"), out var ada).ShouldBeTrue();
        var request = Question with { Subject = new Party("user", "ada", ada!.Attributes) };

        ShouldBeDenied(DecisionPoint.Evaluate(rules, request, misfit, Pep), DecisionClass.Error, "request_invalid");
        DecisionPoint.Explain(rules, request, misfit).ShouldBeNull();
        DecisionPoint.Evaluate(rules, request with { Action = "write" }, misfit, Pep).Effective.Decision.ShouldBeTrue();
        DecisionPoint.Evaluate(rules, request with { Layer = 1 }, misfit, Pep).Effective.Decision.ShouldBeTrue();
    }

    [Fact]
    public void An_entity_counts_that_the_policies_look_at_and_not_when_they_do_not()
    {
        var misfit = Stored("""[{"uid":{"type":"App::User","id":"bob"},"attrs":{"level":"seven"},"parents":[]}]""");
        var rules = RulesOf(("late", """
            permit (principal, action, resource is App::Doc)
            when { context.now.toTime() < duration("6h") || App::User::"bob" has level };
            """));
        var again = DecisionPoint.Repeat(rules, Question, misfit, Pep);

        foreach (var (hours, code) in ((int, string?)[])[(-5, null), (0, "request_invalid"), (-5, null)])
            again.At(Monday.AddHours(hours)).Effective.Code.ShouldBe(code);
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
    public void A_name_that_two_types_claim_serves_neither_and_is_a_finding()
    {
        var (candidate, findings) = PolicyCandidate.Read(
            new CandidateText(
                [new NamedPolicy("all", "permit (principal, action, resource);")], [], "{}",
                """
                @authzen("user") entity Person;
                @authzen("user") entity Robot;
                action read appliesTo { principal: [Person, Robot], resource: Person };
                """, "[]"),
            CedarLimits.Default);

        Stet.Policy.AuthZen.AuthZenSchema.Of(candidate!.Schema).TryGetType("user", out _).ShouldBeFalse();
        candidate.ValidatedPolicies.ShouldBeNull();
        findings.Select(f => (f.Code, f.Part, f.Name)).ShouldBe([("ambiguous_type", "schema", "user")]);
    }

    [Fact]
    public void A_name_that_two_actions_of_the_same_types_have_serves_neither_and_is_a_finding()
    {
        var text = new CandidateText(
            [
                new NamedPolicy("all", "permit (principal, action, resource);"),
                new NamedPolicy("no-delete", """forbid (principal, action == App::Action::"delete", resource);"""),
            ],
            [], "{}",
            """
            namespace Admin { action delete, list appliesTo { principal: App::User, resource: App::Doc }; }
            namespace App {
                entity User, Doc;
                action delete appliesTo { principal: User, resource: Doc };
                action list appliesTo { principal: Doc, resource: Doc };
            }
            """, "[]");
        var candidate = PolicyCandidate.Read(text, CedarLimits.Default, isStored: true).Candidate!;
        var inForce = candidate.Compile(candidate.ValidatedPolicies!, 1);
        var request = Question with
        {
            Subject = new Party("App::User", "ada", RecordValue.Empty),
            Action = "delete",
            Resource = new Party("App::Doc", "d", RecordValue.Empty),
        };

        PolicyCandidate.Read(text, CedarLimits.Default).Findings.Select(f => (f.Code, f.Part, f.Name)).ShouldBe([("ambiguous_action", "schema", "delete")]);
        ShouldBeDenied(DecisionPoint.Evaluate(inForce, request, EntityStore.Empty, Pep), DecisionClass.Error, "request_invalid");
        DecisionPoint.Evaluate(inForce, request with { Layer = 1 }, EntityStore.Empty, Pep).Effective.Decision.ShouldBeTrue();
        DecisionPoint.Evaluate(inForce, request with { Action = "list" }, EntityStore.Empty, Pep).Effective.Decision.ShouldBeTrue();
    }

    [Fact]
    public void A_question_that_is_asked_again_is_answered_as_at_each_time()
    {
        foreach (var request in (RecordedRequest[])
            [Question, Question with { Action = "write" }, Question with { Action = "join" }, Question with { Problem = "broken" }])
        {
            var again = DecisionPoint.Repeat(Rules, request, Known, Pep);

            foreach (var hours in (int[])[0, -5, 12, -6, 0])
                again.At(Monday.AddHours(hours)).ShouldBe(DecisionPoint.Evaluate(Rules, request with { Now = Monday.AddHours(hours) }, Known, Pep));
        }
    }

    [Theory]
    [InlineData("2026-11-23T00:00:00Z", 1)]
    [InlineData("2026-11-28T23:59:59Z", 6)]
    [InlineData("2026-11-29T12:00:00Z", 7)]
    [InlineData("2026-11-30T01:00:00+02:00", 7)]
    public void A_governed_weekday_is_that_of_the_clock_whatever_a_context_says(string now, long weekday)
    {
        var candidate = Lifecycle.Ordinary.Valid(new CandidateText(
            [new NamedPolicy("day", $"permit (principal, action, resource) when {{ context.weekday == {weekday} }};")], [], "{}",
            "entity User, Doc; action read appliesTo { principal: User, resource: Doc, context: { @governed weekday: Long } };", "[]"));
        var request = new RecordedRequest(
            new Party("User", "ada", RecordValue.Empty), "read", new Party("Doc", "d", RecordValue.Empty), Record("""{"weekday":9}"""),
            DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture), StringSet.Empty);

        DecisionPoint.Evaluate(candidate.Compile(candidate.ValidatedPolicies!, 1), request, EntityStore.Empty, Pep).Effective.Decision.ShouldBeTrue();
    }

    [Fact]
    public void What_is_no_question_is_denied_whatever_is_in_force()
    {
        var broken = Question with { Problem = "`/resource/id` is required" };

        ShouldBeDenied(DecisionPoint.Evaluate(Rules, broken, Known, Pep), DecisionClass.Error, "request_invalid");
        ShouldBeDenied(DecisionPoint.Evaluate(null, broken, Known, Pep), DecisionClass.Error, "request_invalid");
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

    static EntityStore Stored(string json) =>
        EntityStore.ParseJson(System.Text.Encoding.UTF8.GetBytes(json), CedarLimits.Default).Value.ShouldNotBeNull();

    static void ShouldBeDenied((RawResult? Raw, EffectiveResult Effective) result, DecisionClass @class, string code)
    {
        result.Raw.ShouldBeNull();
        result.Effective.ShouldBe(EffectiveResult.Deny(@class, code));
    }
}
