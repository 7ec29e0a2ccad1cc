using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Stet.Audit;
using Stet.Corrections;
using Stet.EventStore;

namespace Stet.Benchmarks;

/// <summary>
/// What <c>POST /v1/corrections</c> does behind HTTP: the real rule on the field's inline state, with an idempotency key
/// and the real read models, each call answered when its events are durable.
/// </summary>
sealed class CommandBenchmark(
    ILoggerFactory logs, StoreConnections connections, TenantLogs auditLogs, Store store, StateType<CorrectedField> field,
    Tenant[] tenants, int fields) : IAsyncDisposable
{
    static readonly EventMetadata metadata = new("application", Caller: "benchmark");

    static readonly Corrections.Permissions readable = new(StringSet.Of("bench"), StringSet.Empty, StringSet.Empty);

    static readonly Actor actor = new("human", "dr-ada");

    readonly string run = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");
    long last;

    /// <param name="connectionString">A database with the schema in place.</param>
    /// <param name="tenantId">The tenant; it is created when it is missing.</param>
    /// <param name="tenantCount">How many there are to be; further ones have ids like the first.</param>
    /// <param name="fields">Each command corrects a random one of these many filled fields; 0: a new one.</param>
    /// <param name="audited">Whether the audit log is kept with the events.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static async Task<CommandBenchmark> OpenAsync(
        string connectionString, string tenantId, int tenantCount, int fields, bool audited, CancellationToken cancel)
    {
        var logs = LoggerFactory.Create(logging => logging
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning));
        var contexts = StetApplication.Contexts();
        var connections = StoreConnections.For(connectionString);
        var installation = Installation();
        var auditLogs = LogsOf(connections, installation);
        var store = new Store(
            connections, contexts.Catalog, contexts.Projections, audited ? new AuditAppender(auditLogs, TimeProvider.System) : null,
            new StoreOptions { KeyWrap = new StreamKeys(installation) }, TimeProvider.System, logs.CreateLogger<Store>());
        var tenants = new Tenant[tenantCount];
        for (var i = 0; i < tenantCount; i++)
            tenants[i] = await store.CreateTenantAsync(i == 0 ? tenantId : $"{i:x8}{tenantId[8..]}", cancel);

        return new CommandBenchmark(
            logs, connections, auditLogs, store, contexts.States.OfType<StateType<CorrectedField>>().Single(), tenants, fields);
    }

    /// <summary>Makes the leaves of events that have none.</summary>
    public static async Task CompleteAsync(string connectionString, CancellationToken cancel)
    {
        await using var connections = StoreConnections.For(connectionString);
        using var auditLogs = LogsOf(connections, Installation());
        using var frozen = new FrozenLogs(connections, auditLogs, TimeProvider.System, NullLogger<FrozenLogs>.Instance);
        await new AuditBackfill(connections, auditLogs, frozen, NullLogger<AuditBackfill>.Instance).RunAsync(cancel);
    }

    // The key of the service, which STET_KEK names: what one wrapped the other has to unwrap.
    static InstallationKeys Installation() => InstallationKeys.Load(Environment.GetEnvironmentVariable("STET_KEK"), "kek");

    static TenantLogs LogsOf(StoreConnections connections, InstallationKeys installation) =>
        new(connections, installation, new WrappedSigner(installation), _ => null, new AuditOptions(), TimeProvider.System);

    /// <summary>Lets callers send one command after the other, each waiting for its answer.</summary>
    public async Task<Latencies> RunAsync(int callers, TimeSpan duration, CancellationToken cancel)
    {
        var idle = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        var taken = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(CallAsync, cancel)));
        var elapsed = Stopwatch.GetElapsedTime(started);

        return new Latencies(elapsed, Environment.CpuUsage.TotalTime - idle, [.. taken.SelectMany(t => t).Order()]);

        async Task<List<TimeSpan>> CallAsync()
        {
            var latencies = new List<TimeSpan>(4096);
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                await RecordAsync(cancel);
                latencies.Add(Stopwatch.GetElapsedTime(sent));
            }

            return latencies;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await connections.DisposeAsync();
        auditLogs.Dispose();
        logs.Dispose();
    }

    async Task RecordAsync(CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref last);
        var filled = fields > 0;
        var tenant = tenants[number % tenants.Length];
        var chosen = filled ? Random.Shared.Next(fields) : 0;
        var command = new RecordCorrection(
            new Subject("patient", filled ? $"p-{chosen / 5}" : $"{run}-{number}"), $"allergies.substance_{chosen % 5}",
            FieldValue.Of($"severe, seen on visit {number}"), CorrectionClass.Fact, readable, actor,
            Supersedes: null, EffectiveFrom: null, EffectiveTo: null, Reason: null);

        var result = await store.AppendAsync(tenant.Id, metadata, CommandOf(tenant, command, $"{run}-{number}"), cancel);

        var expected = filled ? 2 : 1; // what stood before ends
        if (result.Outcome != AppendOutcome.Recorded || result.Events.Count != expected)
            throw new InvalidOperationException(
                $"a correction of {command.Subject.Id} came to {result.Outcome} with {result.Events.Count} events, not {expected}");
    }

    StreamCommand<CorrectedField> CommandOf(Tenant tenant, RecordCorrection command, string key)
    {
        var payload = Encoding.UTF8.GetBytes(
            $"{command.Subject.Type}\n{command.Subject.Id}\n{command.FieldKey}\n{command.Value.Json}");

        return new StreamCommand<CorrectedField>(
            field, tenant.StreamId("corrections", command.Subject.Type, command.Subject.Id, command.FieldKey),
            (state, now) => RecordCorrection.Decide(command, state, CorrectionId.New(now), now).Events)
        {
            Idempotency = new IdempotencyMark(
                tenant.StreamId("idempotency", "corrections", key), SHA256.HashData(payload)),
        };
    }
}
