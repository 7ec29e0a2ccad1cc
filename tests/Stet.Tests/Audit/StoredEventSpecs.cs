using Stet.Audit;

namespace Stet.Tests.Audit;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c>. A file here never changes.</summary>
public class StoredEventSpecs
{
    const string Origin = "localhost/v1/tenants/11111111-1111-4111-8111-111111111111/audit";
    const string Old = $"{Origin}+5a1f9c02+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    const string New = $"{Origin}+0c77d2e1+AdnCbjMZQ2JbSBRTfAq6v1QZ5DmIeJGTbTB2Z/yp9bPX";

    static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, object> Samples => new()
    {
        { "audit_key_added", new AuditKeyAdded(New, Old, Monday.AddDays(30).AddMicroseconds(1), Monday.AddMicroseconds(1)) },
        { "audit_key_retired", new AuditKeyRetired(Old, Monday.AddDays(30).AddMinutes(10)) },
        {
            "audit_epoch_started",
            new AuditEpochStarted(2, $"{Origin}/epoch/2", New, Origin, $"{Origin}\n3\nqqqq\n\n— {Origin} AAAA\n", "restored from Sunday", Monday)
        },
        { "audit_secret_replaced", new AuditSecretReplaced("0badc0de", "backup on a lost laptop", Monday) },
        { "audit_epoch_started.least", new AuditEpochStarted(2, $"{Origin}/epoch/2", New, Origin, null, "lost disk", Monday) },
    };

    [Theory, MemberData(nameof(Samples))]
    public void Stored_json_is_read_as_the_event_and_written_like_this_today(string file, object e) =>
        StoredSamples.ShouldRoundTrip("Audit", file, e);

    [Fact]
    public void Every_event_has_a_sample() =>
        StoredSamples.ShouldCover(Samples.Select(s => (string)s[0]), typeof(AuditKeyAdded));
}
