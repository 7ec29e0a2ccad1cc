
namespace Stet.Audit.SelfCheck;

/// <summary>The audit log's check of itself, in the background.</summary>
public static class SelfCheckModule
{
    /// <summary>Reads the section <c>Audit:SelfCheck</c>, which is validated when the host starts. Comes after <c>AddAudit</c>.</summary>
    public static IServiceCollection AddSelfCheck(this IServiceCollection services)
    {
        services.AddSection<SelfCheckOptions>(SelfCheckOptions.Section);
        services.AddSingleton<SelfCheckMetrics>();
        services.AddSingleton<BackgroundSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<BackgroundSweep>());
        return services;
    }
}
