using System.Text;

namespace Stet.AuditLog.Tests;

public class WitnessSpecs
{
    static readonly DateTimeOffset noon = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    static readonly NaiveTree tree = NaiveTree.OfEntries;

    static readonly Witness witness = new(Notes.Witness, [Notes.Log.Verifier, Notes.NextLog.Verifier]);

    public static TheoryData<Ed25519> EveryEd25519 => Notes.EveryEd25519;

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_requests_of_the_vectors_are_answered_in_their_order(Ed25519 ed25519)
    {
        var vectors = TlogData.Read("witness-add-checkpoint.json");
        using var signer = SignerKey.Parse(vectors.Text("witness_skey"), ed25519);
        signer.Verifier.ToString().ShouldBe(vectors.Text("witness_vkey"));
        var given = new Witness(signer, [VerifierKey.Parse(vectors.Text("log_vkey"), ed25519)]);
        var now = DateTimeOffset.FromUnixTimeSeconds(vectors.Number("time"));
        SignedNote? stored = null;

        foreach (var request in vectors.Items("sequence"))
        {
            var answer = Answer(given, Notes.Utf8(request.Text("body")), stored, now);
            stored = answer.ToStore ?? stored;

            answer.Status.ShouldBe((int)request.Number("status"), request.Text("case"));
            if (!request.TryGetProperty("reply", out _)) continue;

            (answer.ContentType, answer.Body).ShouldBe((request.Text("content_type"), request.Text("reply")));
        }

        Checkpoint.Parse(stored!.Text).Size.ShouldBe(600);
    }

    [Fact]
    public void What_is_stored_is_the_checkpoint_with_the_checked_lines_and_the_own_one()
    {
        var junk = new NoteSignature(Notes.OtherWitness.Verifier, new byte[72]);
        var note = Notes.Signed(Notes.Checkpoint(300)).With(junk);

        var answer = Add(0, [], note, null);

        answer.Status.ShouldBe(200);
        answer.ToStore!.ToString().ShouldBe($"{Notes.Signed(Notes.Checkpoint(300))}{answer.Body}");
    }

    [Fact]
    public void A_log_may_change_its_key()
    {
        var both = SignedNote.Sign(Notes.Checkpoint(300).Text, Notes.Log, Notes.NextLog);
        var next = SignedNote.Sign(Notes.Checkpoint(600).Text, Notes.NextLog);

        var first = Add(0, [], both, null);
        var second = Add(300, tree.Consistency(300, 600), next, first.ToStore);

        (first.Status, second.Status).ShouldBe((200, 200));
        first.ToStore!.Signatures.Count.ShouldBe(3);
    }

    [Fact]
    public void A_lost_reply_is_repaired_by_sending_again()
    {
        var first = Add(0, [], Signed(300), null);

        Add(0, [], Signed(300), first.ToStore).Body.ShouldBe("300\n");
        Add(300, [], Signed(300), first.ToStore).Body.ShouldBe(first.Body);
    }

    [Fact]
    public void The_size_of_a_409_is_that_of_the_checkpoint_stored_and_0_for_none()
    {
        var none = Add(7, tree.Consistency(7, 300), Signed(300), null);
        var behind = Add(7, tree.Consistency(7, 600), Signed(600), Stored(300));

        (none.Status, none.ContentType, none.Body).ShouldBe((409, "text/x.tlog.size", "0\n"));
        (behind.Status, behind.Body, behind.ToStore).ShouldBe((409, "300\n", null));
    }

    [Fact]
    public void A_smaller_checkpoint_is_a_conflict() =>
        Add(7, tree.Consistency(7, 200), Signed(200), Stored(300)).Status.ShouldBe(409);

    [Fact]
    public void An_old_size_above_that_of_the_checkpoint_is_refused_even_if_it_is_the_stored_one() =>
        Add(300, [], Signed(200), Stored(300)).Status.ShouldBe(400);

    [Fact]
    public void Another_root_for_the_same_size_is_a_fork()
    {
        var forked = Notes.Signed(Notes.Checkpoint(300) with { Root = tree.Root(299) });

        Add(300, [], forked, Stored(300)).Status.ShouldBe(422);
    }

    [Fact]
    public void Hashes_where_there_is_nothing_to_prove_are_refused()
    {
        Add(0, [LogHash.EmptyRoot], Signed(300), null).Status.ShouldBe(422);
        Add(300, [LogHash.EmptyRoot], Signed(300), Stored(300)).Status.ShouldBe(422);
        Add(0, [LogHash.EmptyRoot], Signed(0), null).Status.ShouldBe(422);
    }

    [Fact]
    public void A_proof_that_does_not_verify_is_refused()
    {
        var proof = tree.Consistency(300, 600);
        var forked = Notes.Signed(Notes.Checkpoint(600) with { Root = tree.Root(599) });

        Add(300, proof, Signed(600), Stored(300)).Status.ShouldBe(200);
        Add(300, proof[1..], Signed(600), Stored(300)).Status.ShouldBe(422);
        Add(300, [.. proof, proof[0]], Signed(600), Stored(300)).Status.ShouldBe(422);
        Add(300, proof, forked, Stored(300)).Status.ShouldBe(422);
    }

