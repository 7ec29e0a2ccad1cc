using Microsoft.Extensions.Options;

namespace Stet.Audit.Witnesses;

/// <summary>The client side of witnesses.</summary>
public static class WitnessModule
{
    /// <summary>Reads the witnesses from the section <c>Audit</c>, which is validated when the host starts.</summary>
    public static IServiceCollection AddWitnesses(this IServiceCollection services)
    {
        services.AddOptions<WitnessOptions>()
            .BindConfiguration(AuditOptions.Section)
            .Validate(options => ConfiguredWitnesses.Read(options) is not null) // or it says what is malformed
            .ValidateOnStart();
        services.AddSingleton(provider => ConfiguredWitnesses.Read(provider.GetRequiredService<IOptions<WitnessOptions>>().Value));
        services.AddSingleton<WitnessedLog>();
        services.AddSingleton<WitnessClient>();
        services.AddSingleton<WitnessMetrics>();
        services.AddSingleton<WitnessLog>();
        services.AddSingleton<WitnessNotes>();
        services.AddSingleton<Cosignatures>();
        services.AddSingleton<WitnessRounds>();
        services.AddHostedService(provider => provider.GetRequiredService<WitnessRounds>());
        return services;
    }
}
