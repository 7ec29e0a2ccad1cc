using Stet.Corrections;
using static Stet.Tests.Corrections.Ordinary;

namespace Stet.Tests.Corrections;

public class RecordCorrectionSpecs
{
    [Fact]
    public void The_first_correction_of_a_field_is_recorded_as_it_was_asked_for()
    {
        var asked = Asked with { EffectiveFrom = Monday, EffectiveTo = Tuesday, Reason = "patch test" };

        var decision = RecordCorrection.Decide(asked, field: null, First, Monday);

        decision.Refusal.ShouldBeNull();
        decision.Events.ShouldBe([
            OnRecord with { EffectiveFrom = Monday, EffectiveTo = Tuesday, Reason = "patch test" }]);
    }

    [Fact]
    public void A_correction_that_supersedes_ends_the_one_before_it()
    {
        var asked = Asked with { Value = FieldValue.Of("mild"), Supersedes = First };

        var decision = RecordCorrection.Decide(asked, CorrectedField.Create(OnRecord), Next, Tuesday);

        decision.Events.ShouldBe([
            new CorrectionSuperseded(First, Next),
            OnRecord with { CorrectionId = Next, Value = asked.Value, Supersedes = First, RecordedAt = Tuesday }]);
    }

    [Fact]
    public void A_correction_that_names_nothing_supersedes_whatever_stands() =>
        RecordCorrection.Decide(Asked, CorrectedField.Create(OnRecord), Next, Tuesday)
            .Events.ShouldBe([
                new CorrectionSuperseded(First, Next),
                OnRecord with { CorrectionId = Next, Supersedes = First, RecordedAt = Tuesday }]);

    [Fact]
    public void After_a_revocation_a_correction_stands_without_superseding()
    {
        var field = CorrectedField.Create(Revoked);

        var decision = RecordCorrection.Decide(Asked, field, Next, Tuesday);

        decision.Events.ShouldBe([OnRecord with { CorrectionId = Next, RecordedAt = Tuesday }]);
    }

    [Fact]
    public void Nothing_can_be_superseded_where_nothing_stands() =>
        RecordCorrection.Decide(Asked with { Supersedes = First }, field: null, Next, Tuesday)
            .ShouldBe(Refusal(First));

    [Fact]
    public void A_revoked_correction_cannot_be_superseded()
    {
        var field = CorrectedField.Create(Revoked);

        RecordCorrection.Decide(Asked with { Supersedes = First }, field, Next, Tuesday).ShouldBe(Refusal(First));
    }

    [Fact]
    public void A_superseded_correction_cannot_be_superseded_again()
    {
        var field = CorrectedField.Create(OnRecord with { CorrectionId = Next, Supersedes = First });

        RecordCorrection.Decide(Asked with { Supersedes = First }, field, Other, Tuesday).ShouldBe(Refusal(First));
    }

    [Fact]
    public void A_correction_of_another_field_cannot_be_superseded() =>
        RecordCorrection.Decide(Asked with { Supersedes = Other }, CorrectedField.Create(OnRecord), Next, Tuesday)
            .ShouldBe(Refusal(Other));

    static Decision Refusal(CorrectionId named) =>
        Decision.Refuse(CorrectionProblems.SupersedesNotActive(named)) with { Events = Decision.Nothing.Events };
}
