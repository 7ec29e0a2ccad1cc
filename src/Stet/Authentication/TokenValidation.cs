namespace Stet.Authentication;

/// <summary>Why a token is not good. For logs and tests: callers learn no more than a class of reasons.</summary>
public enum TokenFault
{
    None,

    /// <summary>More than 8 KiB.</summary>
    TooLarge,

    /// <summary>Not three canonical base64url parts, or its header or claims are not what RFC 7515 and 7519 allow.</summary>
    Malformed,

    /// <summary><c>alg</c> is none of RS256, ES256 and EdDSA.</summary>
    UnsupportedAlgorithm,

    /// <summary><c>typ</c> says that it is a token of some other kind (RFC 8725, section 3.11).</summary>
    UnsupportedType,

    /// <summary><c>crit</c> names an extension; none is understood (RFC 7515, section 4.1.11).</summary>
    UnsupportedExtension,

    /// <summary>The issuer has no key of this id and algorithm.</summary>
    UnknownKey,

    /// <summary>The issuer's keys have never been loaded; nothing is known about the token.</summary>
    KeysUnavailable,

    BadSignature,
    WrongIssuer,
    WrongAudience,

    /// <summary><c>exp</c> is past by more than the skew.</summary>
    Expired,

    /// <summary><c>nbf</c> or <c>iat</c> lies ahead by more than the skew.</summary>
    NotYetValid,

    /// <summary>The tenant claim is absent or no lower-case UUID.</summary>
    NoTenant,

    /// <summary><c>sub</c> is absent or cannot be a <see cref="Caller.Subject"/>.</summary>
    NoSubject,
}

/// <summary>What came of a token: its caller, or the fault.</summary>
/// <param name="Caller">Null when there is a fault.</param>
/// <param name="Fault"><see cref="TokenFault.None"/> when there is a caller.</param>
public sealed record TokenValidation(Caller? Caller, TokenFault Fault)
{
    public static TokenValidation Refused(TokenFault fault) => new(null, fault);
}