    [Fact]
    public void A_log_without_leaves_is_cosigned_and_grows()
    {
        var empty = Add(0, [], Signed(0), null);

        empty.Status.ShouldBe(200);
        Add(0, [], Signed(0), empty.ToStore).Status.ShouldBe(200);
        Add(0, [], Signed(5), empty.ToStore).Status.ShouldBe(200);
    }

    [Fact]
    public void A_log_without_leaves_has_one_root()
    {
        var impossible = Notes.Signed(Notes.Checkpoint(0) with { Root = tree.Root(1) });

        Add(0, [], impossible, null).Status.ShouldBe(422);
        Add(7, [], impossible, null).Status.ShouldBe(422);
    }

    [Fact]
    public void The_signature_comes_before_what_the_checkpoint_says()
    {
        var text = (Notes.Checkpoint(0) with { Root = tree.Root(1) }).Text;
        var forged = new SignedNote(text, [new NoteSignature(Notes.Log.Verifier, new byte[64])]);

        Add(7, [], forged, null).Status.ShouldBe(403);
    }

    [Fact]
    public void A_wrong_signature_of_a_known_key_is_refused_though_another_is_good()
    {
        var note = Signed(300).With(new NoteSignature(Notes.NextLog.Verifier, new byte[64]));

        Add(0, [], note, null).Status.ShouldBe(403);
    }

