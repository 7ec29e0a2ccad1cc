namespace Stet.Authentication;

// Never the token, and no claim of one that was not verified.
static partial class AuthenticationLog
{
    [LoggerMessage(100, LogLevel.Information, "Loaded {Count} signing keys of the token issuer, and passed {PassedOver} over")]
    public static partial void KeysLoaded(this ILogger logger, int count, int passedOver);

    [LoggerMessage(101, LogLevel.Warning, "The token issuer's keys could not be loaded; the earlier ones stay in use: {Reason}")]
    public static partial void KeysNotLoaded(this ILogger logger, string reason);

    [LoggerMessage(102, LogLevel.Information, "Refused a token: {Fault}")]
    public static partial void TokenRefused(this ILogger logger, TokenFault fault);

    [LoggerMessage(103, LogLevel.Warning,
        "No token issuer is configured: requests from this machine name their tenant in X-Tenant-Id, unverified")]
    public static partial void TrustingDevelopmentHeaders(this ILogger logger);

    [LoggerMessage(104, LogLevel.Error, "The token issuer's keys could not be loaded, and until they are no token is accepted: {Reason}")]
    public static partial void NoKeysLoaded(this ILogger logger, string reason);

    [LoggerMessage(105, LogLevel.Warning,
        "The token issuer's set holds no key for RS256, ES256 or EdDSA, {PassedOver} were passed over: no token is accepted")]
    public static partial void NoKeyUsable(this ILogger logger, int passedOver);
}
