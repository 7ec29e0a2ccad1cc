using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Stet.Authentication;

/// <summary>Wires authentication: who calls, and whether the route lets them.</summary>
public static class AuthenticationModule
{
    /// <summary>
    /// Reads the section <c>Authentication</c>, which is validated when the host starts; <paramref name="ed25519"/>
    /// verifies the signatures of <c>EdDSA</c> tokens.
    /// </summary>
    public static IServiceCollection AddCallers(this IServiceCollection services, Ed25519Verify ed25519)
    {
        services.AddSection<AuthenticationOptions>(AuthenticationOptions.Section);
        services.AddSingleton<IValidateOptions<AuthenticationOptions>, AuthenticationOptionsRules>();
        services.TryAddSingleton(TimeProvider.System);

        services.AddSingleton(ed25519);
        services.AddSingleton(provider =>
            new Jwks(provider.GetRequiredService<IOptions<AuthenticationOptions>>().Value.Jwks!));
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<TokenValidator>();

        services.AddSingleton<ICredentials>(provider =>
            string.IsNullOrEmpty(provider.GetRequiredService<IOptions<AuthenticationOptions>>().Value.Issuer)
                ? ActivatorUtilities.CreateInstance<DevelopmentHeaders>(provider)
                : ActivatorUtilities.CreateInstance<BearerTokens>(provider));
        services.AddHealthChecks().AddCheck<SigningKeysCheck>("keys");
        return services;
    }

    /// <summary>Where tokens are verified, a service that has no key to do it with is not ready.</summary>
    sealed class SigningKeysCheck(IOptions<AuthenticationOptions> options, IServiceProvider services) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            if (string.IsNullOrEmpty(options.Value.Issuer)) return HealthCheckResult.Healthy();

            return await services.GetRequiredService<SigningKeys>().KnownAsync(cancellationToken) switch
            {
                null => HealthCheckResult.Unhealthy("the token issuer's keys could not be loaded: see Authentication:Jwks, and the log for why"),
                { Count: 0 } => HealthCheckResult.Unhealthy("the token issuer's set holds no key for RS256, ES256 or EdDSA: see Authentication:Jwks"),
                _ => HealthCheckResult.Healthy(),
            };
        }
    }

    /// <summary>Comes before whatever needs a <see cref="Caller"/>, rate limits and endpoints included.</summary>
    public static IApplicationBuilder UseCallers(this IApplicationBuilder app) => app.UseMiddleware<CallerMiddleware>();
}
