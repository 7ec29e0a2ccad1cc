using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Decisions.Ordinary;

namespace Stet.Tests.Policy.AuthZen;

public class TranslationSpecs
{
    [Fact]
    public void Governed_beats_the_request_and_the_request_beats_what_is_recorded()
    {
        var translated = Translate(Asked(subject: """{"role":"admin","tenant":"evil","level":3}"""));

        translated.Request.Subject.Properties.ShouldBe(Record("""{"role":"admin","tenant":"acme","level":3}"""));
        translated.Sources.Governed.ShouldBe(StringSet.Of("context.now", "context.weekday", "subject.tenant"));
        translated.Sources.Request.ShouldBe(StringSet.Of("subject.level", "subject.role"));
        translated.Sources.Recorded.ShouldBe(StringSet.Of("resource.status"));
        translated.Dropped.ShouldBe(StringSet.Of("subject.tenant"));
    }

    [Fact]
    public void What_only_the_log_knows_is_recorded_and_what_only_the_request_knows_is_not()
    {
        var translated = Translate(Asked(resource: """{"owner":{"type":"user","id":"ada"}}"""));

        translated.Request.Subject.Properties.ShouldBe(Record("""{"role":"editor","tenant":"acme"}"""));
        translated.Request.Resource.Properties.ShouldBe(
            Record("""{"status":"open","owner":{"__entity":{"type":"App::User","id":"ada"}}}"""));
        translated.Sources.Recorded.ShouldBe(StringSet.Of("resource.status", "subject.role"));
        translated.Sources.Request.ShouldBe(StringSet.Of("resource.owner"));
    }

    [Fact]
    public void What_is_stated_of_an_entity_as_the_resource_counts_when_it_is_the_subject_too()
    {
        var rules = SelfRules();
        var asked = Self("""{"name":"Ada"}""", """{"locked":true}""");

        var translated = RequestTranslation.Of(rules.Schema, EntityStore.Empty, asked, Monday);
        var (raw, _) = DecisionPoint.Evaluate(rules, translated.Request, EntityStore.Empty, Pep);

        translated.Request.Subject.Properties.ShouldBe(Record("""{"locked":true,"name":"Ada"}"""));
        translated.Request.Resource.ShouldBe(translated.Request.Subject);
        translated.Sources.Request.ShouldBe(StringSet.Of("resource.locked", "resource.name", "subject.locked", "subject.name"));
        raw.ShouldBe(new RawResult(false, ["locked"], []));
        DecisionPoint.Evaluate(rules, RequestTranslation.Of(rules.Schema, EntityStore.Empty, Self("{}", "{}"), Monday).Request, EntityStore.Empty, Pep)
            .Effective.Decision.ShouldBeTrue();
    }

    [Fact]
    public void An_entity_of_which_two_things_are_said_is_invalid()
    {
        var rules = SelfRules();

        var translated = RequestTranslation.Of(rules.Schema, EntityStore.Empty, Self("""{"locked":false}""", """{"locked":true}"""), Monday);
        var apart = translated.Request with
        {
            Invalid = StringSet.Empty,
            Resource = translated.Request.Resource with { Properties = Record("""{"locked":true}""") },
        };

        translated.Request.Invalid.ShouldBe(StringSet.Of("resource.locked"));
        foreach (var request in (RecordedRequest[])[translated.Request, apart])
            DecisionPoint.Evaluate(rules, request, EntityStore.Empty, Pep).Effective.Code.ShouldBe("request_invalid");
        DecisionPoint.Evaluate(rules, apart with { Layer = 1 }, EntityStore.Empty, Pep).Effective.Decision.ShouldBeTrue();
    }

    [Fact]
    public void A_request_has_no_say_in_the_time_or_in_governed_context()
    {
        var translated = Translate(Asked(context: """{"now":"2000-01-01","weekday":7,"action":{"soft":true},"ip":"10.0.0.1"}"""));

        translated.Request.Context.ShouldBe(Record("""{"ip":{"__extn":{"fn":"ip","arg":"10.0.0.1"}}}"""));
        translated.Dropped.ShouldBe(StringSet.Of("context.action", "context.now", "context.weekday"));
        translated.Request.Now.ShouldBe(Monday);
    }

