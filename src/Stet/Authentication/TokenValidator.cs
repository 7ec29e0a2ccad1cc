using System.Buffers;
using System.Text;
using Microsoft.Extensions.Options;

namespace Stet.Authentication;

/// <summary>
/// Validates JWT access tokens (RFC 7519, with the precautions of RFC 8725) of the one configured issuer. Input never
/// makes it throw. A token that was good before costs a hash and a look-up until it expires or the keys change.
/// </summary>
sealed class TokenValidator(SigningKeys keys, IOptions<AuthenticationOptions> options, TimeProvider time)
{
    public const int MaxTokenLength = 8 * 1024;

    static readonly TokenValidation Expired = TokenValidation.Refused(TokenFault.Expired);

    readonly AuthenticationOptions options = options.Value;
    readonly TokenCache cache = new(options.Value.RememberedTokens);

    public ValueTask<TokenValidation> ValidateAsync(string token, CancellationToken cancel)
    {
        if (token.Length > MaxTokenLength) return ValueTask.FromResult(TokenValidation.Refused(TokenFault.TooLarge));

        Span<byte> ascii = stackalloc byte[token.Length];
        if (Ascii.FromUtf16(token, ascii, out _) != OperationStatus.Done)
            return ValueTask.FromResult(TokenValidation.Refused(TokenFault.Malformed));

        var hash = TokenHash.Of(ascii);
        var known = cache.Find(hash);
        return known is not null && known.Keys == keys.Current()
            ? ValueTask.FromResult(Again(known))
            : VerifyAsync(ascii.ToArray(), hash, known, cancel);
    }

    async ValueTask<TokenValidation> VerifyAsync(byte[] token, TokenHash hash, KnownToken? known, CancellationToken cancel)
    {
        if (known is not null && known.Keys == await keys.CurrentAsync(cancel)) return Again(known);

        var fault = SignedToken.Parse(token, out var signed);
        if (signed is null) return TokenValidation.Refused(fault);

        var trusted = await keys.WithAsync(signed.KeyId, signed.Algorithm, cancel);
        if (trusted is null) return TokenValidation.Refused(TokenFault.KeysUnavailable);

        var key = trusted.Find(signed.KeyId, signed.Algorithm);
        if (key is null) return TokenValidation.Refused(TokenFault.UnknownKey);
        if (!key.Verify(signed.SigningInput.Span, signed.Signature)) return TokenValidation.Refused(TokenFault.BadSignature);

        fault = TokenClaims.Check(signed.Payload, options, time.GetUtcNow(), out var claims);
        if (claims is null) return TokenValidation.Refused(fault);

        var verified = new TokenValidation(claims.Caller, TokenFault.None);
        cache.Add(hash, new KnownToken(verified, claims.GoodUntil, trusted));
        return verified;
    }

    TokenValidation Again(KnownToken known) => time.GetUtcNow() < known.GoodUntil ? known.Verification : Expired;
}
