using System.Text.Json;
using Stet.Policy.AccessRequests;
using static Stet.Tests.Policy.AccessRequests.Ordinary;

namespace Stet.Tests.Policy.AccessRequests;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file there never changes.</summary>
public sealed class StoredEventSpecs
{
    public static TheoryData<string, object> Samples => new()
    {
        { "access_requested", Requested },
        { "access_requested.digested", Requested with { Scope = WholeScope } },
        { "access_approved", Approved },
        { "access_approved.least", Approved with { Note = null } },
        { "access_denied", Denied },
        { "access_request_cancelled", Cancelled },
        { "access_approval_revoked", Revoked },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Policy", file, e);

    [Fact]
    public void Every_event_has_a_sample() =>
        StoredSamples.ShouldCover(Samples.Select(s => (string)s[0]), typeof(AccessRequested));

    [Fact]
    public void The_state_survives_being_stored()
    {
        foreach (var request in (AccessRequest[])[Pending, Pending.Apply(Approved), Pending.Apply(Approved).Apply(Revoked), Pending.Apply(Denied), Pending.Apply(Cancelled)])
        {
            var json = JsonSerializer.Serialize(request, AccessRequestEventJson.Default.AccessRequest);
            JsonSerializer.Deserialize(json, AccessRequestEventJson.Default.AccessRequest).ShouldBe(request);
        }
    }
}
