using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Stet.AuditLog;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Pcs.Service;

/// <summary>Asks that a key may sign a tenant's documents.</summary>
public sealed record RegisterKey(
    string Kid, string Use, string Alg, string? PublicKey, string Fingerprint, DateTimeOffset? NotBefore,
    DateTimeOffset? NotAfter)
{
    /// <summary>Most keys of a tenant that are not revoked.</summary>
    public const int MostKeys = 256;

    /// <summary>Most keys of a tenant, with revoked ones, whose names stay taken.</summary>
    public const int MostNames = 4_096;

    const int MostValidForV01 = 4;

    public static Decision Decide(RegisterKey command, PcsRegistry? registry, DateTimeOffset now)
    {
        registry ??= PcsRegistry.Empty;
        var known = registry.Key(command.Kid);
        if (known is not null)
        {
            if (known.RevokedAt is not null
                || (known.Use, known.Alg, known.Fingerprint) != (command.Use, command.Alg, command.Fingerprint))
                return Refuse(PcsProblems.KeyTaken(command.Kid));
            if ((known.NotBefore, known.NotAfter) == (command.NotBefore, command.NotAfter)) return Nothing;
        }
        else if (registry.Keys.Count >= MostNames || registry.Keys.Count(k => k.RevokedAt is null) >= MostKeys)
        {
            return Refuse(PcsProblems.TooManyKeys);
        }

        if (command.Use == PcsVersion.V01.Name() && MostAtOnce(command, registry, now) > MostValidForV01)
            return Refuse(PcsProblems.TooManyValidKeys);

        return Record(new PcsKeyRegistered(
            command.Kid, command.Use, command.Alg, command.PublicKey, command.Fingerprint, command.NotBefore,
            command.NotAfter, now));
    }

    /// <summary>The most keys of 0.1 that are valid at some time from now on at which the new one is, which counts.</summary>
    static int MostAtOnce(RegisterKey command, PcsRegistry registry, DateTimeOffset now)
    {
        var validity = new PcsKeyValidity(command.NotBefore, command.NotAfter);
        PcsKeyValidity[] all =
        [
            validity,
            .. registry.Keys.Where(k => k.Use == command.Use && k.Kid != command.Kid && k.RevokedAt is null).Select(k => k.Validity()),
        ];

        // Their number rises only where one of them begins.
        return all.Select(v => v.NotBefore > now ? v.NotBefore.Value : now)
            .Where(validity.Includes).Select(time => all.Count(v => v.Includes(time))).DefaultIfEmpty(0).Max();
    }
}

/// <summary>The body of <c>PUT /v1/pcs/keys/{kid}</c>.</summary>
/// <param name="Use"><c>0.1</c> or <c>1.0</c>: the documents that it signs, and no others.</param>
/// <param name="Alg"><c>HS256</c> or <c>Ed25519</c>.</param>
/// <param name="Secret">For HS256: text whose UTF-8 is the secret, 1 to 1,024 characters, for 1.0 at least 32 bytes. Never shown again.</param>
/// <param name="PublicKey">For Ed25519: standard base64 of 32 bytes that encode a point of the curve, of no small order.</param>
/// <param name="NotBefore">From when on it may sign, RFC 3339; null: ever since.</param>
/// <param name="NotAfter">Until when, exclusive; null: without end.</param>
public sealed record KeyRequest(
    [property: AllowedValues("0.1", "1.0")] string? Use, [property: AllowedValues("HS256", "Ed25519")] string? Alg,
    [property: StringLength(1_024, MinimumLength = 1)] string? Secret = null, string? PublicKey = null, DateTimeOffset? NotBefore = null,
    DateTimeOffset? NotAfter = null)
{
    /// <exception cref="BadRequestException">Something is missing or out of its bounds.</exception>
    public void Check() => new Validation()
        .Require(Use is "0.1" or "1.0", "/use", "must be `0.1` or `1.0`")
        .Require(Alg is "HS256" or "Ed25519", "/alg", "must be `HS256` or `Ed25519`")
        .Require(Alg == "HS256" == Secret is not null, "/secret", "is needed for HS256 and refused otherwise")
        .Require(Secret is null or { Length: >= 1 and <= 1_024 }, "/secret", "must have 1 to 1024 characters")
        .Require(
            Secret is null || Use != "1.0" || Encoding.UTF8.GetByteCount(Secret) >= PcsKey.MinSecretBytes, "/secret",
            "must have at least 32 bytes of UTF-8 for 1.0")
        .Require(Alg == "Ed25519" == PublicKey is not null, "/public_key", "is needed for Ed25519 and refused otherwise")
        .Require(PublicKey is null || IsPublicKey(PublicKey), "/public_key", "must be standard base64 of 32 bytes that encode a point of the curve (RFC 8032, 5.1.3), and none of small order")
        .Require(!(NotBefore >= NotAfter), "/not_after", "must be after not_before")
        .ThrowIfAny();

    static bool IsPublicKey(string text)
    {
        Span<byte> key = stackalloc byte[Ed25519.PublicKeySize + 1];
        return Convert.TryFromBase64String(text, key, out var length) && Ed25519.IsPublicKey(key[..length])
            && Convert.ToBase64String(key[..length]) == text;
    }
}

