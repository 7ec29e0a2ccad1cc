using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stet.EventStore;

namespace Stet;

/// <summary>What <c>/readyz</c> asks of the store.</summary>
static class StoreHealth
{
    public static void Add(IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<DatabaseCheck>("database").AddCheck<SchemaCheck>("schema").AddCheck<WriterCheck>("writer");

    sealed class DatabaseCheck(StoreConnections connections) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await using var command = connections.Reader.CreateCommand("select 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
    }

    sealed class SchemaCheck(StoreConnections connections) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await using var command = connections.Reader.CreateCommand("select name from stet.schema_version order by name desc limit 1");
            var newest = (string?)await command.ExecuteScalarAsync(cancellationToken);
            return newest == StetApplication.Schema[^1].Name
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("the database has another schema version; run `stet db assert`");
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
