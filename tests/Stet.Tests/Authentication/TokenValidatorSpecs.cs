using System.Text.Json.Nodes;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public sealed class TokenValidatorSpecs : IDisposable
{
    static readonly Issuer Issuer = Issuer.Es256("one");

    readonly KeyFile keys = new(Issuer);

    public void Dispose() => keys.Dispose();

    [Fact]
    public async Task A_good_token_names_its_caller()
    {
        var caller = (await keys.ValidateAsync(Issuer.Sign(Ordinary.Claims))).Caller.ShouldNotBeNull();

        caller.TenantId.ShouldBe(Ordinary.Tenant);
        caller.Subject.ShouldBe("ada");
        caller.Scopes.ShouldBe(["facts:read", "corrections:write"], ignoreOrder: true);
    }

    [Fact]
    public async Task An_RS256_token_is_good_too()
    {
        var issuer = Issuer.Rs256("rsa");
        using var rsa = new KeyFile(Issuer, issuer);

        (await rsa.FaultOfAsync(issuer.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData("jwt")]
    [InlineData("at+jwt")]
    [InlineData("application/at+JWT")]
    public async Task A_token_may_say_that_it_is_an_access_token(string type) =>
        (await keys.FaultOfAsync(SignWithHeader("typ", type))).ShouldBe(TokenFault.None);

    [Fact]
    public async Task A_token_need_not_say_what_it_is() =>
        (await keys.FaultOfAsync(SignWithHeader("typ", null))).ShouldBe(TokenFault.None);

    [Theory]
    [InlineData("logout+jwt")]
    [InlineData("dpop+jwt")]
    [InlineData("application/")]
    [InlineData("")]
    public async Task A_token_of_another_kind_is_refused(string type) =>
        (await keys.FaultOfAsync(SignWithHeader("typ", type))).ShouldBe(TokenFault.UnsupportedType);

    [Fact]
    public async Task A_token_without_a_key_id_is_verified_by_the_only_key_of_its_algorithm() =>
        (await keys.FaultOfAsync(SignWithHeader("kid", null))).ShouldBe(TokenFault.None);

    [Fact]
    public async Task A_token_without_a_key_id_is_refused_when_several_keys_could_be_meant()
    {
        using var several = new KeyFile(Issuer, Issuer.Es256("two"));

        (await several.FaultOfAsync(SignWithHeader("kid", null))).ShouldBe(TokenFault.UnknownKey);
    }

    [Theory]
    [InlineData("""["https://stet.example"]""")]
    [InlineData("""["https://other.example","https://stet.example"]""")]
    public async Task The_audience_may_be_one_of_several(string audience) =>
        (await FaultWithAsync("aud", JsonNode.Parse(audience))).ShouldBe(TokenFault.None);

    [Theory]
    [InlineData("\"https://other.example\"")]
    [InlineData("\"https://stet.example/\"")]
    [InlineData("\"HTTPS://STET.EXAMPLE\"")]
    [InlineData("[]")]
    [InlineData("""[["https://stet.example"]]""")]
    [InlineData("""{"https://stet.example":1}""")]
    [InlineData("null")]
    public async Task A_token_for_another_audience_is_refused(string audience) =>
        (await FaultWithAsync("aud", JsonNode.Parse(audience))).ShouldBe(TokenFault.WrongAudience);

    [Theory]
    [InlineData("\"https://issuer.example/\"")]
    [InlineData("\"https://issuer.example.evil\"")]
    [InlineData("[\"https://issuer.example\"]")]
    [InlineData("null")]
    public async Task A_token_of_another_issuer_is_refused(string issuer) =>
        (await FaultWithAsync("iss", JsonNode.Parse(issuer))).ShouldBe(TokenFault.WrongIssuer);

    [Theory]
    [InlineData(59, TokenFault.None)]
    [InlineData(60, TokenFault.Expired)]
    public async Task A_token_expires_once_the_skew_is_over(int secondsPast, TokenFault fault) =>
        (await FaultWithAsync("exp", Seconds(-secondsPast))).ShouldBe(fault);

    [Theory]
    [InlineData("nbf", 60, TokenFault.None)]
    [InlineData("nbf", 61, TokenFault.NotYetValid)]
    [InlineData("iat", 60, TokenFault.None)]
    [InlineData("iat", 61, TokenFault.NotYetValid)]
    public async Task A_token_begins_when_the_skew_allows(string claim, int secondsAhead, TokenFault fault) =>
        (await FaultWithAsync(claim, Seconds(secondsAhead))).ShouldBe(fault);

    [Fact]
    public async Task Times_may_have_fractions() =>
        (await FaultWithAsync("exp", Seconds(-59) - 0.5)).ShouldBe(TokenFault.None);

    [Theory]
    [InlineData("\"1772532000\"")]
    [InlineData("1772532000000")]
    [InlineData("1e400")]
    [InlineData("-1")]
    [InlineData("true")]
    [InlineData("null")]
    public async Task A_time_that_is_no_number_of_seconds_is_refused(string time)
    {
        foreach (var claim in new[] { "exp", "nbf", "iat" })
            (await FaultWithAsync(claim, JsonNode.Parse(time))).ShouldBe(TokenFault.Malformed, claim);
    }

    [Fact]
    public async Task A_token_without_an_expiry_is_refused() =>
        (await keys.FaultOfAsync(Issuer.Sign(Ordinary.ClaimsWithout("exp")))).ShouldBe(TokenFault.Malformed);

    [Fact]
    public async Task A_token_without_a_tenant_is_refused() =>
        (await keys.FaultOfAsync(Issuer.Sign(Ordinary.ClaimsWithout("tenant_id")))).ShouldBe(TokenFault.NoTenant);

    [Theory]
    [InlineData("0192D3A4-5B6C-7D8E-9F00-112233445566")]
    [InlineData(" 0192d3a4-5b6c-7d8e-9f00-112233445566")]
    [InlineData("0192d3a45b6c7d8e9f00112233445566")]
    [InlineData("{0192d3a4-5b6c-7d8e-9f00-112233445566}")]
    [InlineData("0192d3a4-5b6c-7d8e-9f00-11223344556g")]
    [InlineData("0192d3a4-5b6c-7d8e-9f0-0112233445566")]
    [InlineData("")]
    public async Task A_tenant_that_is_no_lower_case_UUID_is_refused(string tenant) =>
        (await FaultWithAsync("tenant_id", tenant)).ShouldBe(TokenFault.NoTenant);

    [Fact]
    public async Task The_tenant_claim_can_have_another_name()
    {
        using var renamed = new KeyFile(Issuer.Set(Issuer), configure: options => options.TenantClaim = "org");
        var claims = Ordinary.ClaimsWith("org", Ordinary.Tenant);
        claims["tenant_id"] = "0192d3a4-ffff-7d8e-9f00-112233445566";

        (await renamed.ValidateAsync(Issuer.Sign(claims))).Caller!.TenantId.ShouldBe(Ordinary.Tenant);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"a\\u0000b\"")]
    [InlineData("7")]
    [InlineData("null")]
    public async Task A_token_without_a_usable_subject_is_refused(string subject) =>
        (await FaultWithAsync("sub", JsonNode.Parse(subject))).ShouldBe(TokenFault.NoSubject);

    [Fact]
    public async Task A_subject_of_more_than_255_characters_is_refused()
    {
        (await FaultWithAsync("sub", new string('a', 255))).ShouldBe(TokenFault.None);
        (await FaultWithAsync("sub", new string('a', 256))).ShouldBe(TokenFault.NoSubject);
    }

    [Theory]
    [InlineData("scope", "\"facts:read  admin\"")]
    [InlineData("scope", """["facts:read","admin"]""")]
    [InlineData("scp", "\"facts:read admin\"")]
    [InlineData("scp", """["facts:read","admin"]""")]
    public async Task Scopes_are_read_in_every_usual_form(string claim, string scopes)
    {
        var claims = Ordinary.ClaimsWithout("scope");
        claims[claim] = JsonNode.Parse(scopes);

        (await keys.ValidateAsync(Issuer.Sign(claims))).Caller!.Scopes.ShouldBe(["facts:read", "admin"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_token_without_scopes_may_do_nothing() =>
        (await keys.ValidateAsync(Issuer.Sign(Ordinary.ClaimsWithout("scope")))).Caller!.Scopes.ShouldBeEmpty();

    [Theory]
    [InlineData("7")]
    [InlineData("""["facts:read",7]""")]
    [InlineData("null")]
    public async Task Scopes_that_are_no_text_are_refused(string scopes) =>
        (await FaultWithAsync("scope", JsonNode.Parse(scopes))).ShouldBe(TokenFault.Malformed);

    [Fact]
    public async Task A_token_known_to_be_good_costs_no_second_verification()
    {
        var verifications = 0;
        using var counting = new KeyFile(
            $$"""{"keys":[{{PublishedExamples.EdDsaKey}}]}""",
            ed25519: (_, _, _) => ++verifications > 0);
        var token = $"{Issuer.Encode("""{"alg":"EdDSA"}""")}.{Issuer.Encode(Ordinary.Claims.ToJsonString())}.{new string('A', 86)}";

        var first = await counting.ValidateAsync(token);
        var second = await counting.ValidateAsync(token);

        first.Caller.ShouldNotBeNull();
        second.ShouldBeSameAs(first);
        verifications.ShouldBe(1);
    }

    [Fact]
    public async Task A_token_known_to_be_good_still_expires()
    {
        var token = Issuer.Sign(Ordinary.Claims);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);

        // Short of the refresh interval, so that nothing but the expiry changes.
        keys.Time.Advance(TimeSpan.FromMinutes(9));
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);

        keys.Time.Advance(TimeSpan.FromMinutes(2));
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.Expired);
    }

    static long Seconds(int fromTuesday) => Ordinary.Tuesday.AddSeconds(fromTuesday).ToUnixTimeSeconds();

    static string SignWithHeader(string member, string? value)
    {
        var header = Issuer.Header;
        if (value is null) header.Remove(member);
        else header[member] = value;

        return Issuer.Sign(header.ToJsonString(), Ordinary.Claims.ToJsonString());
    }

    Task<TokenFault> FaultWithAsync(string claim, JsonNode? value) =>
        keys.FaultOfAsync(Issuer.Sign(Ordinary.ClaimsWith(claim, value)));
}
