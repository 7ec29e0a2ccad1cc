using System.Text.Json;

namespace Stet.Authentication;

/// <summary>The claims of a token whose signature is good.</summary>
/// <param name="Caller">Whom they describe.</param>
/// <param name="GoodUntil">When the token stops being accepted: <c>exp</c> and the skew.</param>
sealed record TokenClaims(Caller Caller, DateTimeOffset GoodUntil)
{
    // 9999-01-01: leaves room to add the skew, and catches milliseconds written for seconds.
    const double LastNumericDate = 253_370_764_800;

    public static TokenFault Check(
        byte[] payload, AuthenticationOptions options, DateTimeOffset now, out TokenClaims? claims)
    {
        claims = null;
        if (!StrictJson.TryParseObject(payload, out var document)) return TokenFault.Malformed;

        using (document)
        {
            var json = document.RootElement;

            if (json.Text("iss") != options.Issuer) return TokenFault.WrongIssuer;
            if (!IsFor(json, options.Audience!)) return TokenFault.WrongAudience;

            if (!TryGetDate(json, "exp", out var expires) || expires is null
                || !TryGetDate(json, "nbf", out var notBefore) || !TryGetDate(json, "iat", out var issued))
                return TokenFault.Malformed;

            var goodUntil = expires.Value + options.ClockSkew;
            if (now >= goodUntil) return TokenFault.Expired;
            if (now + options.ClockSkew < notBefore || now + options.ClockSkew < issued) return TokenFault.NotYetValid;

            if (json.Text(options.TenantClaim) is not { } tenant || !Caller.IsTenantId(tenant)) return TokenFault.NoTenant;
            if (json.Text("sub") is not { } subject || !Caller.IsSubject(subject)) return TokenFault.NoSubject;
            if (!TryGetScopes(json, out var scopes)) return TokenFault.Malformed;

            claims = new TokenClaims(new Caller(tenant, subject, scopes), goodUntil);
            return TokenFault.None;
        }
    }

    // RFC 7519, section 4.1.3: one string, or an array of them.
    static bool IsFor(JsonElement json, string audience) =>
        json.TryGetProperty("aud", out var value)
        && (value.IsText(audience)
            || (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(one => one.IsText(audience))));

    // NumericDate (RFC 7519, section 2): seconds since 1970, not necessarily whole. Absent is well-formed.
    static bool TryGetDate(JsonElement json, string claim, out DateTimeOffset? date)
    {
        date = null;
        if (!json.TryGetProperty(claim, out var value)) return true;
        if (value.ValueKind != JsonValueKind.Number || value.GetDouble() is not (>= 0 and <= LastNumericDate)) return false;

        date = DateTimeOffset.UnixEpoch.AddSeconds(value.GetDouble());
        return true;
    }

    // `scope` is RFC 8693, section 4.2; issuers that predate it write `scp`, some of them as an array.
    static bool TryGetScopes(JsonElement json, out HashSet<string> scopes)
    {
        scopes = [];
        if (!json.TryGetProperty("scope", out var value) && !json.TryGetProperty("scp", out value)) return true;

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                scopes.UnionWith(value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                return true;

            case JsonValueKind.Array when value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String):
                scopes.UnionWith(value.EnumerateArray().Select(one => one.GetString()!));
                return true;

            default:
                return false;
        }
    }
}
