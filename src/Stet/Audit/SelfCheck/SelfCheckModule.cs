using Microsoft.Extensions.Options;

namespace Stet.Audit.SelfCheck;

/// <summary>The audit log's check of itself, in the background.</summary>
public static class SelfCheckModule
{
    /// <summary>Reads the section <c>Audit:SelfCheck</c>, which is validated when the host starts. Comes after <c>AddAudit</c>.</summary>
    public static IServiceCollection AddSelfCheck(this IServiceCollection services)
    {
        services.AddOptions<SelfCheckOptions>()
            .BindConfiguration(SelfCheckOptions.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<SelfCheckOptions>>().Value);
        services.AddSingleton<SelfCheckMetrics>();
        services.AddSingleton<BackgroundSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<BackgroundSweep>());
        return services;
    }
}
