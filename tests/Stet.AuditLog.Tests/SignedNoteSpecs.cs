using System.Text.Json;

namespace Stet.AuditLog.Tests;

public class SignedNoteSpecs
{
    static readonly JsonElement vectors = TlogData.Read("signed-notes.json");

    static readonly string signed = SignedNote.Sign("hello\n", Notes.Log).ToString();

    static readonly string line = signed[("hello\n\n".Length)..];

    public static TheoryData<Ed25519> EveryEd25519 => Notes.EveryEd25519;

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_notes_of_the_vectors_are_opened_or_refused(Ed25519 ed25519)
    {
        foreach (var given in vectors.Items("notes"))
        {
            var known = given.Items("vkeys").Select(key => VerifierKey.Parse(key.GetString()!, ed25519)).ToList();
            var opened = Open(given.Text("note"), known, out var note);

            (opened is not null).ShouldBe(given.Flag("valid"), given.Text("case"));
            if (opened is null) continue;

            note!.Text.ShouldBe(given.Text("text"));
            note.ToString().ShouldBe(given.Text("note"));
            note.ToArray().ShouldBe(Notes.Utf8(given.Text("note")));
            opened.Verified.Select(signature => Named(signature.Signature)).ShouldBe(Names(given, "verified_by"));
            opened.Ignored.Select(Named).ShouldBe(Names(given, "ignored"));
        }
    }

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_good_notes_are_signed_byte_for_byte(Ed25519 ed25519)
    {
        var keys = vectors.Items("keys").Select(key => SignerKey.Parse(key.Text("skey"), ed25519))
            .Where(key => key.Verifier.Type == SignatureType.Ed25519)
            .ToDictionary(key => $"{key.Verifier.Name}+{key.Verifier.Id:x8}");

        foreach (var given in vectors.Items("notes").Where(note => note.Flag("valid")))
        {
            foreach (var expected in Notes.Note(given.Text("note")).Signatures)
                if (keys.TryGetValue(Named(expected), out var key))
                    key.Sign(given.Text("text")).ToString().ShouldBe(expected.ToString());
        }
    }

    [Fact]
    public void The_note_of_the_specification_is_signed_as_printed_there() =>
        signed.ShouldBe(
            "hello\n\n— stet.example/audit/acme " +
            "62ciD7CB8qZ4IxEGL9BaMuh6upuVa6ngpVI4rJA32UgutelhwQq7kVTch1z0fFcvy569zJn9RWfo5C2apY591ftvWQY=\n");

    [Fact]
    public void While_keys_are_changed_both_sign_and_either_is_enough()
    {
        var note = SignedNote.Sign("hello\n", Notes.Log, Notes.NextLog);

        note.Signatures.Select(signature => signature.KeyId)
            .ShouldBe([Notes.Log.Verifier.Id, Notes.NextLog.Verifier.Id]);
        note.TryOpen([Notes.Log.Verifier], out var old, out _).ShouldBeTrue();
        old!.Ignored.Single().KeyId.ShouldBe(Notes.NextLog.Verifier.Id);
        note.TryOpen([Notes.NextLog.Verifier], out _, out _).ShouldBeTrue();
    }

