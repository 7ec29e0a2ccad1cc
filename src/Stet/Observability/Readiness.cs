using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Stet.Observability;

/// <summary>
/// What the registered health checks say, at most a second old: however many probes ask, each check runs once a second.
/// </summary>
public sealed partial class Readiness(HealthCheckService checks, TimeProvider time, ILogger<Readiness> logger)
{
    static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    readonly Dictionary<string, HealthStatus> known = [];
    Task<HealthReport>? report;
    long asked;

    public Task<HealthReport> CheckAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            if (report is null || (report.IsCompleted && time.GetElapsedTime(asked) >= GoodFor))
            {
                asked = time.GetTimestamp();
                // For everybody who waits, so nobody's leaving stops it; the checks' own limit does.
                report = RunAsync();
            }

            return report.WaitAsync(cancel);
        }
    }

    /// <summary>Runs the checks and logs which of them have changed; the runs do not overlap.</summary>
    async Task<HealthReport> RunAsync()
    {
        var run = await checks.CheckHealthAsync(CancellationToken.None);
        foreach (var (name, entry) in run.Entries)
        {
            var before = known.GetValueOrDefault(name, HealthStatus.Healthy);
            known[name] = entry.Status;
            if (entry.Status == before) continue;

            if (entry.Status == HealthStatus.Healthy) Recovered(logger, name);
            else if (entry.Status == HealthStatus.Degraded) Degraded(logger, name, entry.Description, entry.Exception);
            else Failed(logger, name, entry.Description, entry.Exception);
        }

        return run;
    }

    [LoggerMessage(110, LogLevel.Information, "Health check {Check} is healthy again")]
    static partial void Recovered(ILogger logger, string check);

    [LoggerMessage(111, LogLevel.Warning, "Health check {Check} is degraded: {Detail}")]
    static partial void Degraded(ILogger logger, string check, string? detail, Exception? e);

    [LoggerMessage(112, LogLevel.Error, "Health check {Check} fails: {Detail}")]
    static partial void Failed(ILogger logger, string check, string? detail, Exception? e);
}

/// <summary>Puts a limit on every registered check, whoever registers it.</summary>
sealed class TimeLimits(TimeProvider time) : IPostConfigureOptions<HealthCheckServiceOptions>
{
    public void PostConfigure(string? name, HealthCheckServiceOptions options)
    {
        foreach (var registration in options.Registrations)
        {
            var create = registration.Factory;
            var limit = new TimeLimit(time);
            registration.Factory = services => new TimeLimitedCheck(create(services), limit);
        }
    }
}

/// <summary>What outlasts a single run of a check: the run that has not come back.</summary>
sealed class TimeLimit(TimeProvider time)
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    Task unfinished = Task.CompletedTask;

    /// <summary>Runs the check unless its last run still hangs. The runs of one check do not overlap.</summary>
    /// <exception cref="TimeoutException">No answer within the limit.</exception>
    public async Task<HealthCheckResult> RunAsync(
        IHealthCheck check, HealthCheckContext context, CancellationToken cancel)
    {
        if (!unfinished.IsCompleted) throw new TimeoutException();

        using var late = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        // On a thread of its own: a check may block, and may ignore its token.
        var token = either.Token;
        var run = Task.Run(() => check.CheckHealthAsync(context, token), CancellationToken.None);
        unfinished = run;

        try
        {
            return await run.WaitAsync(token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }
}

sealed class TimeLimitedCheck(IHealthCheck check, TimeLimit limit) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await limit.RunAsync(check, context, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new HealthCheckResult(
                context.Registration.FailureStatus, $"no answer within {TimeLimit.Limit.TotalSeconds:0} s");
        }
    }
}
