using System.Text.Json;

namespace Stet.AuditLog.Tests;

public class TlogProofSpecs
{
    static readonly JsonElement vectors = TlogData.Read("tlog-proofs.json");

    static readonly TlogProof proof = new(
        511, NaiveTree.OfEntries.Inclusion(511, 600), Notes.Signed(Notes.Checkpoint(600)));

    public static TheoryData<Ed25519> EveryEd25519 => Notes.EveryEd25519;

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_proofs_of_the_vectors_are_accepted_or_refused(Ed25519 ed25519)
    {
        foreach (var given in vectors.Items("cases"))
        {
            var file = given.Text("proof");
            var keys = new[] { "log_vkey", "witness_vkey" }.Where(member => given.TryGetProperty(member, out _))
                .Select(member => VerifierKey.Parse(given.Text(member), ed25519)).ToList();
            var leaf = LogHash.Leaf(Notes.Utf8(given.Text("entry")));

            IsAccepted(file, leaf, keys).ShouldBe(given.Flag("valid"), file);
            if (!given.Flag("valid")) continue;

            var read = TlogProof.Parse(Notes.Utf8(file));
            read.TryVerify(leaf, keys, out var opened, out _).ShouldBeTrue();
            (read.Index, opened!.Checkpoint.Size).ShouldBe((given.Number("index"), given.Number("size")));
            opened.Note.Verified.Count.ShouldBe(keys.Count);
            read.ToString().ShouldBe(WithoutExtra(file));
            read.ToArray().ShouldBe(Notes.Utf8(WithoutExtra(file)));
        }
    }

    [Fact]
    public void A_proof_is_made_byte_for_byte_as_in_the_vectors()
    {
        var given = vectors.Items("cases").First(given => given.Text("entry") == "entry-511");
        var cosigned = Notes.Note(given.Text("proof")[proof.ToString().IndexOf(Notes.Origin, StringComparison.Ordinal)..]);

        (proof with { Checkpoint = cosigned }).ToString().ShouldBe(given.Text("proof"));
        cosigned.Signatures[0].ToString().ShouldBe(proof.Checkpoint.Signatures[0].ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void A_proof_with_a_hash_less_is_refused(int missing)
    {
        var shorter = proof with { Hashes = [.. proof.Hashes.Where((_, i) => i != missing)] };

        Verified(shorter).ShouldBe("The proof does not lead from the entry at index 511 to the root of 600 leaves.");
    }

    [Fact]
    public void A_proof_with_one_hash_more_is_refused() =>
        Verified(proof with { Hashes = [.. proof.Hashes, LogHash.EmptyRoot] }).ShouldNotBeNull();

    [Fact]
    public void A_proof_under_a_checkpoint_of_another_key_is_refused() =>
        Verified(proof with { Checkpoint = SignedNote.Sign(Notes.Checkpoint(600).Text, Notes.NextLog) })
            .ShouldBe("The note is signed by no known key.");

    [Theory]
    [InlineData("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2")]
    [InlineData("index 511", "index 0511")]
    [InlineData("index 511", "index -1")]
    [InlineData("index 511", "index")]
    [InlineData("index 511", "Index 511")]
    [InlineData("index 511", "extra AB==\nindex 511")]
    [InlineData("index 511", "extra AA==\nextra AA==\nindex 511")]
    [InlineData("index 511", "extra \nindex")]
    [InlineData("index 511\n", "")]
    [InlineData("index 511\n", "index 511\nindex 511\n")]
    [InlineData("index 511\n", "index 511\n\n")]
    [InlineData("index 511\n", "index 511\r\n")]
    [InlineData("index 511\n", "index 511\nAA==\n")]
    [InlineData("\n\nstet", "\nstet")]
    public void What_is_not_a_proof_file_is_refused(string part, string with)
    {
        var file = proof.ToString();
        file.ShouldContain(part);

        Notes.Refusal(() => TlogProof.Parse(Notes.Utf8(file.Replace(part, with, StringComparison.Ordinal))))
            .ShouldNotBeEmpty();
    }

    [Fact]
    public void More_hashes_than_any_tree_is_high_are_refused()
    {
        var most = proof with { Hashes = new LogHash[63] };
        TlogProof.Parse(most.ToArray()).Hashes.Count.ShouldBe(63);

        Notes.Refusal(() => TlogProof.Parse((proof with { Hashes = new LogHash[64] }).ToArray()))
            .ShouldBe("A proof has at most 63 hashes.");
        Notes.Refusal(() => TlogProof.Parse((proof with { Hashes = new LogHash[500] }).ToArray()))
            .ShouldNotBeEmpty();
    }

    [Fact]
    public void Mutated_proofs_are_answered() =>
        Mutation.NeverBreaks(
            [.. vectors.Items("cases").Where(given => given.Flag("valid")).Select(given => Notes.Utf8(given.Text("proof")))],
            bytes =>
            {
                var read = TlogProof.Parse(bytes);
                TlogProof.Parse(read.ToArray()).ToString().ShouldBe(read.ToString());
                read.TryVerify(LogHash.EmptyRoot, [Notes.Log.Verifier], out _, out _).ShouldBeFalse();
            });

    static string? Verified(TlogProof given)
    {
        var isGood = TlogProof.Parse(given.ToArray())
            .TryVerify(LogHash.Leaf("entry-511"u8), [Notes.Log.Verifier], out var opened, out var refusal);

        (opened is not null).ShouldBe(isGood);
        return refusal;
    }

    static bool IsAccepted(string file, LogHash leaf, IReadOnlyCollection<VerifierKey> keys)
    {
        try
        {
            return TlogProof.Parse(Notes.Utf8(file)).TryVerify(leaf, keys, out _, out _);
        }
        catch (AuditLogFormatException)
        {
            return false;
        }
    }

    static string WithoutExtra(string file) =>
        string.Join('\n', file.Split('\n').Where(line => !line.StartsWith("extra ", StringComparison.Ordinal)));
}
