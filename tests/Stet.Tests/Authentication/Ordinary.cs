using System.Text.Json.Nodes;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

/// <summary>An ordinary token, to be varied.</summary>
static class Ordinary
{
    public const string IssuerName = "https://issuer.example";
    public const string Audience = "https://stet.example";
    public const string Tenant = "0192d3a4-5b6c-7d8e-9f00-112233445566";

    public static readonly DateTimeOffset Tuesday = new(2026, 3, 3, 9, 0, 0, TimeSpan.Zero);

    public static AuthenticationOptions Options => new() { Issuer = IssuerName, Audience = Audience, Jwks = "unused" };

    public static JsonObject Claims => new()
    {
        ["iss"] = IssuerName,
        ["aud"] = Audience,
        ["sub"] = "ada",
        ["tenant_id"] = Tenant,
        ["scope"] = "facts:read corrections:write",
        ["iat"] = Tuesday.ToUnixTimeSeconds(),
        ["exp"] = Tuesday.AddMinutes(10).ToUnixTimeSeconds(),
    };

    public static JsonObject ClaimsWith(string claim, JsonNode? value)
    {
        var claims = Claims;
        claims[claim] = value;
        return claims;
    }

    public static JsonObject ClaimsWithout(string claim)
    {
        var claims = Claims;
        claims.Remove(claim);
        return claims;
    }
}
