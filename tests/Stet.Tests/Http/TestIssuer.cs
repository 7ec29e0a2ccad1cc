using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Stet.Testing;

namespace Stet.Tests.Http;

/// <summary>An issuer of access tokens whose keys a service reads from a file.</summary>
sealed class TestIssuer : IDisposable
{
    const string Name = "https://issuer.example";
    const string Audience = "stet";

    readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly string folder = TestCluster.NewFolder();

    public TestIssuer()
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var jwks = new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "EC",
                ["crv"] = "P-256",
                ["kid"] = "k1",
                ["x"] = Text(point.X!),
                ["y"] = Text(point.Y!),
            }),
        };
        File.WriteAllText(Path.Combine(folder, "jwks.json"), jwks.ToJsonString());
    }

    public Dictionary<string, string?> Settings => new()
    {
        ["Authentication:Issuer"] = Name,
        ["Authentication:Audience"] = Audience,
        ["Authentication:Jwks"] = Path.Combine(folder, "jwks.json"),
    };

    public string Token(string tenantId, params string[] scopes)
    {
        var claims = new JsonObject
        {
            ["iss"] = Name,
            ["aud"] = Audience,
            ["sub"] = "app-1",
            ["tenant_id"] = tenantId,
            ["scope"] = string.Join(' ', scopes),
            ["exp"] = TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(),
        };
        return Token(claims.ToJsonString());
    }

    public string Token(string claims)
    {
        var input = $"{Text("""{"alg":"ES256","kid":"k1"}"""u8)}.{Text(Encoding.UTF8.GetBytes(claims))}";
        return $"{input}.{Text(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static string Text(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}
