using System.Text.Json;
using Stet.Pcs;
using Stet.Pcs.Service;
using static Stet.Tests.Pcs.Ordinary;
using PcsRefused = Stet.Pcs.Service.PcsRefused;

namespace Stet.Tests.Pcs;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file here never changes.</summary>
public class StoredEventSpecs
{
    public static TheoryData<string, object> Samples => new()
    {
        { "pcs_accepted", new PcsAccepted(Verified) },
        {
            "pcs_accepted.negative_zero",
            new PcsAccepted(Verified with
            {
                Document = (Document with { DHat = -0.0, Epoch = long.MaxValue }).Signed(), Kid = null, Dialect = "none",
                SentAtDifferenceMs = null, Reasons = [],
            })
        },
        { "pcs_escalated", new PcsEscalated(Verified) },
        {
            "pcs_equivocated",
            new PcsEquivocated(
                Document.PcsId, Document.ShardId, new string('c', 64), new string('d', 64), 12, StringSet.Of("budget", "seed"),
                SignedPartDiffers: true, Document, new string('b', 64), "A-bytes", "k1", Monday)
        },
        { "pcs_escalation_resolved", new PcsEscalationResolved(Document.PcsId, Document.ShardId, "accepted", "looked at it", "ada", Monday) },
        { "pcs_escalation_resolved.least", new PcsEscalationResolved(Document.PcsId, Document.ShardId, "rejected", null, "ada", Monday) },
        { "pcs_refused", new PcsRefused("signature_invalid", Document.PcsId, new string('b', 64), 650, "127.0.0.1", 3, Monday) },
        { "pcs_refused.least", new PcsRefused("tenant_mismatch", null, new string('b', 64), 0, null, 0, Monday) },
        { "pcs_key_registered", Registered },
        {
            "pcs_key_registered.public",
            new PcsKeyRegistered("e1", "1.0", "Ed25519", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", new string('f', 64), null, null, Monday)
        },
        { "pcs_key_revoked", new PcsKeyRevoked("k1", Monday) },
        { "pcs_signature_policy_set", new PcsSignaturePolicySet("none", Monday) },
        { "pcs_parameters_set", new PcsParametersSet(1, new PcsParameters { DHatTolerance = 0.2 }, Monday) },
        {
            "pcs_parameters_set.lifetime",
            new PcsParametersSet(2, new PcsParameters { AnswerLifetime = TimeSpan.FromDays(30) }, Monday)
        },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Pcs", file, e);

    [Fact]
    public void Every_event_has_a_sample() =>
        StoredSamples.ShouldCover(Samples.Select(s => (string)s[0]), typeof(PcsAccepted));

    [Fact]
    public void A_stored_registry_is_read_as_it_was_written()
    {
        var registry = PcsRegistry.Create(Registered).Apply(new PcsKeyRevoked("k1", Monday))
            .Apply(new PcsSignaturePolicySet("none", Monday)).Apply(new PcsParametersSet(1, PcsParameters.Default, Monday));

        var read = JsonSerializer.Deserialize(
            JsonSerializer.SerializeToUtf8Bytes(registry, PcsEventJson.Default.PcsRegistry), PcsEventJson.Default.PcsRegistry)!;

        (read with { Keys = [] }).ShouldBe(registry with { Keys = [] });
        read.Keys.ShouldBe(registry.Keys);
    }
}
