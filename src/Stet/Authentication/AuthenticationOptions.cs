using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Stet.Authentication;

/// <summary>Whose tokens are accepted: section <c>Authentication</c> of the configuration.</summary>
public sealed class AuthenticationOptions
{
    public const string Section = "Authentication";

    /// <summary>The only accepted <c>iss</c>, compared character by character.</summary>
    /// <value>Default none: then only Development starts, and local requests name their tenant themselves.</value>
    public string? Issuer { get; set; }

    /// <summary>What <c>aud</c> must be or contain. Required with an issuer (RFC 8725, section 3.9).</summary>
    public string? Audience { get; set; }

    /// <summary>Where the issuer's keys (RFC 7517 JWK Set) are. Required with an issuer.</summary>
    /// <value>An <c>https</c> URL (<c>http</c> on a loopback address only), or the path of a file.</value>
    public string? Jwks { get; set; }

    /// <summary>The claim that holds the tenant, a lower-case UUID in 8-4-4-4-12 form.</summary>
    /// <value>Default <c>tenant_id</c>.</value>
    [Required]
    public string TenantClaim { get; set; } = "tenant_id";

    /// <summary>How far the issuer's clock may be off for <c>exp</c>, <c>nbf</c> and <c>iat</c>.</summary>
    /// <value>0 to 10 minutes. Default 60 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How old the keys may get before they are fetched anew. A key withdrawn is trusted this long; for as long as the
    /// cool-down where that is longer, and until a fetch succeeds where fetches fail.
    /// </summary>
    /// <value>1 minute to 1 day. Default 10 minutes.</value>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The least time between two fetches of the keys, whatever tokens arrive and however fetches end.</summary>
    /// <value>1 second to 10 minutes. Default 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RefreshCoolDown { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many verified tokens are remembered, at about 500 bytes each.</summary>
    /// <value>100 to 1,000,000. Default 10,000.</value>
    [Range(100, 1_000_000)]
    public int RememberedTokens { get; set; } = 10_000;
}

/// <summary>The rules that concern several options, or the environment.</summary>
sealed class AuthenticationOptionsRules(IHostEnvironment environment) : IValidateOptions<AuthenticationOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthenticationOptions options)
    {
        if (string.IsNullOrEmpty(options.Issuer))
            return environment.IsDevelopment()
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(
                    $"No token issuer is configured, and without one nobody can be told apart in {environment.EnvironmentName}. "
                    + "Set Authentication__Issuer, Authentication__Audience and Authentication__Jwks (URL or file), "
                    + "or DOTNET_ENVIRONMENT=Development to try Stet on this machine.");

        List<string> failures = [];
        if (string.IsNullOrEmpty(options.Audience))
            failures.Add("Authentication:Audience is missing: a token meant for another service must not work here.");

        if (string.IsNullOrEmpty(options.Jwks))
            failures.Add("Authentication:Jwks is missing: the URL or file that holds the issuer's keys.");
        else if (Jwks.AddressOf(options.Jwks) is { } address && !IsProtected(address))
            failures.Add("Authentication:Jwks must be an https URL: who can change the keys on their way can be anybody.");

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    static bool IsProtected(Uri address) =>
        address.Scheme == Uri.UriSchemeHttps
        || (address.Scheme == Uri.UriSchemeHttp
            && (address.Host == "localhost" || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip))));
}
