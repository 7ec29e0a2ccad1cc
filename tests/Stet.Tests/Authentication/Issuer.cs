using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Stet.Tests.Authentication;

/// <summary>An issuer with one key, which signs whatever it is asked to.</summary>
sealed class Issuer(string kid, string alg, JsonObject jwk, Func<byte[], byte[]> sign)
{
    public string Kid => kid;

    public JsonObject Jwk => (JsonObject)jwk.DeepClone();

    public static Issuer Rs256(string kid, int bits = 2048)
    {
        var key = RSA.Create(bits);
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new Issuer(
            kid, "RS256",
            new JsonObject
            {
                ["kty"] = "RSA",
                ["kid"] = kid,
                ["use"] = "sig",
                ["n"] = Encode(parameters.Modulus!),
                ["e"] = Encode(parameters.Exponent!),
            },
            input => key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static Issuer Es256(string kid)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        return new Issuer(
            kid, "ES256",
            new JsonObject
            {
                ["kty"] = "EC",
                ["kid"] = kid,
                ["crv"] = "P-256",
                ["x"] = Encode(q.X!),
                ["y"] = Encode(q.Y!),
            },
            input => key.SignData(input, HashAlgorithmName.SHA256));
    }

    public static string Set(params Issuer[] issuers) =>
        new JsonObject { ["keys"] = new JsonArray([.. issuers.Select(issuer => issuer.Jwk)]) }.ToJsonString();

    public string Sign(JsonObject claims) => Sign(Header.ToJsonString(), claims.ToJsonString());

    public string Sign(string header, string claims) => Sign(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(claims));

    public string Sign(byte[] header, byte[] claims)
    {
        var input = $"{Encode(header)}.{Encode(claims)}";
        return $"{input}.{Encode(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    public JsonObject Header => new() { ["alg"] = alg, ["kid"] = kid, ["typ"] = "JWT" };

    public static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    public static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
