using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Decisions;

/// <summary>A tenant's registrations of enforcement points, as of one version of their stream.</summary>
/// <param name="Version">0: nothing has been said.</param>
/// <param name="Registry">What has been said.</param>
sealed record KnownPeps(long Version, PepRegistry Registry);

/// <summary>
/// Registrations of enforcement points in memory. Decisions hold their stream to the version they were made with; the
/// newest is read when one of them was not made with it.
/// </summary>
sealed class PepSettings(Store store)
{
    readonly ConcurrentDictionary<string, KnownPeps> known = new(StringComparer.Ordinal);

    /// <summary>A tenant's enforcement points stand in one stream.</summary>
    public static StateType<PepRegistry> State { get; } =
        StateType.Snapshotted("policy_peps", "policy_peps", DecisionEventJson.Default.PepRegistry);

    public static StreamKey<PepRegistry> Stream { get; } = new(State, "policy_peps");

    static StateType<NoState> GuardState { get; } = StateType.Stateless("policy_peps");

    /// <summary>What is in memory, read when there is nothing; it may be older than the newest.</summary>
    public ValueTask<KnownPeps> KnownAsync(Tenant tenant, CancellationToken cancel) =>
        known.TryGetValue(tenant.Id, out var peps) ? ValueTask.FromResult(peps) : new ValueTask<KnownPeps>(RefreshAsync(tenant, cancel));

    /// <summary>The registrations with everything that was acknowledged before the call.</summary>
    public async Task<KnownPeps> RefreshAsync(Tenant tenant, CancellationToken cancel)
    {
        var read = await store.QueryAsync(
            tenant.Id, "select version, state from stet.policy_peps where tenant_id = $1 and stream_id = $2",
            [Scalar(tenant.Id), Scalar(tenant.StreamId(Stream.Parts))], ReadAsync, cancel);
        return known.AddOrUpdate(
            tenant.Id, static (_, read) => read, static (_, before, read) => read.Version >= before.Version ? read : before, read);
    }

    /// <summary>A command that goes through only while the registrations are these.</summary>
    public static StreamCommand Guard(Tenant tenant, KnownPeps peps) =>
        new StreamCommand<NoState>(GuardState, tenant.StreamId(Stream.Parts), static (_, _) => []) { ExpectedVersion = peps.Version };

    static async Task<KnownPeps> ReadAsync(NpgsqlDataReader row, long position, CancellationToken cancel) =>
        await row.ReadAsync(cancel)
            ? new KnownPeps(
                row.GetInt64(0),
                JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(1), DecisionEventJson.Default.PepRegistry)
                    ?? throw new UnreadableEventException("stored registrations of enforcement points are null"))
            : new KnownPeps(0, PepRegistry.Empty);
}
