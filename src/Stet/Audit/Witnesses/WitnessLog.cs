using System.Collections.Concurrent;

namespace Stet.Audit.Witnesses;

/// <summary>What operators are told of the witnesses. An error of the configuration is told once, and a round that fails again and again, too.</summary>
public sealed partial class WitnessLog(ILogger<WitnessLog> logger)
{
    readonly ConcurrentDictionary<(string TenantId, string Witness), string> told = new();
    readonly ConcurrentDictionary<string, string> failing = new(StringComparer.Ordinal);

    public void Cosigned(string tenantId, string witness, long size)
    {
        told.TryRemove((tenantId, witness), out _);
        LogCosigned(logger, tenantId, witness, size);
    }

    public void Failed(string tenantId, string witness, string code) => LogFailed(logger, tenantId, witness, code);

    public void Misconfigured(string tenantId, string witness, string code)
    {
        var before = told.GetValueOrDefault((tenantId, witness));
        told[(tenantId, witness)] = code;
        if (before != code) LogMisconfigured(logger, tenantId, witness, code);
    }

    public void NotVerified(string tenantId, long size) => LogNotVerified(logger, tenantId, size);

    public void NotCompared(string tenantId, string witness, string code) => LogNotCompared(logger, tenantId, witness, code);

    public void RoundFailed(string tenantId, Exception reason)
    {
        if (failing.TryAdd(tenantId, reason.Message)) LogRoundFailed(logger, tenantId, reason.Message);
    }

    public void RoundRan(string tenantId) => failing.TryRemove(tenantId, out _);

    public void RoundsFailed(Exception reason) => LogRoundFailed(logger, "any tenant", reason.Message);

    [LoggerMessage(53, LogLevel.Debug, "The witness {Witness} cosigned size {Size} of {TenantId}")]
    static partial void LogCosigned(ILogger logger, string tenantId, string witness, long size);

    [LoggerMessage(58, LogLevel.Error, "A stored cosignature of size {Size} of {TenantId} is none of a configured witness and is not served: it was altered, or the witness was removed")]
    static partial void LogNotVerified(ILogger logger, string tenantId, long size);

    [LoggerMessage(54, LogLevel.Warning, "The witness {Witness} did not cosign the log of {TenantId} and is asked again later: {Code}")]
    static partial void LogFailed(ILogger logger, string tenantId, string witness, string code);

    [LoggerMessage(55, LogLevel.Error, "The witness {Witness} refuses the log of {TenantId} with {Code}: give it the log's origin and verifier key, or correct its URL in `Audit:Witnesses`")]
    static partial void LogMisconfigured(ILogger logger, string tenantId, string witness, string code);

    [LoggerMessage(57, LogLevel.Warning, "The log of {TenantId} is signed without a look at what the witness {Witness} has seen of it: {Code}")]
    static partial void LogNotCompared(ILogger logger, string tenantId, string witness, string code);

    [LoggerMessage(56, LogLevel.Warning, "The witnesses were not asked about the log of {TenantId} and will be later: {Reason}")]
    static partial void LogRoundFailed(ILogger logger, string tenantId, string reason);
}
