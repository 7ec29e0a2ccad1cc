using Stet.Corrections;

namespace Stet.Tests.Corrections;

/// <summary>One ordinary command and event of each kind, to be varied with <c>with</c>.</summary>
static class Ordinary
{
    public static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Tuesday = Monday.AddDays(1);

    public static readonly CorrectionId First = new(new Guid("019ca7c8-0000-7000-8000-000000000001"));
    public static readonly CorrectionId Next = new(new Guid("019ca7c8-0000-7000-8000-000000000002"));
    public static readonly CorrectionId Other = new(new Guid("019ca7c8-0000-7000-8000-000000000003"));

    public static readonly Actor Ada = new("human", "dr-ada");
    public static readonly Subject Patient = new("patient", "p-17");

    public static readonly Permissions Readable = new(StringSet.Of("allergy-bot"), StringSet.Empty, StringSet.Empty);

    public static readonly RecordCorrection Asked = new(
        Patient, "allergies.penicillin", FieldValue.Of("severe"), CorrectionClass.Fact, Readable, Ada,
        Supersedes: null, EffectiveFrom: null, EffectiveTo: null, Reason: null);

    public static readonly CorrectionRecorded OnRecord = new(
        First, Patient, "allergies.penicillin", FieldValue.Of("severe"), CorrectionClass.Fact, Readable,
        Supersedes: null, Ada, EffectiveFrom: null, EffectiveTo: null, Reason: null, Monday);

    public static readonly RevokeCorrection TakenBack = new(First, RevocationReason.Refuted, "the test was negative", Ada);

    public static readonly CorrectionRevoked Revoked = new(
        First, RevocationReason.Refuted, "the test was negative", Ada, Tuesday);
}
