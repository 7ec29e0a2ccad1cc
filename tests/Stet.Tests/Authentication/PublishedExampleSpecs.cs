using System.Text;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public class PublishedExampleSpecs
{
    [Fact]
    public void The_RS256_example_verifies() => Verifies(PublishedExamples.Rs256, PublishedExamples.Rs256Key).ShouldBeTrue();

    [Fact]
    public void The_ES256_example_verifies() => Verifies(PublishedExamples.Es256, PublishedExamples.Es256Key).ShouldBeTrue();

    [Fact]
    public void The_examples_do_not_verify_under_each_other_s_key()
    {
        var both = Keys(PublishedExamples.Rs256Key, PublishedExamples.Es256Key);
        var (rs256, es256) = (Parse(PublishedExamples.Rs256), Parse(PublishedExamples.Es256));

        both.Find(null, "RS256")!.Verify(rs256.SigningInput.Span, es256.Signature).ShouldBeFalse();
        both.Find(null, "ES256")!.Verify(es256.SigningInput.Span, rs256.Signature).ShouldBeFalse();
    }

    [Fact]
    public void The_EdDSA_example_is_verified_over_exactly_its_bytes()
    {
        (string Key, string Message, string Signature) seen = default;
        var keys = KeySet.Parse(
            Encoding.UTF8.GetBytes($$"""{"keys":[{{PublishedExamples.EdDsaKey}}]}"""),
            (key, message, signature) =>
            {
                seen = (Convert.ToHexStringLower(key), Encoding.ASCII.GetString(message), Convert.ToHexStringLower(signature));
                return true;
            });
        var token = Parse(PublishedExamples.EdDsa);

        keys.Find(null, "EdDSA")!.Verify(token.SigningInput.Span, token.Signature).ShouldBeTrue();

        // RFC 8037, appendices A.2 and A.4, spell these out.
        seen.ShouldBe((
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e"
            + "9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02"));
        token.Payload.ShouldBe(Encoding.ASCII.GetBytes("Example of Ed25519 signing"));
    }

    [Fact]
    public void The_claims_example_is_read_as_it_stands()
    {
        var token = Parse(PublishedExamples.Rs256);

        Encoding.UTF8.GetString(token.Payload).ShouldBe(
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
    }

    [Fact]
    public async Task The_RS256_example_has_no_audience_and_is_refused_for_it()
    {
        using var keys = new KeyFile(
            $$"""{"keys":[{{PublishedExamples.Rs256Key}}]}""", configure: options => options.Issuer = "joe");

        (await keys.FaultOfAsync(PublishedExamples.Rs256)).ShouldBe(TokenFault.WrongAudience);
    }

    [Fact]
    public async Task The_HS256_example_is_refused()
    {
        using var keys = new KeyFile(
            """{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}""",
            configure: options => options.Issuer = "joe");

        (await keys.FaultOfAsync(PublishedExamples.Hs256)).ShouldBe(TokenFault.UnsupportedAlgorithm);
    }

    static bool Verifies(string token, string key)
    {
        var parsed = Parse(token);
        return Keys(key).Find(parsed.KeyId, parsed.Algorithm)!.Verify(parsed.SigningInput.Span, parsed.Signature);
    }

    static KeySet Keys(params string[] keys) =>
        KeySet.Parse(Encoding.UTF8.GetBytes($$"""{"keys":[{{string.Join(',', keys)}}]}"""), (_, _, _) => false);

    static SignedToken Parse(string token)
    {
        SignedToken.Parse(Encoding.ASCII.GetBytes(token), out var parsed).ShouldBe(TokenFault.None);
        return parsed!;
    }
}
