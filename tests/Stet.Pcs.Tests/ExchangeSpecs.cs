using System.Text;
using System.Text.Json;

namespace Stet.Pcs.Tests;

/// <summary>
/// The exchanges of the specification as far as pure functions answer them: not method, size, rate limits and the
/// naming of a tenant.
/// </summary>
public class ExchangeSpecs
{
    static readonly string[] ofTheHost =
        ["method_not_allowed", "body_too_large", "rate_limited", "tenant_required", "tenant_unknown"];

    public static TheoryData<string> Sequences =>
        [.. Vectors.Exchanges.Select(exchange => exchange.Text("sequence")).Distinct(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Sequences))]
    public void Every_verdict_is_that_of_the_exchange(string sequence)
    {
        var firsts = new Dictionary<(string, string), PcsVerified>();
        var answered = 0;

        foreach (var exchange in Vectors.Exchanges.Where(exchange => exchange.Text("sequence") == sequence))
        {
            var expected = exchange.GetProperty("expect");
            if (expected.TryGetProperty("code", out var code) && ofTheHost.Contains(code.GetString())) continue;

            var tenant = Tenant(exchange);
            var now = exchange.GetProperty("config").GetProperty("now").GetDateTimeOffset();
            var body = Encoding.UTF8.GetBytes(exchange.GetProperty("request").Text("body"));

            var verdict = PcsVerifier.Verify(body, tenant, now);
            Check(verdict, tenant, expected, firsts);
            answered++;
        }

        if (sequence is not ("A31" or "A32" or "D03" or "N47a")) answered.ShouldBeGreaterThan(0);
    }

    static void Check(
        PcsVerdict verdict, PcsTenant tenant, JsonElement expected,
        Dictionary<(string Tenant, string PcsId), PcsVerified> firsts)
    {
        if (verdict is PcsRefused refused)
        {
            refused.Refusal.Status.ShouldBe((int)expected.Integer("status"));
            refused.Refusal.Code.ShouldBe(expected.Text("code"));
            return;
        }

        var verified = verdict.ShouldBeOfType<PcsVerified>();
        var isKnown = firsts.TryGetValue((tenant.Id, verified.Document.PcsId), out var first);

        if (!isKnown && verified.Staleness is { } stale)
        {
            stale.Code.ShouldBe(expected.Text("code"));
            stale.Status.ShouldBe((int)expected.Integer("status"));
        }
        else if (isKnown && first!.ContentDigest != verified.ContentDigest)
        {
            expected.Text("code").ShouldBe("pcs_equivocation");
            verified.ContentDigest.ShouldBe(expected.Text("content_digest"));
            first.ContentDigest.ShouldBe(expected.Text("first_content_digest"));
            PcsEquivocation.Between(first.Document, verified.Document).SignedPartDiffers
                .ShouldBe(expected.GetProperty("signed_part_differs").GetBoolean());
        }
        else
        {
            IsDuplicate(expected).ShouldBe(isKnown);
            firsts.TryAdd((tenant.Id, verified.Document.PcsId), verified);
            CheckAnswer(first ?? verified, expected);
        }

        if (expected.TryGetProperty("dialect", out var dialect))
            verified.Authenticity.Dialect.Name().ShouldBe(dialect.GetString());
        if (expected.TryGetProperty("kid", out var kid)) verified.Authenticity.Kid.ShouldBe(kid.GetString());
    }

    static void CheckAnswer(PcsVerified verified, JsonElement expected)
    {
        var assessment = verified.Assessment;
        (assessment.IsEscalated ? 202 : 200).ShouldBe((int)expected.Integer("status"));
        assessment.IsEscalated.ShouldBe(expected.GetProperty("escalated").GetBoolean());
        verified.Document.PcsId.ShouldBe(expected.Text("pcs_id"));
        assessment.RecomputedDHat.ShouldBe(expected.Number("recomputed_D_hat"));
        assessment.RecomputedBudget.ShouldBe(expected.Number("recomputed_budget"));
        assessment.Findings.Select(f => (f.Code, f.Severity.Name()))
            .ShouldBe(expected.GetProperty("reasons").EnumerateArray()
                .Select(reason => (reason.Text("code"), reason.Text("severity"))));
    }

    static bool IsDuplicate(JsonElement expected) =>
        expected.TryGetProperty("headers", out var headers) && headers.TryGetProperty("Stet-Duplicate", out _);

    static PcsTenant Tenant(JsonElement exchange)
    {
        var config = exchange.GetProperty("config");
        var headers = exchange.GetProperty("request").GetProperty("headers");
        var id = headers.TryGetProperty("X-Tenant-Id", out var named)
            ? named.GetString()!
            : config.GetProperty("default_tenant").GetString()!;
        var tenant = config.GetProperty("tenants").GetProperty(id);
        var policy = tenant.Text("signature") == "none" ? PcsSignaturePolicy.None : PcsSignaturePolicy.Required;

        return new PcsTenant(
            id, policy, [.. tenant.GetProperty("keys").EnumerateArray().Select(Key)], PcsParameters.Default);
    }

    static PcsKey Key(JsonElement key)
    {
        DateTimeOffset? Time(string name) => key.TryGetProperty(name, out var time) ? time.GetDateTimeOffset() : null;

        var use = key.TryGetProperty("legacy", out _) ? PcsVersion.V01 : PcsVersion.V10;
        var validity = new PcsKeyValidity(Time("not_before"), Time("not_after"), Time("revoked_at"));
        return key.Text("alg") == "HS256"
            ? PcsKey.Hmac(key.Text("kid"), use, key.Text("secret"), validity)
            : PcsKey.Ed25519(key.Text("kid"), use, key.GetProperty("public_key").GetBytesFromBase64(), validity);
    }
}
