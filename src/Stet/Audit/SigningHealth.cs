using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stet.Audit;

/// <summary>
/// Whether signatures of audit logs can be made and kept. What prevents it is told once, until it works again; a frozen log is
/// another matter.
/// </summary>
public sealed partial class SigningHealth : IHealthCheck
{
    readonly ILogger<SigningHealth> logger;
    string? failing;
    long refused;

    /// <param name="meters">Makes the meter <c>Stet</c>.</param>
    /// <param name="logger">Told when signing begins to fail, and when it works again.</param>
    public SigningHealth(IMeterFactory meters, ILogger<SigningHealth> logger)
    {
        this.logger = logger;
        meters.Create("Stet").CreateObservableCounter(
            "stet.audit.signing.refused", () => Volatile.Read(ref refused), "{signature}", "Signatures that could not be made or kept.");
    }

    /// <summary>A signature of a tenant's log could not be made or kept.</summary>
    public void Failed(string tenantId, Exception reason)
    {
        Interlocked.Increment(ref refused);
        if (Interlocked.Exchange(ref failing, tenantId) is null) CannotSign(logger, tenantId, reason.Message);
    }

    /// <summary>A signature of a tenant's log is kept.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="isNew">Whether it was made just now: an older one says something only if it was this log that failed.</param>
    public void Signed(string tenantId, bool isNew)
    {
        var before = Volatile.Read(ref failing);
        if (before is not null && (isNew || before == tenantId) && Interlocked.CompareExchange(ref failing, null, before) == before)
            SignsAgain(logger);
    }

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Volatile.Read(ref failing) is null
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("signatures of audit logs cannot be made or kept: the log says why"));

    [LoggerMessage(38, LogLevel.Error, "The audit log of {TenantId} cannot be signed: {Reason}")]
    static partial void CannotSign(ILogger logger, string tenantId, string reason);

    [LoggerMessage(39, LogLevel.Information, "Audit logs are signed again")]
    static partial void SignsAgain(ILogger logger);
}
