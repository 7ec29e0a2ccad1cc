namespace Stet.Authentication;

/// <summary>Every reason why a request is refused for who sends it.</summary>
public static class AuthenticationProblems
{
    public static readonly Problem Unauthenticated = new(
        Code: "unauthenticated", Status: 401, Title: "The request carries no credential",
        Detail: "send one header `Authorization: Bearer <token>` with an access token for this service");

    public static readonly Problem TokenNotVerified = InvalidToken(
        "the token could not be verified as one that the trusted issuer made for this service");

    public static readonly Problem TokenNotInTime = InvalidToken("the token has expired or is not valid yet; get a new one");

    public static readonly Problem TokenWithoutCaller = InvalidToken(
        "the token names no subject, or no tenant by a lower-case UUID; ask the issuer for one that does");

    public static readonly Problem LocalOnly = new(
        Code: "unauthenticated", Status: 401, Title: "The request carries no credential",
        Detail: "no token issuer is configured, so only requests that come directly from this machine, to `localhost` or a loopback address, are served");

    public static readonly Problem TenantHeaderMissing = new(
        Code: "unauthenticated", Status: 401, Title: "The request carries no credential",
        Detail: "send one header `X-Tenant-Id` with a lower-case UUID and, if you like, `X-Actor` with 1 to 255 characters");

    /// <summary>The token is good and lacks the scope. Says which, as RFC 6750, section 3.1, wants it.</summary>
    public static Problem PermissionDenied(string permission) => new(
        Code: "permission_denied", Status: 403, Title: "The credential does not allow this",
        Detail: $"this takes the scope `{permission}`");

    /// <summary>Nothing is known about the token: the issuer's keys have not been loaded yet.</summary>
    public static Problem KeysUnavailable(TimeSpan coolDown) => new(
        Code: "keys_unavailable", Status: 503, Title: "Tokens cannot be verified at the moment",
        Detail: "the token issuer's keys could not be loaded yet; try again")
    {
        RetryAfterSeconds = (int)Math.Ceiling(coolDown.TotalSeconds),
    };

    /// <summary>Ours, not the caller's: a route was added after the start that does not say who may use it.</summary>
    public static readonly Problem PermissionUndecided = new(
        Code: "internal_error", Status: 500, Title: "The request could not be handled",
        Detail: "the service does not say who may use this route, so nobody may; tell its operator");

    static Problem InvalidToken(string detail) => new(
        Code: "invalid_token", Status: 401, Title: "The token is not accepted", Detail: detail);
}
