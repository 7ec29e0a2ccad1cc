using System.Buffers.Binary;

namespace Stet.AuditLog.Tests;

public class CheckpointSpecs
{
    public static TheoryData<Ed25519> EveryEd25519 => Notes.EveryEd25519;

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_checkpoints_of_the_vectors_are_opened_and_made_or_refused(Ed25519 ed25519)
    {
        using var log = SignerKey.Parse(Notes.Log.ToPrivateText(), ed25519);
        foreach (var given in TlogData.Read("checkpoints.json").Items("cases"))
        {
            var note = Notes.Note(given.Text("checkpoint"));
            note.Text.ShouldBe(given.Text("body"));
            note.TryOpen([VerifierKey.Parse(given.Text("vkey"), ed25519)], out _, out _).ShouldBeTrue();
            SignedNote.Sign(note.Text, log).ToString().ShouldBe(given.Text("checkpoint"));

            if (!given.Flag("valid"))
            {
                Should.Throw<AuditLogFormatException>(() => Checkpoint.Parse(note.Text), given.Text("why"));
                continue;
            }

            Checkpoint.TryOpen(note, [log.Verifier], out var opened, out _).ShouldBeTrue();
            var checkpoint = opened!.Checkpoint;
            checkpoint.Text.ShouldBe(given.Text("body"));
            (checkpoint with { }).ShouldBe(checkpoint);
            (checkpoint.Origin, checkpoint.Size, checkpoint.Root)
                .ShouldBe((given.Text("origin"), given.Number("size"), given.Hash("root")));
            var extensions = given.TryGetProperty("extensions", out _) ? given.Items("extensions") : [];
            checkpoint.Extensions.ShouldBe(string.Concat(extensions.Select(line => $"{line.GetString()}\n")));
        }
    }

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_cosignatures_of_the_vectors_are_made_and_opened(Ed25519 ed25519)
    {
        var witnesses = TlogData.Read("signed-notes.json").Items("keys")
            .Where(key => key.Number("type") == (long)SignatureType.Cosignature)
            .ToDictionary(key => key.Text("vkey"), key => SignerKey.Parse(key.Text("skey"), ed25519));
        var log = VerifierKey.Parse(Notes.Log.Verifier.ToString(), ed25519);

        foreach (var given in TlogData.Read("cosignatures.json").Items("cases"))
        {
            var (witness, time) = (witnesses[given.Text("witness_vkey")], given.Number("time"));
            var cosignature = witness.Cosign(given.Text("body"), time);
            cosignature.ToString().ShouldBe(given.Text("signature_line").TrimEnd('\n'));
            Cosignature.Message(Notes.Utf8(given.Text("body")), time)
                .ShouldBe(Notes.Utf8(given.Text("signed_message")));

            var note = Notes.Note(given.Text("cosigned_checkpoint"));
            Checkpoint.TryOpen(note, [log, witness.Verifier], out var opened, out _).ShouldBeTrue();
            opened!.Note.Verified.Select(signature => (signature.Key.ToString(), signature.CosignedAt)).ShouldBe(
                [(given.Text("log_vkey"), null), (given.Text("witness_vkey"), time)]);
            SignedNote.Sign(note.Text, Notes.Log).With(cosignature).ToString()
                .ShouldBe(given.Text("cosigned_checkpoint"));
        }
    }

    [Fact]
    public void A_cosignature_does_not_stand_in_for_the_log()
    {
        var text = Notes.Checkpoint(7).Text;
        var note = new SignedNote(text, [Notes.Witness.Cosign(text, 1)]);

        Checkpoint.TryOpen(note, [Notes.Log.Verifier, Notes.Witness.Verifier], out var opened, out var refusal)
            .ShouldBeFalse();
        opened.ShouldBeNull();
        refusal.ShouldBe("The checkpoint of `stet.example/audit/acme` is not signed by that log.");
    }

    [Fact]
    public void A_witness_named_like_the_log_does_not_stand_in_for_it()
    {
        using var witness = new SignerKey(Notes.Origin, SignatureType.Cosignature, new byte[32]);
        var text = Notes.Checkpoint(7).Text;

        Checkpoint.TryOpen(new SignedNote(text, [witness.Cosign(text, 1)]), [witness.Verifier], out _, out _)
            .ShouldBeFalse();
    }

    [Fact]
    public void Another_log_does_not_stand_in_for_the_one_of_the_origin()
    {
        var text = (Notes.Checkpoint(7) with { Origin = "stet.example/audit/other" }).Text;

        Checkpoint.TryOpen(SignedNote.Sign(text, Notes.Log), [Notes.Log.Verifier], out _, out var refusal)
            .ShouldBeFalse();
        refusal.ShouldBe("The checkpoint of `stet.example/audit/other` is not signed by that log.");
    }

    [Fact]
    public void A_cosignature_is_bound_to_its_time_and_covers_extension_lines()
    {
        var text = $"{Notes.Checkpoint(7).Text}more\n";
        var cosignature = Notes.Witness.Cosign(text, 1_767_225_600);
        new SignedNote(text, [cosignature]).TryOpen([Notes.Witness.Verifier], out _, out _).ShouldBeTrue();

        var later = cosignature.Signature.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(later, 1_767_225_601);
        new SignedNote(text, [new NoteSignature(Notes.Witness.Verifier, later)])
            .TryOpen([Notes.Witness.Verifier], out _, out _).ShouldBeFalse();
        new SignedNote(Notes.Checkpoint(7).Text, [cosignature])
            .TryOpen([Notes.Witness.Verifier], out _, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(long.MaxValue, true)]
    [InlineData(-1, false)]
    public void A_time_above_what_a_number_holds_is_no_time(long unixSeconds, bool isTime) =>
        Cosignature.TryRead(Cosignature.Write(unixSeconds, new byte[64]), out _, out _).ShouldBe(isTime);

    [Theory]
    [InlineData("")]
    [InlineData("a\n7\n")]
    [InlineData("a\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("a\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n")]
    [InlineData("a\n\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    public void What_is_not_a_checkpoint_is_refused(string text) =>
        Notes.Refusal(() => Checkpoint.Parse(text)).ShouldNotBeEmpty();

    [Fact]
    public void A_checkpoint_is_written_as_it_is_read()
    {
        var checkpoint = Notes.Checkpoint(600);

        checkpoint.Text.ShouldBe("stet.example/audit/acme\n600\nfw7HciyvSO/Y8D+Z1XRXP3pHqOl81IAgW5hI0ARuH+Y=\n");
        Checkpoint.Parse(checkpoint.Text).ShouldBe(checkpoint);
    }

    [Fact]
    public void Mutated_checkpoints_are_read_as_they_stand_or_refused() =>
        Mutation.NeverBreaks(
            [Notes.Utf8(Notes.Checkpoint(0).Text), Notes.Utf8($"{Notes.Checkpoint(600).Text}more\n")],
            bytes =>
            {
                var text = System.Text.Encoding.UTF8.GetString(bytes);
                Checkpoint.Parse(text).Text.ShouldBe(text);
            });
}
