namespace Stet.Outages;

/// <summary>Records when the service itself was away.</summary>
public static class OutagesModule
{
    public static IServiceCollection AddOutages(this IServiceCollection services) =>
        services.AddSingleton<LifeSigns>().AddHostedService(provider => provider.GetRequiredService<LifeSigns>());

    /// <summary>A request that comes by leaves the sign of life that is due.</summary>
    public static IApplicationBuilder UseLifeSigns(this IApplicationBuilder app)
    {
        var signs = app.ApplicationServices.GetRequiredService<LifeSigns>();
        return app.Use(next => context =>
        {
            signs.Sign();
            return next(context);
        });
    }
}
