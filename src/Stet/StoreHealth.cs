using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Stet.EventStore;

namespace Stet;

/// <summary>What <c>/readyz</c> asks of the store.</summary>
static class StoreHealth
{
    public static void Add(IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<DatabaseCheck>("database").AddCheck<SchemaCheck>("schema").AddCheck<WriterCheck>("writer")
        .AddCheck<ClockCheck>("clock");

    sealed class DatabaseCheck(StoreConnections connections) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            AskAsync(
                connections.Writer, "select current_setting('transaction_read_only')",
                readOnly =>
                {
                    if (readOnly as string != "on") return HealthCheckResult.Healthy();

                    connections.Writer.Clear(); // another session may be a primary's
                    return HealthCheckResult.Unhealthy("the database is read-only; commands are refused");
                },
                cancellationToken);
    }

    sealed class SchemaCheck(StoreConnections connections) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            AskAsync(
                connections.Reader, "select count(*) from stet.schema_version",
                scripts => scripts is long count && count == StetApplication.Schema.Count
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy("the database has another schema version; run `stet db assert`"),
                cancellationToken);
    }

    static async Task<HealthCheckResult> AskAsync(
        NpgsqlDataSource sessions, string sql, Func<object?, HealthCheckResult> judge, CancellationToken cancel)
    {
        for (var again = false; ; again = true)
        {
            try
            {
                await using var command = sessions.CreateCommand(sql);
                return judge(await command.ExecuteScalarAsync(cancel));
            }
            catch (NpgsqlException) when (!again)
            {
                sessions.Clear(); // pooled connections may have died unnoticed
            }
            catch (NpgsqlException)
            {
                return HealthCheckResult.Unhealthy("the database does not answer");
            }
        }
    }

    sealed class ClockCheck(Store store) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(store.Ahead is var ahead && ahead > Store.ClockTolerance
                ? HealthCheckResult.Degraded($"the newest event is {(long)ahead.TotalSeconds} s ahead of this clock: times stand still until it has caught up")
                : HealthCheckResult.Healthy());
    }

    sealed class WriterCheck(Store store) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(store.Trouble is { } trouble
                ? HealthCheckResult.Unhealthy($"commands are refused: {trouble}")
                : HealthCheckResult.Healthy());
    }
}
