namespace Stet.AuditLog.Tests;

public class NoteKeySpecs
{
    public static TheoryData<Ed25519> EveryEd25519 => Notes.EveryEd25519;

    [Theory, MemberData(nameof(EveryEd25519))]
    public void The_keys_of_the_vectors_are_made_read_and_written(Ed25519 ed25519)
    {
        foreach (var given in TlogData.Read("signed-notes.json").Items("keys"))
        {
            var (name, type) = (given.Text("name"), (SignatureType)given.Number("type"));

            using var made = new SignerKey(name, type, given.Bytes("seed_hex"), ed25519);
            using var read = SignerKey.Parse(given.Text("skey"), ed25519);
            var vkey = VerifierKey.Parse(given.Text("vkey"), ed25519);

            made.ToPrivateText().ShouldBe(given.Text("skey"));
            read.ToPrivateText().ShouldBe(given.Text("skey"));
            made.Verifier.ToString().ShouldBe(given.Text("vkey"));
            vkey.ToString().ShouldBe(given.Text("vkey"));
            (vkey.Name, vkey.Type).ShouldBe((name, type));
            vkey.Id.ToString("x8").ShouldBe(given.Text("key_id_hex"));
            vkey.PublicKey.ToArray().ShouldBe(given.Bytes("public_key_hex"));
        }
    }

    [Fact]
    public void The_bad_keys_of_the_vectors_are_refused()
    {
        foreach (var given in TlogData.Read("signed-notes.json").Items("bad_vkeys"))
            Should.Throw<AuditLogFormatException>(() => VerifierKey.Parse(given.Text("vkey")), given.Text("why"));
    }

    [Theory]
    [InlineData("stet.example/audit/acme+EB67220F+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    [InlineData("stet.example/audit/acme+eb67220+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    [InlineData("stet.example/audit/acme+ eb6722f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    [InlineData("stet.example/audit/acme+eb67220f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n")]
    [InlineData("stet.example/audit/acme+eb67220f+")]
    [InlineData("stet.example/audit/acme+eb67220f+AQ==")]
    [InlineData("stet.example/audit/acme+eb67220f")]
    [InlineData("+eb67220f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    public void Other_texts_are_no_keys(string vkey)
    {
        Notes.Refusal(() => VerifierKey.Parse(vkey)).ShouldNotBeEmpty();
        Notes.Refusal(() => SignerKey.Parse($"PRIVATE+KEY+{vkey}")).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\u00a0b")]
    [InlineData("a\u2028b")]
    [InlineData("a\nb")]
    [InlineData("a\u0001b")]
    [InlineData("a+b")]
    public void A_name_with_white_space_or_a_plus_sign_is_refused(string name) =>
        Notes.Refusal(() => new VerifierKey(name, SignatureType.Ed25519, new byte[32]))
            .ShouldBe("A key's name is not empty and holds no white space and no plus sign.");

    [Fact]
    public void A_name_of_half_a_character_is_refused() =>
        Notes.Refusal(() => new VerifierKey("\ud800", SignatureType.Ed25519, new byte[32])).ShouldContain("surrogate");

    [Theory]
    [InlineData(0x02)]
    [InlineData(0x05)]
    [InlineData(0x06)]
    [InlineData(0xff)]
    public void Keys_of_other_types_are_named_and_refused(int type) =>
        Notes.Refusal(() => new VerifierKey("a", (SignatureType)type, new byte[32])).ShouldContain($"0x{type:x2}");

    [Fact]
    public void A_private_key_without_its_prefix_or_with_another_id_is_refused_without_quoting_it()
    {
        var text = Notes.Log.ToPrivateText();

        Notes.Refusal(() => SignerKey.Parse(text["PRIVATE+".Length..])).ShouldNotContain("AAECAwQF");
        Notes.Refusal(() => SignerKey.Parse(text.Replace("eb67220f", "eb67220e", StringComparison.Ordinal)))
            .ShouldNotContain("AAECAwQF");
        Notes.Refusal(() => SignerKey.Parse($"{text[..^4]}")).ShouldNotContain("AAECAwQF");
    }

    [Fact]
    public void A_disposed_key_signs_nothing()
    {
        var key = SignerKey.Parse(Notes.Log.ToPrivateText());
        key.Dispose();

        Should.Throw<ObjectDisposedException>(() => key.Sign("text\n"));
        Should.Throw<ObjectDisposedException>(key.ToPrivateText);
    }

    [Fact]
    public void A_log_does_not_cosign_and_a_witness_does_not_sign()
    {
        Should.Throw<InvalidOperationException>(() => Notes.Log.Cosign("text\n", 1));
        Should.Throw<InvalidOperationException>(() => Notes.Witness.Sign("text\n"));
        Should.Throw<ArgumentOutOfRangeException>(() => Notes.Witness.Cosign("text\n", -1));
    }

    [Fact]
    public void Mutated_keys_are_read_or_refused() =>
        Mutation.NeverBreaks(
            [Notes.Utf8(Notes.Log.Verifier.ToString()), Notes.Utf8(Notes.Witness.Verifier.ToString())],
            text =>
            {
                var vkey = System.Text.Encoding.UTF8.GetString(text);
                VerifierKey.Parse(vkey).ToString().ShouldBe(vkey);
            });
}
