using Microsoft.AspNetCore.RateLimiting;

namespace Stet.RateLimits;

/// <summary>Wires the limits per tenant and route class on the framework's rate limiter and its meters.</summary>
public static class RateLimitModule
{
    /// <summary>Reads the section <c>RateLimits</c>, which is validated when the host starts.</summary>
    public static IServiceCollection AddTenantRateLimits(this IServiceCollection services)
    {
        services.AddSection<RateLimitOptions>(RateLimitOptions.Section);
        services.AddSingleton<TenantRateLimits>();

        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<TenantRateLimits>((framework, limits) =>
        {
            framework.GlobalLimiter = limits.Limiter;
            framework.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            framework.OnRejected = limits.RefuseAsync;
        });
        return services;
    }

    /// <summary>Comes after the callers are known and before what they are limited in.</summary>
    public static IApplicationBuilder UseTenantRateLimits(this IApplicationBuilder app)
    {
        app.UseRateLimiter();
        return app.Use(next =>
        {
            var limits = app.ApplicationServices.GetRequiredService<TenantRateLimits>();
            return context =>
            {
                limits.Announce(context);
                return next(context);
            };
        });
    }
}
