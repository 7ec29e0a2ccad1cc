using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;
using static Stet.Tests.Policy.Decisions.Ordinary;

namespace Stet.Tests.Policy.Decisions;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file there never changes.</summary>
public class StoredEventSpecs
{
    static readonly Guid first = Guid.Parse("0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001");
    static readonly Guid second = Guid.Parse("0199aaaa-bbbb-7ccc-8ddd-eeeeffff0002");
    static readonly string digest = new('a', 64);

    /// <summary>Every member set, every kind of value.</summary>
    internal static DecisionRecorded Recorded { get; } = new(
        first, second, 3, "req-1", new PepSupport("gate", StringSet.Of("notification")),
        new RecordedRequest(
            new Party("user", "ada", Record("""
                {"role":"editor","level":7,"is":true,"tools":["b","a"],"address":{"city":"Ulm"},
                 "boss":{"__entity":{"type":"App::User","id":"bob"}},"score":{"__extn":{"fn":"decimal","arg":"1.5"}},
                 "since":{"__extn":{"fn":"datetime","arg":"2026-01-01"}},"patience":{"__extn":{"fn":"duration","arg":"1h"}},
                 "home":{"__extn":{"fn":"ip","arg":"10.0.0.0/8"}}}
                """)),
            "read", new Party("App::Doc", "d1", Record("""{"status":"open"}""")),
            Record("""{"ip":{"__extn":{"fn":"ip","arg":"127.0.0.1"}},"far":{"__extn":{"fn":"offset","args":[{"__extn":{"fn":"datetime","arg":"1970-01-01"}},{"__extn":{"fn":"duration","arg":"3650000d"}}]}}}"""),
            Monday, StringSet.Of("context.x"))
        { Layer = 1 },
        new RequestSources(StringSet.Of("context.now"), StringSet.Of("context.ip", "subject.level"), StringSet.Of("resource.status")),
        StringSet.Of("subject.age"), digest, new string('b', 64), 12,
        new RawResult(true, ["editors", "read-own"], [new RawError("broken", "overflow")]),
        EffectiveResult.Deny(
            DecisionClass.Error, "policy_error", [new Obligation("tell", "notification", """{"body":"b","to":"dpo"}""")]));

    public static TheoryData<string, object> Samples => new()
    {
        { "decision_recorded", Recorded },
        { "decision_recorded.digested", Recorded with { ReplayDigest = digest } },
        { "decision_recorded.layered", Recorded with { Request = Recorded.Request with { Layer = 2 }, ReplayDigest = digest } },
        {
            "decision_recorded.least",
            new DecisionRecorded(
                first, null, null, null, Pep,
                new RecordedRequest(
                    new Party("user", "ada", RecordValue.Empty), "read", new Party("doc", "d1", RecordValue.Empty), RecordValue.Empty,
                    Monday, StringSet.Empty) { Layer = 1 },
                RequestSources.None, StringSet.Empty, null, null, 0, null, EffectiveResult.Deny(DecisionClass.Error, "no_active_policy"))
        },
        {
            "decision_recorded.broken",
            new DecisionRecorded(
                first, second, 0, null, Pep,
                new RecordedRequest(
                    new Party("user", "ada", RecordValue.Empty), "read", new Party("", "", RecordValue.Empty), RecordValue.Empty,
                    Monday, StringSet.Empty, "`/resource` is required, an object") { Layer = 1 },
                RequestSources.None, StringSet.Empty, null, null, 0, null, EffectiveResult.Deny(DecisionClass.Error, "request_invalid"))
        },
        {
            "search_answered",
            new SearchAnswered(
                "resource", "req-1", new PepSupport("gate", StringSet.Of("notification")),
                """{"action":{"name":"read"},"resource":{"type":"doc"},"subject":{"id":"ada","type":"user"}}""",
                digest, digest, 12, 40, Monday, "d7", 3, digest)
        },
        {
            "search_answered.least",
            new SearchAnswered(
                "action", null, Pep, "{}", null, null, 0, null, Monday, null, 0, digest)
        },
        { "pep_registered", new PepRegistered("gate", true, StringSet.Of("notification"), StringSet.Of("obligations"), "root", Monday) },
        { "entity_recorded", new EntityRecorded(
            new KnownEntity(
                new EntityUid("App::User", "ada"), Record("""{"boss":{"__entity":{"type":"App::User","id":"bob"}},"role":"editor"}"""),
                [new EntityUid("App::Group", "editors")], Record("""{"colour":"red"}""")), "root", Monday) },
        { "entity_recorded.least", new EntityRecorded(
            new KnownEntity(new EntityUid("User", "ada"), RecordValue.Empty, [], RecordValue.Empty), "root", Monday) },
        { "entity_removed", new EntityRemoved("App::User", "ada", "root", Monday) },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Policy", file, e);

    [Fact]
    public void An_obligation_of_any_size_is_read_back()
    {
        var obligation = new Obligation("tell", "custom", $$"""{"body":"{{new string('b', 17_000)}}"}""");
        var decided = Recorded with { Effective = EffectiveResult.Deny(DecisionClass.Error, "policy_error", [obligation]) };

        JsonSerializer.Deserialize<DecisionRecorded>(JsonSerializer.Serialize(decided)).ShouldBe(decided);
    }

    [Fact]
    public void Every_event_has_a_sample()
    {
        var files = Samples.Select(s => (string)s[0]).ToArray();
        StoredSamples.ShouldCover(files.Where(f => !f.StartsWith("entity", StringComparison.Ordinal)), typeof(DecisionRecorded));
        StoredSamples.ShouldCover(files.Where(f => f.StartsWith("entity", StringComparison.Ordinal)), typeof(EntityRecorded));
    }
}
