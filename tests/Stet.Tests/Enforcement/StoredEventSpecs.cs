using System.Text.Json;
using Stet.Enforcement;
using static Stet.Tests.Enforcement.Ordinary;

namespace Stet.Tests.Enforcement;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file here never changes.</summary>
public class StoredEventSpecs
{
    public static TheoryData<string, object> Samples => new()
    {
        {
            "system_registered", Registered with
            {
                Settings = Settings with
                {
                    GraceMultiplier = 2.5m, Allowance = new LagAllowance(5, 90), MutedUntil = Wednesday, MutedReason = "moving house",
                },
            }
        },
        { "system_registered.least", Registered with { Settings = new SystemSettings(null, null, StringSet.Empty, null, null, null, null) } },
        { "system_changed", Changed },
        { "system_retired", Retired },
        { "heartbeat_received", Received with { Errors = StringSet.Of("disk full") } },
        { "enforcement_defaults_set", DefaultsSet },
        { "enforcement_defaults_set.least", new EnforcementDefaultsSet(null, null, Monday) },
        { "heartbeat_received.least", Received with { EnforcedPosition = null, AppliedAt = null, Origin = null, Sequence = null } },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Enforcement", file, e);

    [Fact]
    public void Every_event_has_a_sample() =>
        StoredSamples.ShouldCover(Samples.Select(s => (string)s[0]), typeof(SystemRegistered));

    [Fact]
    public void A_stored_state_is_read_as_it_was_written()
    {
        var state = EnforcingSystem.Create(Registered).Apply(Received).Apply(Received with { Sequence = 1 }).Apply(Retired);

        JsonSerializer.Deserialize(
            JsonSerializer.SerializeToUtf8Bytes(state, EnforcementEventJson.Default.EnforcingSystem),
            EnforcementEventJson.Default.EnforcingSystem).ShouldBe(state);
    }
}
