using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>
/// Counts how documents are delivered, which no event tells: a repetition changes nothing. What is counted is stored once a
/// second, on no request's time; a process that dies takes the last second's with it.
/// </summary>
sealed partial class Deliveries(StoreConnections connections, TimeProvider clock, ILogger<Deliveries> logger) : BackgroundService
{
    // While the database is away, the repetitions of further documents count for their tenant alone.
    const int MostDocuments = 10_000;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    Dictionary<string, TenantDeliveries> counted = new(StringComparer.Ordinal);

    /// <summary>Something came for a tenant, whatever becomes of it.</summary>
    public void Submitted(string tenantId)
    {
        lock (gate) Of(tenantId).Submissions++;
    }

    /// <summary>A document came again and got its first answer.</summary>
    /// <param name="tenantId">Whose.</param>
    /// <param name="position">Where it was recorded the first time.</param>
    /// <param name="at">When it came.</param>
    public void Repeated(string tenantId, long position, DateTimeOffset at)
    {
        lock (gate)
        {
            var tenant = Of(tenantId);
            tenant.Duplicates++;
            tenant.Add(position, new Redelivered(1, at.UtcDateTime), MostDocuments);
        }
    }

    /// <summary>A signature was refused.</summary>
    public void SignatureRefused(string tenantId)
    {
        lock (gate) Of(tenantId).SignatureFailures++;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var pauses = new PeriodicTimer(Pause, clock);
        try
        {
            while (await pauses.WaitForNextTickAsync(stoppingToken)) await StoreAsync();
        }
        catch (OperationCanceledException)
        {
            await StoreAsync();
        }
    }

    async Task StoreAsync()
    {
        Dictionary<string, TenantDeliveries> taken;
        lock (gate)
        {
            if (counted.Count == 0) return;
            (taken, counted) = (counted, new(StringComparer.Ordinal));
        }

        try
        {
            await using var connection = await connections.Writer.OpenConnectionAsync();
            foreach (var (tenantId, deliveries) in taken)
            {
                await AddAsync(connection, tenantId, deliveries);
                taken.Remove(tenantId);
            }
        }
        catch (Exception e) // counts are not worth a service: whatever it was, they wait for the next time
        {
            NotStored(logger, e.Message, e is NpgsqlException ? null : e);
            lock (gate)
            {
                foreach (var (tenantId, deliveries) in taken) Of(tenantId).Add(deliveries, MostDocuments);
            }
        }
    }

    static async Task AddAsync(NpgsqlConnection connection, string tenantId, TenantDeliveries deliveries)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            insert into stet.pcs_delivery as d (tenant_id, submissions, duplicates, signature_failures) values ($1, $2, $3, $4)
            on conflict (tenant_id) do update set submissions = d.submissions + excluded.submissions,
                duplicates = d.duplicates + excluded.duplicates,
                signature_failures = d.signature_failures + excluded.signature_failures
            """,
            Scalar(tenantId), Scalar(deliveries.Submissions), Scalar(deliveries.Duplicates), Scalar(deliveries.SignatureFailures));

        // In one order everywhere, so that two instances do not wait for each other.
        var documents = deliveries.Documents.OrderBy(d => d.Key).ToArray();
        batch.Add("""
            insert into stet.pcs_redelivery as r (tenant_id, position, redeliveries, last_at)
            select $1, u.position, u.redeliveries, u.last_at
            from unnest($2::bigint[], $3::bigint[], $4::timestamptz[]) as u(position, redeliveries, last_at)
            on conflict (tenant_id, position) do update set redeliveries = r.redeliveries + excluded.redeliveries,
                last_at = greatest(r.last_at, excluded.last_at)
            """,
            Scalar(tenantId), Column(documents, d => d.Key), Column(documents, d => d.Value.Times), Column(documents, d => d.Value.LastAt));
        await batch.ExecuteNonQueryAsync();
    }

    TenantDeliveries Of(string tenantId)
    {
        if (!counted.TryGetValue(tenantId, out var tenant)) counted.Add(tenantId, tenant = new TenantDeliveries());
        return tenant;
    }

    [LoggerMessage(72, LogLevel.Warning, "Deliveries counted in the last second are not stored yet: {Reason}")]
    static partial void NotStored(ILogger logger, string reason, Exception? e);

    sealed record Redelivered(long Times, DateTime LastAt);

    sealed class TenantDeliveries
    {
        public long Submissions { get; set; }

        public long Duplicates { get; set; }

        public long SignatureFailures { get; set; }

        public Dictionary<long, Redelivered> Documents { get; } = [];

        public void Add(long position, Redelivered redelivered, int most)
        {
            if (Documents.TryGetValue(position, out var before))
                Documents[position] = new Redelivered(before.Times + redelivered.Times, redelivered.LastAt > before.LastAt ? redelivered.LastAt : before.LastAt);
            else if (Documents.Count < most)
                Documents.Add(position, redelivered);
        }

        public void Add(TenantDeliveries other, int most)
        {
            (Submissions, Duplicates) = (Submissions + other.Submissions, Duplicates + other.Duplicates);
            SignatureFailures += other.SignatureFailures;
            foreach (var (position, redelivered) in other.Documents) Add(position, redelivered, most);
        }
    }
}
