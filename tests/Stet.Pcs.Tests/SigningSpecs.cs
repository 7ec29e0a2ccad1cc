using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Stet.Pcs.Tests;

public class SigningSpecs
{
    static readonly (string Member, SignedFormKind Form)[] forms =
    [
        ("form_A", SignedFormKind.A), ("form_B", SignedFormKind.B), ("form_J", SignedFormKind.J),
        ("form_G", SignedFormKind.G),
    ];

    public static TheoryData<string> Cases =>
        [.. Vectors.Of("signing_0_1").GetProperty("cases").EnumerateArray().Select(c => c.Text("name"))];

    [Theory, MemberData(nameof(Cases))]
    public void Every_form_is_that_of_the_vectors(string name)
    {
        var vector = Case(name);
        var document = Input(vector);

        foreach (var (member, form) in forms)
            document.Form(form).ShouldBe(vector.Text(member));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Every_dialect_gives_the_signature_of_the_vectors(string name)
    {
        var vector = Case(name);
        var document = Input(vector);
        var expected = vector.GetProperty("sig").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString());

        var dialects = Enum.GetValues<PcsDialect>()
            .Where(dialect => dialect is >= PcsDialect.ABytes and <= PcsDialect.GEd25519).ToList();
        dialects.Select(dialect => dialect.Name()).ShouldBe(expected.Keys, ignoreOrder: true);

        foreach (var dialect in dialects)
        {
            var signed = dialect.Algorithm() == PcsAlgorithm.HS256
                ? PcsSignature.SignWithHmac(document, "testsecret", dialect)
                : PcsSignature.SignWithEd25519(document, Ordinary.Seed, dialect);
            signed.Sig.ShouldBe(expected[dialect.Name()], dialect.Name());
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Every_signature_that_no_dialect_makes_is_refused(string name)
    {
        var vector = Case(name);
        var key = PcsKey.Hmac("k1", PcsVersion.V01, "testsecret");
        var tenant = new PcsTenant("t1", PcsSignaturePolicy.Required, [key], PcsParameters.Default);

        foreach (var refused in vector.GetProperty("refused").EnumerateObject())
        {
            var document = Input(vector) with { Sig = refused.Value.GetString() };
            PcsVerifier.TryAuthenticate(document, tenant, Ordinary.Now, out _, out var refusal).ShouldBeFalse();
            refusal!.Code.ShouldBe("signature_invalid", refused.Name);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void What_a_key_signed_before_does_not_change_in_which_dialect_a_document_is_signed(string name)
    {
        var vector = Case(name);
        PcsDialect[] dialects =
        [
            PcsDialect.ABytes, PcsDialect.ADigest, PcsDialect.BBytes, PcsDialect.BDigest, PcsDialect.JBytes, PcsDialect.JDigest, PcsDialect.GBytes,
        ];
        var signed = dialects.Select(dialect => PcsSignature.SignWithHmac(Input(vector), "testsecret", dialect)).ToArray();

        foreach (var before in signed)
        {
            foreach (var document in signed)
            {
                var used = Tenant();
                DialectOf(before, used);

                DialectOf(document, used).ShouldBe(DialectOf(document, Tenant()));
                DialectOf(before, used).ShouldBe(DialectOf(before, Tenant()));
            }
        }

        static PcsTenant Tenant() =>
            new("t1", PcsSignaturePolicy.Required, [PcsKey.Hmac("k1", PcsVersion.V01, "testsecret")], PcsParameters.Default);

        static PcsDialect DialectOf(PcsDocument document, PcsTenant tenant)
        {
            PcsVerifier.TryAuthenticate(document, tenant, Ordinary.Now, out var authenticity, out _).ShouldBeTrue();
            return authenticity!.Dialect;
        }
    }

    [Fact]
    public void A_document_of_1_0_is_signed_over_the_bytes_of_the_vectors()
    {
        foreach (var vector in Vectors.Of("pcs_1_0").GetProperty("documents").EnumerateArray())
        {
            var document = Ordinary.Read(vector.GetProperty("document").Utf8());

            var signed = document.Canonical(Extent.Signed);
            signed.ShouldBe(vector.Text("signed_text"));
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(signed)))
                .ShouldBe(vector.Text("signed_sha256"));

            document.ContentDigest().ShouldBe(vector.Text("content_digest"));
            var again = document.Header!.Algorithm == PcsAlgorithm.HS256
                ? PcsSignature.SignWithHmac(document, Ordinary.Secret, PcsDialect.JcsHs256)
                : PcsSignature.SignWithEd25519(document, Ordinary.Seed, PcsDialect.JcsEd25519);
            again.ShouldBe(document);
        }
    }

    [Fact]
    public void A_signature_in_a_dialect_that_is_not_the_documents_or_the_keys_is_a_mistake_of_the_program()
    {
        Should.Throw<ArgumentException>(() => PcsSignature.SignWithHmac(Ordinary.V01, "s", PcsDialect.JcsHs256));
        Should.Throw<ArgumentException>(() => PcsSignature.SignWithHmac(Ordinary.V01, "s", PcsDialect.AEd25519));
        Should.Throw<ArgumentException>(() => PcsSignature.SignWithHmac(Ordinary.V01, "s", PcsDialect.None));
        Should.Throw<ArgumentException>(() => PcsSignature.SignWithHmac(Ordinary.V10, "s", PcsDialect.ABytes));
        Should.Throw<ArgumentException>(
            () => PcsSignature.SignWithEd25519(Ordinary.V10, Ordinary.Seed, PcsDialect.JcsEd25519));
    }

    [Fact]
    public void A_signature_has_one_spelling()
    {
        var signature = Convert.ToBase64String(Enumerable.Repeat((byte)0xFF, 32).ToArray());
        IsSignature(signature).ShouldBeTrue();
        IsSignature(Convert.ToBase64String(new byte[64])).ShouldBeTrue();

        IsSignature("").ShouldBeFalse();
        IsSignature(Convert.ToHexStringLower(new byte[32])).ShouldBeFalse();
        IsSignature(Convert.ToHexStringLower(new byte[22])).ShouldBeFalse("44 hexadecimal digits");
        IsSignature(signature.Replace('/', '_')).ShouldBeFalse("URL alphabet");
        IsSignature(signature[..^1]).ShouldBeFalse("padding");
        IsSignature(signature.Insert(20, "\r\n")).ShouldBeFalse("line break");
        IsSignature(signature[..^4] + "///=").ShouldBeFalse("stray bits");
        IsSignature(signature[..40] + " ///w==="[..4]).ShouldBeFalse();
        IsSignature(Convert.ToBase64String(new byte[31])).ShouldBeFalse();
        IsSignature(Convert.ToBase64String(new byte[33])).ShouldBeFalse();
        IsSignature(Convert.ToBase64String(new byte[65])).ShouldBeFalse();
        IsSignature(new string('=', 44)).ShouldBeFalse();
        IsSignature(new string('é', 88)).ShouldBeFalse();
        // 88 characters of which the decoder takes 44.
        IsSignature(signature + new string(' ', 44)).ShouldBeFalse();
    }

    static bool IsSignature(string text) =>
        SignatureText.TryDecode(text, new byte[SignatureText.MaxSize], out _);

    static JsonElement Case(string name) =>
        Vectors.Of("signing_0_1").GetProperty("cases").EnumerateArray().Single(c => c.Text("name") == name);

    static PcsDocument Input(JsonElement vector)
    {
        var input = vector.GetProperty("input");
        return Ordinary.V01 with
        {
            DHat = input.Number("D_hat"),
            Budget = input.Number("budget"),
            CohStar = input.Number("coh_star"),
            Epoch = input.Integer("epoch"),
            MerkleRoot = input.Text("merkle_root"),
            PcsId = input.Text("pcs_id"),
            R = input.Number("r"),
            ShardId = input.Text("shard_id"),
        };
    }
}