    [Fact]
    public void A_checkpoint_that_only_a_witness_has_signed_is_refused()
    {
        var text = Notes.Checkpoint(300).Text;

        Add(0, [], new SignedNote(text, [Notes.Witness.Cosign(text, 1)]), null).Status.ShouldBe(403);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("old 0\n", 400)]
    [InlineData("\n\nNOTE", 400)]
    [InlineData("old\n\nNOTE", 400)]
    [InlineData("old  0\n\nNOTE", 400)]
    [InlineData("new 0\n\nNOTE", 400)]
    [InlineData("old 00\n\nNOTE", 400)]
    [InlineData("old -1\n\nNOTE", 400)]
    [InlineData("old 9223372036854775808\n\nNOTE", 400)]
    [InlineData("old 0\r\n\nNOTE", 400)]
    [InlineData("old 0\nAA==\n\nNOTE", 400)]
    [InlineData("old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nNOTE", 400)]
    [InlineData("old 0\n\nnope\n300\n", 404)]
    [InlineData("old 0\n\n", 404)]
    [InlineData("old 0\n\n\n", 404)]
    [InlineData("old 0\n\nstet.example/audit/acme ", 404)]
    [InlineData("old 0\n\nstet.example/audit/acme", 400)]
    [InlineData("old 0\n\nstet.example/audit/acme\n", 400)]
    [InlineData("old 0\n\nstet.example/audit/acme\n\n", 400)]
    [InlineData("old 0\n\nstet.example/audit/acme\n7\n\n— stet.example/audit/acme AAAAAAA=\n", 400)]
    [InlineData("old 0\n\nNOTEmore", 400)]
    public void A_malformed_body_is_refused_and_an_unknown_log_is_not_found(string body, int status)
    {
        var bytes = Notes.Utf8(body.Replace("NOTE", Signed(300).ToString(), StringComparison.Ordinal));

        var answer = Answer(witness, bytes, null, noon);

        (answer.Status, answer.ContentType, answer.ToStore).ShouldBe((status, "text/plain; charset=utf-8", null));
        answer.Body.Length.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void An_origin_that_is_no_text_is_not_found_and_a_proof_that_is_none_is_malformed()
    {
        Answer(witness, [.. "old 0\n\n"u8, 0xff, .. "\n"u8], null, noon).Status.ShouldBe(404);
        Answer(witness, [.. "old 0\n"u8, 0xff, .. "\n\n"u8], null, noon).Status.ShouldBe(400);
    }

    [Fact]
    public void More_than_63_hashes_or_64_kib_are_malformed()
    {
        Add(1, new LogHash[63], Signed(300), null).Status.ShouldBe(409);
        Add(1, new LogHash[64], Signed(300), null).Status.ShouldBe(400);

        var large = Notes.Signed(Checkpoint.Parse($"{Notes.Checkpoint(300).Text}{new string('x', 65_536)}\n"));
        Add(0, [], large, null).Status.ShouldBe(400);
    }

    [Fact]
    public void A_damaged_stored_note_is_no_basis_for_an_answer() =>
        Should.Throw<AuditLogFormatException>(() =>
            Add(0, [], Signed(300), SignedNote.Sign("damaged\n", Notes.Log)));

    [Fact]
    public void A_witness_takes_a_key_for_cosignatures_and_logs_their_own()
    {
        Should.Throw<ArgumentException>(() => new Witness(Notes.Log, []));
        Should.Throw<ArgumentException>(() => new Witness(Notes.Witness, [Notes.OtherWitness.Verifier]));
    }

    [Fact]
    public void A_request_is_read_as_it_was_written()
    {
        var request = AddCheckpointRequest.Parse(
            AddCheckpointRequest.Write(300, tree.Consistency(300, 600), Signed(600)));

        (request.OldSize, request.Origin).ShouldBe((300, Notes.Origin));
        request.Hashes.ShouldBe(tree.Consistency(300, 600));
        request.Note.ToArray().ShouldBe(Signed(600).ToArray());
    }

    [Fact]
    public void The_reply_of_a_witness_is_checked_by_the_log()
    {
        var (note, reply) = (Signed(300), Notes.Utf8(Add(0, [], Signed(300), null).Body));

        AddCheckpointReply.TryReadCosignatures(reply, note, Notes.Witness.Verifier, out var lines, out _).ShouldBeTrue();
        lines!.Single().CosignedAt.ShouldBe(noon.ToUnixTimeSeconds());
        note.With([.. lines!.Select(line => line.Signature)]).ToString()
            .ShouldBe($"{note}{Encoding.UTF8.GetString(reply)}");
    }

    [Fact]
    public void Lines_of_other_keys_are_dropped_from_a_reply_and_a_wrong_one_of_the_witness_spoils_it()
    {
        var note = Signed(300);
        var own = $"{Notes.Witness.Cosign(note.Text, 1)}\n";
        var other = $"{Notes.OtherWitness.Cosign(note.Text, 1)}\n";
        var forged = $"{Notes.Witness.Cosign(Notes.Checkpoint(299).Text, 1)}\n";

        Read($"{other}{own}", out var lines).ShouldBeTrue();
        lines!.Single().Key.ShouldBe(Notes.Witness.Verifier);
        Read(other, out _).ShouldBeFalse();
        Read(forged, out _).ShouldBeFalse();
        Read($"{own}{forged}", out _).ShouldBeFalse();

        bool Read(string reply, out IReadOnlyList<VerifiedSignature>? cosignatures)
        {
            var isGood = AddCheckpointReply.TryReadCosignatures(
                Notes.Utf8(reply), note, Notes.Witness.Verifier, out cosignatures, out var refusal);
            (refusal is null).ShouldBe(isGood);
            return isGood;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("ok\n")]
    [InlineData("— witness.example/w1 AAAAAAA=")]
    [InlineData("— witness.example/w1 AAAAAAA=\n\n")]
    public void A_reply_that_is_not_signature_lines_is_refused(string reply) =>
        Notes.Refusal(() => AddCheckpointReply.TryReadCosignatures(
            Notes.Utf8(reply), Signed(300), Notes.Witness.Verifier, out _, out _)).ShouldNotBeEmpty();

    [Fact]
    public void A_reply_of_too_many_lines_is_refused() =>
        Notes.Refusal(() => AddCheckpointReply.TryReadCosignatures(
            Notes.Utf8(string.Concat(Enumerable.Repeat("— witness.example/w1 AAAAAAA=\n", 101))), Signed(300),
            Notes.Witness.Verifier, out _, out _)).ShouldNotBeEmpty();

    [Fact]
    public void The_size_of_a_conflict_is_read_strictly()
    {
        AddCheckpointReply.ReadSize("300\n"u8).ShouldBe(300);
        foreach (var reply in new[] { "", "\n", "300", "0300\n", "300\n\n", " 300\n", "300\r\n" })
            Notes.Refusal(() => AddCheckpointReply.ReadSize(Notes.Utf8(reply))).ShouldNotBeEmpty();
    }

    [Fact]
    public void Mutated_requests_are_answered_with_a_status_of_the_protocol() =>
        Mutation.NeverBreaks(
            [
                AddCheckpointRequest.Write(0, [], Signed(300)),
                AddCheckpointRequest.Write(300, tree.Consistency(300, 600), Signed(600)),
            ],
            body =>
            {
                foreach (var stored in new[] { null, Stored(300) })
                {
                    var answer = Answer(witness, body, stored, noon);
                    new[] { 200, 400, 403, 404, 409, 422 }.ShouldContain(answer.Status);
                    (answer.ToStore is not null).ShouldBe(answer.Status == 200);
                }
            });

    static SignedNote Signed(int size) => Notes.Signed(Notes.Checkpoint(size));

    static SignedNote Stored(int size) => Add(0, [], Signed(size), null).ToStore!;

    static WitnessAnswer Add(long oldSize, IReadOnlyList<LogHash> proof, SignedNote note, SignedNote? stored) =>
        Answer(witness, AddCheckpointRequest.Write(oldSize, proof, note), stored, noon);

    static WitnessAnswer Answer(Witness witness, byte[] body, SignedNote? stored, DateTimeOffset now) =>
        witness.TryRead(body, out var request, out var refusal) ? witness.Decide(request, stored, now) : refusal;
}
