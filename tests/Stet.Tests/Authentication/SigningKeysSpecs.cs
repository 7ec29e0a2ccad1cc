using System.Text;
using System.Text.Json.Nodes;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public class SigningKeysSpecs
{
    static readonly Issuer Old = Issuer.Es256("old");
    static readonly Issuer New = Issuer.Es256("new");
    static readonly AuthenticationOptions Defaults = new();
    static readonly JsonObject Late = Ordinary.ClaimsWith("exp", Ordinary.Tuesday.AddDays(1).ToUnixTimeSeconds());

    [Fact]
    public async Task A_token_under_a_new_key_is_good_as_soon_as_the_cool_down_is_over()
    {
        using var keys = new KeyFile(Old);
        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);

        keys.Write(Issuer.Set(Old, New));
        (await keys.FaultOfAsync(New.Sign(Ordinary.Claims))).ShouldBe(TokenFault.UnknownKey);

        keys.Time.Advance(Defaults.RefreshCoolDown);
        (await keys.FaultOfAsync(New.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);
        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);
    }

    [Fact]
    public async Task A_key_that_is_withdrawn_takes_the_tokens_along_that_were_good()
    {
        using var keys = new KeyFile(Old);
        var token = Old.Sign(Ordinary.Claims);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);

        keys.Write(Issuer.Set(New));
        keys.Time.Advance(Defaults.RefreshCoolDown);
        (await keys.FaultOfAsync(New.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);

        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.UnknownKey);
    }

    [Fact]
    public async Task A_key_that_was_withdrawn_while_nobody_asked_is_trusted_no_longer_than_the_interval()
    {
        using var keys = new KeyFile(Old);
        var token = Old.Sign(Ordinary.Claims);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);

        keys.Write(Issuer.Set(New));
        keys.Time.Advance(Defaults.RefreshInterval);

        (await keys.FaultOfAsync(Old.Sign(Ordinary.ClaimsWith("sub", "eve")))).ShouldBe(TokenFault.UnknownKey);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.UnknownKey);
    }

    [Fact]
    public async Task A_token_that_was_good_before_waits_for_keys_that_are_old_as_well()
    {
        using var keys = new KeyFile(Old);
        var token = Old.Sign(Late);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);
        keys.Time.Advance(Defaults.RefreshInterval);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);

        keys.Write(Issuer.Set(New));
        keys.Time.Advance(Defaults.RefreshInterval);

        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.UnknownKey);
    }

    [Fact]
    public async Task Keys_that_are_old_are_gone_by_where_no_others_can_be_fetched()
    {
        using var keys = new KeyFile(Old);
        var token = Old.Sign(Late);
        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);

        keys.Delete();
        keys.Time.Advance(Defaults.RefreshInterval);

        (await keys.FaultOfAsync(token)).ShouldBe(TokenFault.None);
        (await keys.FaultOfAsync(Old.Sign(Late))).ShouldBe(TokenFault.None);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    public async Task A_fetch_that_fails_leaves_the_keys_as_they_were(string? broken)
    {
        using var keys = new KeyFile(Old);
        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);

        if (broken is null) keys.Delete();
        else keys.Write(broken);
        keys.Time.Advance(Defaults.RefreshCoolDown);

        (await keys.FaultOfAsync(New.Sign(Ordinary.Claims))).ShouldBe(TokenFault.UnknownKey);
        (await keys.FaultOfAsync(Old.Sign(Ordinary.ClaimsWith("sub", "eve")))).ShouldBe(TokenFault.None);
    }

    [Fact]
    public async Task Without_keys_nothing_is_known_about_a_token_until_they_can_be_loaded()
    {
        using var keys = new KeyFile(Old);
        keys.Delete();
        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.KeysUnavailable);

        keys.Write(Issuer.Set(Old));
        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.KeysUnavailable);

        keys.Time.Advance(Defaults.RefreshCoolDown);
        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.None);
    }

    [Fact]
    public async Task Where_no_key_can_be_used_a_probe_looks_for_others_as_soon_as_the_cool_down_is_over()
    {
        using var keys = new KeyFile();
        (await keys.Keys.KnownAsync(default))!.Count.ShouldBe(0);
        keys.Write(Issuer.Set(New));
        (await keys.Keys.KnownAsync(default))!.Count.ShouldBe(0);

        keys.Time.Advance(Defaults.RefreshCoolDown);

        (await keys.Keys.KnownAsync(default))!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Keys_that_cannot_be_loaded_are_told_once_until_they_can()
    {
        using var keys = new KeyFile(Old);
        keys.Delete();
        for (var i = 0; i < 3; i++) await AskAsync(TokenFault.KeysUnavailable);
        keys.Write(Issuer.Set(Old));
        await AskAsync(TokenFault.UnknownKey);
        keys.Write("not json");
        for (var i = 0; i < 3; i++) await AskAsync(TokenFault.UnknownKey);
        keys.Write(Issuer.Set(Old));
        await AskAsync(TokenFault.UnknownKey);

        keys.Logs.Lines.ShouldAllBe(l => l.Exception == null);
        keys.Logs.Lines.Select(l => l.Message.Split(':')[0]).ShouldBe(
        [
            "The token issuer's keys could not be loaded, and until they are no token is accepted",
            "Loaded 1 signing keys of the token issuer, and passed 0 over",
            "The token issuer's keys could not be loaded; the earlier ones stay in use",
            "Loaded 1 signing keys of the token issuer, and passed 0 over",
        ]);

        async Task AskAsync(TokenFault fault)
        {
            (await keys.FaultOfAsync(New.Sign(Ordinary.Claims))).ShouldBe(fault);
            keys.Time.Advance(Defaults.RefreshCoolDown);
        }
    }

    [Fact]
    public async Task A_set_of_more_than_a_mebibyte_is_not_read()
    {
        using var keys = new KeyFile(Issuer.Set(Old) + new string(' ', 1 << 20));

        (await keys.FaultOfAsync(Old.Sign(Ordinary.Claims))).ShouldBe(TokenFault.KeysUnavailable);
    }

    [Fact]
    public void Keys_that_cannot_verify_a_token_are_passed_over()
    {
        var usable = Issuer.Es256("usable");
        JsonObject[] others =
        [
            With(Old, "use", "enc"),
            With(Old, "key_ops", new JsonArray("sign")),
            With(Old, "alg", "RS256"),
            With(Old, "crv", "P-384"),
            With(Old, "kty", "oct"),
            With(Old, "kty", 7),
            With(Old, "x", "AAAA"),
            With(Old, "x", New.Jwk["x"]!.DeepClone()),
            With(Old, "x", Old.Jwk["x"]!.GetValue<string>() + "="),
            Issuer.Rs256("short", bits: 1024).Jwk,
            With(Issuer.Rs256("even"), "n", Issuer.Encode(new byte[300])),
        ];
        var set = new JsonObject { ["keys"] = new JsonArray([.. others, 7, null, usable.Jwk]) };

        var keys = KeySet.Parse(Encoding.UTF8.GetBytes(set.ToJsonString()), (_, _, _) => false);

        keys.Count.ShouldBe(1);
        keys.Find("usable", "ES256").ShouldNotBeNull();
    }

    [Fact]
    public void A_key_that_says_it_is_for_verifying_is_used()
    {
        var jwk = With(Old, "key_ops", new JsonArray("verify"));
        jwk["use"] = "sig";
        jwk["alg"] = "ES256";
        var set = new JsonObject { ["keys"] = new JsonArray(jwk) };

        KeySet.Parse(Encoding.UTF8.GetBytes(set.ToJsonString()), (_, _, _) => false).Find("old", "ES256").ShouldNotBeNull();
    }

    static JsonObject With(Issuer issuer, string member, JsonNode value)
    {
        var jwk = issuer.Jwk;
        jwk[member] = value;
        return jwk;
    }
}
