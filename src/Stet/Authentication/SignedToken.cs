using System.Text.Json;

namespace Stet.Authentication;

/// <summary>A JWS in compact serialization (RFC 7515, section 7.1), taken apart but not verified.</summary>
/// <param name="Algorithm">One of those <see cref="SigningKey"/> knows.</param>
/// <param name="KeyId">The header's <c>kid</c>, if any. Keys and addresses of keys in the header are not looked at.</param>
/// <param name="SigningInput">What the signature is over: header, dot, payload, as they were sent.</param>
/// <param name="Payload">The claims, not to be looked at before the signature is.</param>
/// <param name="Signature">As the algorithm defines it.</param>
sealed record SignedToken(
    string Algorithm, string? KeyId, ReadOnlyMemory<byte> SigningInput, byte[] Payload, byte[] Signature)
{
    public static TokenFault Parse(byte[] token, out SignedToken? parsed)
    {
        parsed = null;

        var header = Array.IndexOf(token, (byte)'.');
        var input = Array.LastIndexOf(token, (byte)'.');
        if (header < 0 || header == input
            || !CanonicalBase64Url.TryDecode(token.AsSpan(0, header), out var headerJson)
            || !CanonicalBase64Url.TryDecode(token.AsSpan(header + 1, input - header - 1), out var payload)
            || !CanonicalBase64Url.TryDecode(token.AsSpan(input + 1), out var signature)
            || !StrictJson.TryParseObject(headerJson, out var document))
            return TokenFault.Malformed;

        using (document)
        {
            var json = document.RootElement;
            var fault = CheckHeader(json);
            if (fault == TokenFault.None)
                parsed = new SignedToken(json.Text("alg")!, json.Text("kid"), token.AsMemory(0, input), payload, signature);

            return fault;
        }
    }

    static TokenFault CheckHeader(JsonElement header)
    {
        if (header.Text("alg") is not { } algorithm) return TokenFault.Malformed;
        if (algorithm is not (SigningKey.Rs256 or SigningKey.Es256 or SigningKey.EdDsa)) return TokenFault.UnsupportedAlgorithm;

        if (header.TryGetProperty("kid", out var id) && id.ValueKind != JsonValueKind.String) return TokenFault.Malformed;
        if (header.TryGetProperty("crit", out _)) return TokenFault.UnsupportedExtension;
        if (!header.TryGetProperty("typ", out var type)) return TokenFault.None;
        if (type.ValueKind != JsonValueKind.String) return TokenFault.Malformed;

        return IsAccessToken(type.GetString()!) ? TokenFault.None : TokenFault.UnsupportedType;
    }

    // A media type, whose "application/" may be left out (RFC 7515, section 4.1.9).
    static bool IsAccessToken(string type)
    {
        const string prefix = "application/";
        var name = type.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? type[prefix.Length..] : type;
        return name.Equals("JWT", StringComparison.OrdinalIgnoreCase)
            || name.Equals("at+jwt", StringComparison.OrdinalIgnoreCase);
    }
}