/// <summary>A key as it is shown: a secret never is.</summary>
/// <param name="Kid">Its name within the tenant.</param>
/// <param name="Use"><c>0.1</c> or <c>1.0</c>.</param>
/// <param name="Alg"><c>HS256</c> or <c>Ed25519</c>.</param>
/// <param name="PublicKey">Base64; null for a secret.</param>
/// <param name="Fingerprint">Tells keys apart, 64 hexadecimal digits.</param>
/// <param name="State"><c>valid</c>, <c>pending</c>, <c>expired</c> or <c>revoked</c>, by the server's clock.</param>
/// <param name="NotBefore">From when on it may sign; null: ever since.</param>
/// <param name="NotAfter">Until when, exclusive; null: without end.</param>
/// <param name="RegisteredAt">When it was registered first.</param>
/// <param name="RevokedAt">Since when it signs nothing; null: it is not revoked.</param>
public sealed record KeyAnswer(
    string Kid, [property: AllowedValues("0.1", "1.0")] string Use, [property: AllowedValues("HS256", "Ed25519")] string Alg,
    string? PublicKey, string Fingerprint,
    [property: AllowedValues("valid", "pending", "expired", "revoked")] string State, DateTimeOffset? NotBefore,
    DateTimeOffset? NotAfter, DateTimeOffset RegisteredAt, DateTimeOffset? RevokedAt)
{
    public static KeyAnswer Of(RegisteredKey key, DateTimeOffset now) => new(
        key.Kid, key.Use, key.Alg, key.PublicKey, key.Fingerprint,
        key.RevokedAt is not null ? "revoked"
            : key.NotAfter <= now ? "expired"
            : key.NotBefore > now ? "pending"
            : "valid",
        key.NotBefore, key.NotAfter, key.RegisteredAt, key.RevokedAt);
}

/// <summary>A tenant's keys.</summary>
/// <param name="Keys">In the order in which 0.1 tries them.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record KeysAnswer(IReadOnlyList<KeyAnswer> Keys, long Position);

public static class RegisterKeyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/v1/pcs/keys/{kid}", Put).WithSummary("Register a key that signs PCS documents")
            .WithDescription("Repeating it changes nothing; with other times it changes when the key is valid.")
            .RequirePermission(Scopes.PcsAdmin)
            .Accepts<KeyRequest>("application/json").Produces<KeyAnswer>().ProducesProblem(409)
            .WithExample("""{"use":"0.1","alg":"HS256","secret":"not a secret: it is in the documentation"}""");

    static async Task<IResult> Put(
        string kid, HttpContext http, CommandContext context, Commands commands, PcsRegistration registration)
    {
        var request = await RequestBody.ReadAsync(http, PcsHttpJson.Default.KeyRequest);
        if (!PcsNames.IsName(kid)) throw RequestQuery.Bad("kid", "must have 1 to 64 characters of `A-Z a-z 0-9 . _ -`");
        request.Check();

        if (await commands.TenantAsync(context) is not { } tenant) return Problems.Answer(RequestProblems.UnknownTenant);
        var command = new RegisterKey(
            kid, request.Use!, request.Alg!, request.PublicKey,
            request.Secret is { } secret
                ? PcsKeySecrets.FingerprintOf(tenant, secret)
                : Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(request.PublicKey!))),
            request.NotBefore, request.NotAfter);
        return await registration.RegisterAsync(context, command, request.Secret);
    }
}