    [Fact]
    public void An_approval_that_a_request_states_counts_for_nothing_whatever_the_schema_says_of_it()
    {
        var schema = Cedar.Schema.Parse(
            """
            entity user, doc;
            action read appliesTo { principal: user, resource: doc, context: { approval?: { approved_by: String } } };
            """, CedarLimits.Default).Value.ShouldNotBeNull();
        var asked = Asked(context: """{"approval":{"approved_by":"eve"}}""") with { Resource = new AskedParty("doc", "d1", Json("{}")) };

        var translated = RequestTranslation.Of(schema, Known, asked, Monday);

        translated.Request.Context.ShouldBe(RecordValue.Empty);
        translated.Dropped.ShouldBe(StringSet.Of("context.approval"));
    }

    [Fact]
    public void What_the_schema_does_not_declare_is_dropped_at_any_depth_and_null_is_absent()
    {
        var translated = Translate(Asked(
            subject: """{"age":7,"address":{"city":"Ulm","street":"x"},"role":null}""", context: """{"time":"2025-06-27T18:03-07:00"}""",
            action: """{"soft":true,"hard":false}"""));

        translated.Request.Subject.Properties.ShouldBe(Record("""{"address":{"city":"Ulm"},"role":"editor","tenant":"acme"}"""));
        translated.Request.Context.ShouldBe(Record("""{"action":{"soft":true}}"""));
        translated.Dropped.ShouldBe(StringSet.Of("context.action.hard", "context.time", "subject.address.street", "subject.age"));
        translated.Request.Invalid.ShouldBeEmpty();
    }

    [Fact]
    public void A_name_that_wraps_recorded_values_is_dropped_even_where_a_schema_declares_it()
    {
        var schema = Cedar.Schema.Parse(
            """
            entity user, doc { n: { __entity?: { type: String, id: String }, __extn?: Long, __expr?: Long, x: Long } };
            action read appliesTo { principal: user, resource: doc };
            """, CedarLimits.Default).Value.ShouldNotBeNull();
        var asked = Asked() with
        {
            Resource = new AskedParty("doc", "d1", Json("""{"n":{"__entity":{"type":"user","id":"eve"},"__extn":1,"__expr":1,"x":1}}""")),
        };

        var translated = RequestTranslation.Of(schema, EntityStore.Empty, asked, Monday);

        translated.Request.Resource.Properties.ShouldBe(Record("""{"n":{"x":1}}"""));
        translated.Dropped.ShouldBe(StringSet.Of("resource.n.__entity", "resource.n.__expr", "resource.n.__extn"));
    }

    [Fact]
    public void What_an_entity_says_beside_its_type_and_id_is_dropped()
    {
        var translated = Translate(Asked(subject: """{"boss":{"type":"user","id":"bob","x":1,"y":{"z":2},"n":null}}"""));

        translated.Dropped.ShouldBe(StringSet.Of("subject.boss.x", "subject.boss.y"));
    }

    [Theory]
    [InlineData("level", "7", "7")]
    [InlineData("level", "9007199254740991", "9007199254740991")]
    [InlineData("score", "1.5", """{"__extn":{"fn":"decimal","arg":"1.5000"}}""")]
    [InlineData("score", "2", """{"__extn":{"fn":"decimal","arg":"2.0"}}""")]
    [InlineData("score", "\"-0.25\"", """{"__extn":{"fn":"decimal","arg":"-0.25"}}""")]
    [InlineData("since", "\"2026-01-01T00:00:00Z\"", """{"__extn":{"fn":"datetime","arg":"2026-01-01"}}""")]
    [InlineData("patience", "\"90m\"", """{"__extn":{"fn":"duration","arg":"1h30m"}}""")]
    [InlineData("home", "\"::1\"", """{"__extn":{"fn":"ip","arg":"::1"}}""")]
    [InlineData("tools", """["a","a","b"]""", """["b","a"]""")]
    [InlineData("boss", """{"type":"user","id":"bob","x":1}""", """{"__entity":{"type":"App::User","id":"bob"}}""")]
    [InlineData("boss", """{"type":"App::User","id":"bob"}""", """{"__entity":{"type":"App::User","id":"bob"}}""")]
    [InlineData("address", """{"city":"Ulm","zip":89073}""", """{"city":"Ulm","zip":89073}""")]
    public void Values_are_converted_to_the_declared_type(string name, string json, string value)
    {
        var translated = Translate(Asked(subject: $$"""{"{{name}}":{{json}}}"""));

        translated.Request.Invalid.ShouldBeEmpty();
        translated.Request.Subject.Properties.TryGet(name, out var converted).ShouldBeTrue();
        converted!.ShouldBe(Record($$"""{"x":{{value}}}""").Values[0]);
    }

