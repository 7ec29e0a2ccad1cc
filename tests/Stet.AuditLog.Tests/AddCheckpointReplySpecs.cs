namespace Stet.AuditLog.Tests;

public class AddCheckpointReplySpecs
{
    static readonly SignedNote note = Notes.Signed(Notes.Checkpoint(300));

    [Fact]
    public void The_reply_of_a_witness_is_checked_by_the_log()
    {
        var reply = $"{Notes.Witness.Cosign(note.Text, 1_767_225_600)}\n";

        Read(reply, out var lines).ShouldBeTrue();
        lines!.Single().CosignedAt.ShouldBe(1_767_225_600);
        note.With([.. lines!.Select(line => line.Signature)]).ToString().ShouldBe($"{note}{reply}");
    }

    [Fact]
    public void Lines_of_other_keys_are_dropped_from_a_reply_and_a_wrong_one_of_the_witness_spoils_it()
    {
        var own = $"{Notes.Witness.Cosign(note.Text, 1)}\n";
        var other = $"{Notes.OtherWitness.Cosign(note.Text, 1)}\n";
        var forged = $"{Notes.Witness.Cosign(Notes.Checkpoint(299).Text, 1)}\n";

        Read($"{other}{own}", out var lines).ShouldBeTrue();
        lines!.Single().Key.ShouldBe(Notes.Witness.Verifier);
        Read(other, out _).ShouldBeFalse();
        Read(forged, out _).ShouldBeFalse();
        Read($"{own}{forged}", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("ok\n")]
    [InlineData("— witness.example/w1 AAAAAAA=")]
    [InlineData("— witness.example/w1 AAAAAAA=\n\n")]
    public void A_reply_that_is_not_signature_lines_is_refused(string reply) =>
        Notes.Refusal(() => AddCheckpointReply.TryReadCosignatures(
            Notes.Utf8(reply), note, Notes.Witness.Verifier, out _, out _)).ShouldNotBeEmpty();

    [Fact]
    public void A_reply_of_too_many_lines_is_refused() =>
        Notes.Refusal(() => AddCheckpointReply.TryReadCosignatures(
            Notes.Utf8(string.Concat(Enumerable.Repeat("— witness.example/w1 AAAAAAA=\n", 101))), note,
            Notes.Witness.Verifier, out _, out _)).ShouldNotBeEmpty();

    [Fact]
    public void The_size_of_a_conflict_is_read_strictly()
    {
        AddCheckpointReply.ReadSize("300\n"u8).ShouldBe(300);
        foreach (var reply in new[] { "", "\n", "300", "0300\n", "300\n\n", " 300\n", "300\r\n" })
            Notes.Refusal(() => AddCheckpointReply.ReadSize(Notes.Utf8(reply))).ShouldNotBeEmpty();
    }

    [Fact]
    public void Mutated_replies_are_read_or_refused()
    {
        var own = $"{Notes.Witness.Cosign(note.Text, 1)}\n";
        var other = $"{Notes.OtherWitness.Cosign(note.Text, 1)}\n";

        Mutation.NeverBreaks([Notes.Utf8(own), Notes.Utf8(own + other)], reply =>
        {
            if (AddCheckpointReply.TryReadCosignatures(reply, note, Notes.Witness.Verifier, out var lines, out _))
                lines.ShouldAllBe(line => line.CosignedAt == 1);
        });
        Mutation.NeverBreaks(
            [Notes.Utf8("300\n")], reply => AddCheckpointReply.ReadSize(reply).ShouldBeGreaterThanOrEqualTo(0));
    }

    static bool Read(string reply, out IReadOnlyList<VerifiedSignature>? cosignatures)
    {
        var isGood = AddCheckpointReply.TryReadCosignatures(
            Notes.Utf8(reply), note, Notes.Witness.Verifier, out cosignatures, out var refusal);
        (refusal is null).ShouldBe(isGood);
        return isGood;
    }
}
