using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Stet.Authentication;

/// <summary>The keys of one JWK Set (RFC 7517) that can verify a token; the others are passed over (section 5).</summary>
sealed class KeySet
{
    readonly byte[] source;
    readonly List<SigningKey> keys;

    KeySet(byte[] source, List<SigningKey> keys, int passedOver) => (this.source, this.keys, PassedOver) = (source, keys, passedOver);

    public int Count => keys.Count;

    public int PassedOver { get; }

    public bool IsFrom(ReadOnlySpan<byte> json) => json.SequenceEqual(source);

    /// <summary>The key for a token's header; a token that names no key gets the only one of its algorithm.</summary>
    public SigningKey? Find(string? id, string algorithm)
    {
        SigningKey? found = null;
        foreach (var key in keys)
        {
            if (key.Algorithm != algorithm || (id is not null && key.Id != id)) continue;
            if (found is not null) return null;
            found = key;
        }
        return found;
    }

    /// <exception cref="FormatException">Not a JWK Set.</exception>
    public static KeySet Parse(byte[] json, Ed25519Verify ed25519)
    {
        if (!StrictJson.TryParseObject(json, out var document)) throw new FormatException("not a well-formed JSON object");

        using (document)
        {
            if (!document.RootElement.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
                throw new FormatException("not a JWK Set: no array `keys`");

            List<SigningKey> usable = [.. keys.EnumerateArray().Select(key => ParseKey(key, ed25519)).OfType<SigningKey>()];
            return new KeySet(json, usable, keys.GetArrayLength() - usable.Count);
        }
    }

    static SigningKey? ParseKey(JsonElement jwk, Ed25519Verify ed25519)
    {
        if (jwk.ValueKind != JsonValueKind.Object || !IsForVerifying(jwk)) return null;

        try
        {
            SigningKey? key = (jwk.Text("kty"), jwk.Text("crv")) switch
            {
                ("RSA", _) => ParseRsa(jwk),
                ("EC", "P-256") => ParseEc(jwk),
                ("OKP", "Ed25519") => ParseEd(jwk, ed25519),
                _ => null,
            };
            return key is not null && (jwk.Text("alg") ?? key.Algorithm) == key.Algorithm ? key : null;
        }
        catch (CryptographicException)
        {
            // Not a key: a point off the curve, an even modulus. It is passed over like one of an unknown type.
            return null;
        }
    }

    // RFC 7517, sections 4.2 and 4.3.
    static bool IsForVerifying(JsonElement jwk) =>
        (!jwk.TryGetProperty("use", out var use) || use.IsText("sig"))
        && (!jwk.TryGetProperty("key_ops", out var operations)
            || (operations.ValueKind == JsonValueKind.Array
                && operations.EnumerateArray().Any(operation => operation.IsText("verify"))));

    static RsaKey? ParseRsa(JsonElement jwk)
    {
        if (Bytes(jwk, "n") is not { } modulus || Bytes(jwk, "e") is not { } exponent) return null;

        // Some issuers put a sign byte before the modulus.
        modulus = modulus.AsSpan().TrimStart((byte)0).ToArray();

        // 2048 bits is the least that RFC 7518 allows; above 8192, verifying becomes a way to keep the service busy.
        if (modulus.Length is < 256 or > 1024 || exponent.Length is 0 or > 8) return null;

        return new RsaKey(jwk.Text("kid"), RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent }));
    }

    static EcKey? ParseEc(JsonElement jwk) =>
        Bytes(jwk, "x") is { Length: 32 } x && Bytes(jwk, "y") is { Length: 32 } y
            ? new EcKey(jwk.Text("kid"), ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = x, Y = y },
            }))
            : null;

    static EdKey? ParseEd(JsonElement jwk, Ed25519Verify ed25519) =>
        Bytes(jwk, "x") is { Length: 32 } x ? new EdKey(jwk.Text("kid"), x, ed25519) : null;

    static byte[]? Bytes(JsonElement jwk, string member) =>
        jwk.Text(member) is { } text && CanonicalBase64Url.TryDecode(Encoding.UTF8.GetBytes(text), out var bytes)
            ? bytes
            : null;
}
