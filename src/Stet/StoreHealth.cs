using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Stet.EventStore;

namespace Stet;

/// <summary>What <c>/readyz</c> asks of the store.</summary>
static class StoreHealth
{
    public static void Add(IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<DatabaseCheck>("database").AddCheck<SchemaCheck>("schema").AddCheck<WriterCheck>("writer");

    sealed class DatabaseCheck(StoreConnections connections) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            AskAsync(connections, "select 1", _ => HealthCheckResult.Healthy(), cancellationToken);
    }

    sealed class SchemaCheck(StoreConnections connections) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            AskAsync(
                connections, "select name from stet.schema_version order by name desc limit 1",
                newest => newest as string == StetApplication.Schema[^1].Name
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy("the database has another schema version; run `stet db assert`"),
                cancellationToken);
    }

    static async Task<HealthCheckResult> AskAsync(
        StoreConnections connections, string sql, Func<object?, HealthCheckResult> judge, CancellationToken cancel)
    {
        for (var again = false; ; again = true)
        {
            try
            {
                await using var command = connections.Reader.CreateCommand(sql);
                return judge(await command.ExecuteScalarAsync(cancel));
            }
            catch (NpgsqlException) when (!again)
            {
                connections.Reader.Clear(); // pooled connections may have died unnoticed
            }
            catch (NpgsqlException)
            {
                return HealthCheckResult.Unhealthy("the database does not answer");
            }
        }
    }

    sealed class WriterCheck(Store store) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(store.Healthy
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("the writer cannot reach the database; commands are refused"));
    }
}
