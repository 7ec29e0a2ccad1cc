using Microsoft.Extensions.Options;

namespace Stet;

static class OptionSections
{
    /// <summary>Options of a section of the configuration, validated when the host starts, and themselves a service.</summary>
    public static OptionsBuilder<T> AddSection<T>(this IServiceCollection services, string section) where T : class
    {
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
        return services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
    }
}
