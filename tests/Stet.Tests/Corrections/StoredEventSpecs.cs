using System.Text;
using Stet.Corrections;
using Stet.EventStore;
using static Stet.Tests.Corrections.Ordinary;

namespace Stet.Tests.Corrections;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file here never changes.</summary>
public class StoredEventSpecs
{
    public static TheoryData<string, object> Samples => new()
    {
        {
            "correction_recorded", OnRecord with
            {
                CorrectionId = Next, Value = FieldValue.Parse("""{"grade":3,"notes":["é","a\"b"]}"""u8), Supersedes = First,
                Permissions = new Permissions(StringSet.Of("allergy-bot"), StringSet.Of("ward", "care"), StringSet.Of("trainee")),
                EffectiveFrom = Monday, EffectiveTo = Tuesday.AddMicroseconds(123456), Reason = "patch test",
                RecordedAt = Monday.AddMicroseconds(1),
            }
        },
        {
            "correction_recorded.least", OnRecord with
            {
                Value = FieldValue.Parse("null"u8), Class = CorrectionClass.Discardable,
                Permissions = new Permissions(StringSet.Empty, StringSet.Of("care"), StringSet.Empty),
            }
        },
        { "correction_superseded", new CorrectionSuperseded(First, Next) },
        { "correction_revoked", Revoked with { Reason = RevocationReason.EnteredInError, Note = "wrong chart" } },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Corrections", file, e);

    [Fact]
    public void Every_event_has_a_sample() =>
        StoredSamples.ShouldCover(Samples.Select(s => (string)s[0]), typeof(CorrectionRecorded));

    [Fact]
    public void An_event_that_gained_members_since_is_still_read()
    {
        var json = StoredSamples.Read("Corrections", "correction_superseded").Replace("}", ",\"added_later\":1}");

        StoredSamples.Catalog.Read("correction_superseded", Encoding.UTF8.GetBytes(json)).ShouldBe(new CorrectionSuperseded(First, Next));
    }

    [Fact]
    public void What_is_not_the_events_shape_is_unreadable()
    {
        Should.Throw<UnreadableEventException>(() => StoredSamples.Catalog.Read("correction_recorded", "{\"class\":\"Rumour\"}"u8));
        Should.Throw<UnreadableEventException>(() => StoredSamples.Catalog.Read("correction_forgotten", "{}"u8));
    }
}
