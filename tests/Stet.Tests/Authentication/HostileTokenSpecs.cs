using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public sealed class HostileTokenSpecs : IDisposable
{
    static readonly Issuer Ec = Issuer.Es256("ec");
    static readonly Issuer Rsa = Issuer.Rs256("rsa");
    static readonly string Good = Ec.Sign(Ordinary.Claims);

    readonly KeyFile keys = new(Ec, Rsa);

    public void Dispose() => keys.Dispose();

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("")]
    [InlineData("HS256")]
    [InlineData("es256")]
    [InlineData("PS256")]
    [InlineData("ES384")]
    public async Task Any_other_algorithm_is_refused(string algorithm)
    {
        var header = Ec.Header;
        header["alg"] = algorithm;

        (await keys.FaultOfAsync(Ec.Sign(header.ToJsonString(), Ordinary.Claims.ToJsonString())))
            .ShouldBe(TokenFault.UnsupportedAlgorithm);
    }

    [Theory]
    [InlineData("""{"kid":"ec"}""")]
    [InlineData("""{"alg":null,"kid":"ec"}""")]
    [InlineData("""{"alg":["ES256"],"kid":"ec"}""")]
    [InlineData("""{"alg":"ES256","kid":7}""")]
    [InlineData("""{"alg":"ES256","kid":"ec","typ":null}""")]
    [InlineData("""{"alg":"ES256","kid":"ec","alg":"ES256"}""")]
    [InlineData("""{"alg":"ES256","kid":"ec","\u0061lg":"none"}""")]
    [InlineData("""{"alg":"ES256","kid":"ec","x":{"y":[{"z":1,"z":2}]}}""")]
    [InlineData("""{"alg":"ES256","kid":"\ud800"}""")]
    [InlineData("""{"alg":"ES256","kid":"ec","\udc00":1}""")]
    [InlineData("""{"alg":"ES256","kid":"ec"} {}""")]
    [InlineData("""{"alg":"ES256","kid":"ec",}""")]
    [InlineData("""{"alg":"ES256","kid":"ec"/**/}""")]
    [InlineData("""{"alg":"ES256","kid":"ec","x":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}""")]
    [InlineData("""["ES256"]""")]
    [InlineData("ES256")]
    [InlineData("")]
    public async Task A_header_that_is_not_plain_is_refused(string header) =>
        (await keys.FaultOfAsync(Ec.Sign(header, Ordinary.Claims.ToJsonString()))).ShouldBe(TokenFault.Malformed);

    [Theory]
    [InlineData("""["exp"]""")]
    [InlineData("""["b64"]""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task A_critical_extension_is_refused(string critical)
    {
        var header = Ec.Header;
        header["crit"] = JsonNode.Parse(critical);

        (await keys.FaultOfAsync(Ec.Sign(header.ToJsonString(), Ordinary.Claims.ToJsonString())))
            .ShouldBe(TokenFault.UnsupportedExtension);
    }

    [Fact]
    public async Task A_public_key_used_as_a_shared_secret_is_refused()
    {
        var input = $"{Issuer.Encode("""{"alg":"HS256","kid":"rsa"}""")}.{Issuer.Encode(Ordinary.Claims.ToJsonString())}";
        var secret = Encoding.UTF8.GetBytes(Rsa.Jwk["n"]!.GetValue<string>());
        var token = $"{input}.{Issuer.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input)))}";

        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.UnsupportedAlgorithm);
    }

    [Fact]
    public async Task A_key_never_verifies_another_algorithm()
    {
        var claims = Ordinary.Claims.ToJsonString();

        (await keys.FaultOfAsync(Ec.Sign("""{"alg":"RS256","kid":"ec"}""", claims))).ShouldBe(TokenFault.UnknownKey);
        (await keys.FaultOfAsync(Rsa.Sign("""{"alg":"ES256","kid":"rsa"}""", claims))).ShouldBe(TokenFault.UnknownKey);
        (await keys.FaultOfAsync(Ec.Sign("""{"alg":"EdDSA","kid":"ec"}""", claims))).ShouldBe(TokenFault.UnknownKey);
    }

    [Fact]
    public async Task A_key_is_refused_under_another_key_s_id()
    {
        (await keys.FaultOfAsync(Rsa.Sign("""{"alg":"ES256","kid":"ec"}""", Ordinary.Claims.ToJsonString())))
            .ShouldBe(TokenFault.BadSignature);
        (await keys.FaultOfAsync(Issuer.Es256("ec").Sign(Ordinary.Claims))).ShouldBe(TokenFault.BadSignature);
    }

    [Fact]
    public async Task Keys_that_a_token_brings_along_are_ignored()
    {
        var stranger = Issuer.Es256("stranger");
        foreach (var kid in new[] { "stranger", "ec" })
        {
            var header = stranger.Header;
            header["kid"] = kid;
            header["jwk"] = stranger.Jwk;
            header["jku"] = "http://127.0.0.1:1/keys";
            header["x5u"] = "http://127.0.0.1:1/certificate";

            (await keys.FaultOfAsync(stranger.Sign(header.ToJsonString(), Ordinary.Claims.ToJsonString())))
                .ShouldBe(kid == "ec" ? TokenFault.BadSignature : TokenFault.UnknownKey);
        }
    }

    [Fact]
    public async Task Only_three_parts_in_canonical_base64url_are_a_token()
    {
        var parts = Good.Split('.');
        string[] malformed =
        [
            "", ".", "..", "...", Good + ".", "." + Good, Good + "=", Good + "==", " " + Good, Good + " ", Good + "\n",
            $"{parts[0]}.{parts[1]}", $"{parts[0]}..{parts[2]}.", $"{parts[0]}.{parts[1]} .{parts[2]}",
            $"{parts[0]}=.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[1]}.{parts[2]}", $"{parts[0]}%.{parts[1]}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.{parts[2][..^1]}B", $"{parts[0]}.{parts[1]}.{parts[2][..^1]}é", "é" + Good,
            Good.Replace('.', '\uff0e'), $"\0{Good}",
        ];

        foreach (var token in malformed)
            (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.Malformed, token);
    }

    [Fact]
    public async Task A_signature_that_is_cut_short_or_missing_is_refused()
    {
        var parts = Good.Split('.');
        foreach (var length in new[] { 0, 4, 40, 84 })
            (await keys.FaultOfAsync($"{parts[0]}.{parts[1]}.{parts[2][..length]}")).ShouldBe(TokenFault.BadSignature);

        var rsa = Rsa.Sign(Ordinary.Claims);
        (await keys.FaultOfAsync(rsa[..^6])).ShouldBe(TokenFault.BadSignature);
        (await keys.FaultOfAsync(rsa[..(rsa.LastIndexOf('.') + 1)])).ShouldBe(TokenFault.BadSignature);
    }

    [Fact]
    public async Task A_signature_of_zeros_is_refused()
    {
        var input = Good[..Good.LastIndexOf('.')];

        (await keys.FaultOfAsync($"{input}.{new string('A', 86)}")).ShouldBe(TokenFault.BadSignature);
    }

    [Theory]
    [InlineData("""{"sub":"ada","sub":"eve"}""")]
    [InlineData("""{"realm":{"roles":["a"],"roles":["b"]}}""")]
    [InlineData("""{"sub":"\ud800"}""")]
    [InlineData("\"ada\"")]
    [InlineData("not json")]
    public async Task Claims_that_parsers_may_read_differently_are_refused(string claims) =>
        (await keys.FaultOfAsync(Ec.Sign(Ec.Header.ToJsonString(), claims))).ShouldBe(TokenFault.Malformed);

    [Fact]
    public async Task Claims_that_are_not_UTF_8_are_refused()
    {
        var claims = Encoding.UTF8.GetBytes(Ordinary.ClaimsWith("sub", "a!").ToJsonString());
        claims[Array.IndexOf(claims, (byte)'!')] = 0xff;

        (await keys.FaultOfAsync(Ec.Sign(Encoding.UTF8.GetBytes(Ec.Header.ToJsonString()), claims))).ShouldBe(TokenFault.Malformed);
    }

    [Fact]
    public async Task A_token_of_more_than_8_KiB_is_refused_unread()
    {
        (await keys.FaultOfAsync(new string('A', 8 * 1024))).ShouldBe(TokenFault.Malformed);
        (await keys.FaultOfAsync(new string('A', (8 * 1024) + 1))).ShouldBe(TokenFault.TooLarge);
        (await keys.FaultOfAsync(Ec.Sign(Ordinary.ClaimsWith("x", new string('x', 8 * 1024))))).ShouldBe(TokenFault.TooLarge);
    }

    [Fact]
    public async Task No_character_of_a_token_can_be_another()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
        (await keys.FaultOfAsync(Good)).ShouldBe(TokenFault.None);

        var flips =
            from at in Gen.Choose(0, Good.Length - 1)
            from character in Gen.Elements(alphabet.ToCharArray())
            where character != Good[at]
            select string.Concat(Good.AsSpan(0, at), [character], Good.AsSpan(at + 1));

        Prop.ForAll(flips.ToArbitrary(), async token => await keys.FaultOfAsync(token) != TokenFault.None)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }
}