    [Fact]
    public void A_wrong_signature_of_a_known_key_refuses_the_whole_note()
    {
        var forged = new NoteSignature(Notes.NextLog.Verifier, new byte[64]);
        var note = SignedNote.Sign("hello\n", Notes.Log).With(forged);

        note.TryOpen([Notes.Log.Verifier], out _, out _).ShouldBeTrue();
        note.TryOpen([Notes.Log.Verifier, Notes.NextLog.Verifier], out var opened, out var refusal).ShouldBeFalse();
        opened.ShouldBeNull();
        refusal.ShouldBe("The signature of `stet.example/audit/acme` by the key 06fbe30c is wrong.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(72)]
    public void A_signature_of_another_length_is_wrong(int length)
    {
        var note = new SignedNote(
            "hello\n",
            [new NoteSignature(Notes.Log.Verifier, new byte[length]), new(Notes.Witness.Verifier, new byte[length])]);

        note.TryOpen([Notes.Log.Verifier], out _, out _).ShouldBeFalse();
        note.TryOpen([Notes.Witness.Verifier], out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_note_without_a_signature_of_a_known_key_is_refused()
    {
        Notes.Note(signed).TryOpen([], out _, out var refusal).ShouldBeFalse();
        refusal.ShouldBe("The note is signed by no known key.");
    }

    [Fact]
    public void Of_two_known_keys_with_one_name_and_id_either_may_have_signed()
    {
        // Such a pair takes four bytes of luck to find; here both are the same key.
        var twice = new[] { Notes.Log.Verifier, VerifierKey.Parse(Notes.Log.Verifier.ToString()) };

        Notes.Note(signed).TryOpen(twice, out var opened, out _).ShouldBeTrue();
        opened!.Verified.Count.ShouldBe(1);
    }

    [Fact]
    public void Sixteen_signatures_and_more_are_taken_and_a_hundred_and_one_are_not()
    {
        Notes.Note("hello\n\n" + Lines(SignedNote.MaxSignatures)).Signatures.Count.ShouldBe(100);
        Notes.Refusal(() => Notes.Note("hello\n\n" + Lines(SignedNote.MaxSignatures + 1)))
            .ShouldStartWith("A note has 1 to 100 signatures");
        Notes.Refusal(() => Notes.Note("hello\n\n" + Lines(500))).ShouldStartWith("A note has 1 to 100 signatures");

        static string Lines(int count) => string.Concat(Enumerable.Repeat(line, count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\n\n")]
    [InlineData("hello\n\n\n")]
    [InlineData("hello\n\n— a\n")]
    [InlineData("hello\n\n— a \n")]
    [InlineData("hello\n\n—  AAAAAAA=\n")]
    [InlineData("hello\n\n— a AAAAAA==\n")]
    [InlineData("hello\n\n— a AAAAAAA= \n")]
    [InlineData("hello\n\n— a b AAAAAAA=\n")]
    [InlineData("hello\n\n— a+b AAAAAAA=\n")]
    [InlineData("hello\n\n— a\u00a0b AAAAAAA=\n")]
    [InlineData("hello\n\n—\u00a0a AAAAAAA=\n")]
    [InlineData("hello\n\n— a AAAAAAB=\n")]
    [InlineData("hello\n\n— a AAAAAAA=\nmore\n")]
    [InlineData("hello\r\n\n— a AAAAAAA=\n")]
    [InlineData("hello\n\n— a AAAAAAA=\r\n")]
    [InlineData("hel\0lo\n\n— a AAAAAAA=\n")]
    [InlineData("hel\u001flo\n\n— a AAAAAAA=\n")]
    public void What_is_not_a_note_is_refused(string note) => Notes.Refusal(() => Notes.Note(note)).ShouldNotBeEmpty();

    [Fact]
    public void A_signature_line_of_one_byte_behind_the_id_is_a_line() =>
        Notes.Note("hello\n\n— a AAAAAAA=\n").Signatures.Single().Signature.ToArray().ShouldBe([0]);

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused() =>
        Notes.Refusal(() => SignedNote.Parse([.. "hello"u8, 0xff, .. Notes.Utf8($"\n\n{line}")]))
            .ShouldBe("The note is not valid UTF-8 (RFC 3629).");

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("hel\tlo\n")]
    public void A_text_that_no_note_can_have_is_not_signed(string text) =>
        Notes.Refusal(() => SignedNote.Sign(text, Notes.Log)).ShouldNotBeEmpty();

    [Fact]
    public void Half_a_character_is_not_signed() =>
        Notes.Refusal(() => SignedNote.Sign("\ud800\n", Notes.Log)).ShouldContain("surrogate");

    [Fact]
    public void A_note_has_at_least_one_signature() =>
        Notes.Refusal(() => SignedNote.Sign("hello\n")).ShouldStartWith("A note has 1 to 100 signatures");

    [Fact]
    public void Mutated_notes_are_read_as_they_stand_or_refused() =>
        Mutation.NeverBreaks(
            [.. vectors.Items("notes").Where(note => note.Flag("valid")).Select(note => Notes.Utf8(note.Text("note")))],
            bytes =>
            {
                var note = SignedNote.Parse(bytes);
                note.ToArray().ShouldBe(bytes);
                note.TryOpen([Notes.Log.Verifier, Notes.Witness.Verifier], out _, out _);
            });

    static OpenedNote? Open(string text, IReadOnlyCollection<VerifierKey> known, out SignedNote? note)
    {
        note = null;
        try
        {
            note = Notes.Note(text);
            return note.TryOpen(known, out var opened, out var refusal) || refusal is null ? opened : null;
        }
        catch (AuditLogFormatException)
        {
            return null;
        }
    }

    static string Named(NoteSignature signature) => $"{signature.Name}+{signature.KeyId:x8}";

    static IEnumerable<string> Names(JsonElement given, string member) =>
        given.Items(member).Select(name => name.GetString()!);
}
