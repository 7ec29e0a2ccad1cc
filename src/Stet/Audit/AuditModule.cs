using Microsoft.Extensions.Options;
using Stet.EventStore;

namespace Stet.Audit;

/// <summary>What the audit context consists of.</summary>
public static class AuditModule
{
    /// <summary>Reads the section <c>Audit</c>, which is validated when the host starts, and the installation's keys.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddOptions<AuditOptions>()
            .BindConfiguration(AuditOptions.Section)
            .Configure<IConfiguration>((options, configuration) => options.Kek ??= configuration["STET_KEK"])
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<AuditOptions>>().Value);
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<AuditOptions>();
            return InstallationKeys.Load(options.Kek, options.KeyFile);
        });
        services.AddSingleton<TenantLogs>();
        services.AddSingleton<IAppendLog, AuditAppender>();
        services.AddSingleton<AuditBackfill>();
        services.AddHostedService<AuditStart>();
        return services;
    }
}

/// <summary>Refuses to start with keys that cannot be unwrapped, and completes logs of a database older than the log.</summary>
sealed class AuditStart(StoreConnections connections, InstallationKeys installation, AuditBackfill backfill) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_kek_ids()");
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                if (!installation.Knows(rows.GetString(0))) throw InstallationKeys.Unknown(rows.GetString(0));
            }
        }

        await backfill.RunAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
