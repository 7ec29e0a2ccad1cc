using Stet.Corrections;
using static Stet.Tests.Corrections.Ordinary;

namespace Stet.Tests.Corrections;

public class RevokeCorrectionSpecs
{
    static readonly CorrectionRecorded Second = OnRecord with { CorrectionId = Next, Supersedes = First };

    [Fact]
    public void The_standing_correction_is_taken_back()
    {
        var decision = RevokeCorrection.Decide(TakenBack, CorrectedField.Create(OnRecord), Tuesday);

        decision.Refusal.ShouldBeNull();
        decision.Events.ShouldBe([Revoked]);
    }

    [Fact]
    public void Taking_back_again_records_nothing()
    {
        var field = CorrectedField.Create(Revoked);

        var decision = RevokeCorrection.Decide(TakenBack with { Reason = RevocationReason.Withdrawn }, field, Tuesday);

        decision.ShouldBe(Decision.Nothing);
    }

    [Fact]
    public void A_superseded_correction_cannot_be_taken_back()
    {
        var field = CorrectedField.Create(Second);

        var decision = RevokeCorrection.Decide(TakenBack, field, Tuesday);

        decision.Events.ShouldBeEmpty();
        decision.Refusal.ShouldBe(CorrectionProblems.NotActive(First));
    }

    [Fact]
    public void Where_nothing_was_recorded_nothing_is_taken_back() =>
        RevokeCorrection.Decide(TakenBack, field: null, Tuesday).Refusal.ShouldBe(CorrectionProblems.NotActive(First));

    [Fact]
    public void A_field_knows_what_stands_or_what_was_revoked()
    {
        CorrectedField.Create(Second).ShouldBe(new CorrectedField(Next, null));
        CorrectedField.Create(Revoked).ShouldBe(new CorrectedField(null, First));
    }
}