    [Theory]
    [InlineData("level", "\"7\"", "subject.level")]
    [InlineData("level", "7.0", "subject.level")]
    [InlineData("level", "9007199254740992", "subject.level")]
    [InlineData("score", "1.23456", "subject.score")]
    [InlineData("score", "1e2", "subject.score")]
    [InlineData("role", "true", "subject.role")]
    [InlineData("since", "\"2025-06-27T18:03-07:00\"", "subject.since")]
    [InlineData("home", "\"300.0.0.1\"", "subject.home")]
    [InlineData("patience", "\"1 hour\"", "subject.patience")]
    [InlineData("tools", """["a",1]""", "subject.tools.1")]
    [InlineData("tools", "\"a\"", "subject.tools")]
    [InlineData("boss", "\"bob\"", "subject.boss")]
    [InlineData("boss", """{"type":"not a type","id":"bob"}""", "subject.boss")]
    [InlineData("boss", """{"type":"Nope","id":"bob"}""", "subject.boss")]
    [InlineData("boss", """{"type":"App::Group","id":"bob"}""", "subject.boss")]
    [InlineData("address", """{"city":7}""", "subject.address.city")]
    [InlineData("address", "[]", "subject.address")]
    public void A_value_that_does_not_convert_is_known_by_name(string name, string json, string invalid)
    {
        var translated = Translate(Asked(subject: $$"""{"{{name}}":{{json}}}"""));

        translated.Request.Invalid.ShouldBe(StringSet.Of(invalid));
    }

    [Fact]
    public void Where_the_schema_offers_nothing_all_properties_are_dropped()
    {
        var asked = Asked(subject: """{"role":"admin"}""", context: """{"ip":"10.0.0.1"}""", action: """{"soft":true}""");

        foreach (var (schema, question) in new[] { (Rules.Schema, asked with { Action = "fly" }), (null, asked) })
        {
            var translated = RequestTranslation.Of(schema, Known, question, Monday);

            translated.Request.Subject.Properties.ShouldBe(RecordValue.Empty);
            translated.Dropped.ShouldBe(StringSet.Of("context.action.soft", "context.ip", "subject.role"));
        }
    }

    static TranslatedRequest Translate(AskedEvaluation asked) => RequestTranslation.Of(Rules.Schema, Known, asked, Monday);

    static AskedEvaluation Self(string subject, string resource) =>
        Asked() with { Subject = new AskedParty("user", "ada", Json(subject)), Resource = new AskedParty("user", "ada", Json(resource)) };

    static PolicyInForce SelfRules()
    {
        var candidate = Lifecycle.Ordinary.Valid(new CandidateText(
            [
                new NamedPolicy("all", "permit (principal, action, resource);"),
                new NamedPolicy("locked", "forbid (principal, action, resource) when { resource has locked && resource.locked };"),
            ],
            [], "{}", "entity user { name?: String, locked?: Bool }; action read appliesTo { principal: user, resource: user };",
            """
            [{"name":"one entity","request":{"subject":{"type":"user","id":"u"},"action":{"name":"read"},
              "resource":{"type":"user","id":"u","properties":{"locked":true}}},"expected":{"decision":false,"class":"forbidden"}}]
            """));
        return candidate.Compile(candidate.ValidatedPolicies!, 1);
    }
}
