using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Decisions;

/// <summary>A tenant's registrations of enforcement points, as of one version of their stream.</summary>
/// <param name="Version">0: nothing has been said.</param>
/// <param name="Registry">What has been said.</param>
/// <param name="Guard">A command that goes through only while the registrations are these.</param>
sealed record KnownPeps(long Version, PepRegistry Registry, StreamCommand Guard)
{
    readonly FrozenDictionary<string, RegisteredPep> byId =
        Registry.Peps.ToFrozenDictionary(pep => pep.PepId, StringComparer.Ordinal);

    /// <summary>An enforcement point by the subject of its credential, as every decision asks.</summary>
    public RegisteredPep Of(string pepId) => byId.GetValueOrDefault(pepId) ?? RegisteredPep.Unknown(pepId);
}

/// <summary>
/// Registrations of enforcement points in memory. Decisions hold their stream to the version they were made with; the
/// newest is read when one of them was not made with it.
/// </summary>
sealed class PepSettings(Store store)
{
    readonly ConcurrentDictionary<string, (int Generation, KnownPeps Peps)> known = new(StringComparer.Ordinal);

    /// <summary>A tenant's enforcement points stand in one stream.</summary>
    public static StateType<PepRegistry> State { get; } =
        StateType.Snapshotted("policy_peps", "policy_peps", DecisionEventJson.Default.PepRegistry);

    public static StreamKey<PepRegistry> Stream { get; } = new(State, "policy_peps");

    static StateType<NoState> GuardState { get; } = StateType.Stateless("policy_peps");

    /// <summary>What is in memory, read when there is nothing; it may be older than the newest.</summary>
    public ValueTask<KnownPeps> KnownAsync(Tenant tenant, CancellationToken cancel) =>
        known.TryGetValue(tenant.Id, out var kept) && kept.Generation == store.Generation
            ? ValueTask.FromResult(kept.Peps)
            : new ValueTask<KnownPeps>(RefreshAsync(tenant, cancel));

    /// <summary>The registrations with everything that was acknowledged before the call.</summary>
    public async Task<KnownPeps> RefreshAsync(Tenant tenant, CancellationToken cancel)
    {
        var generation = store.Generation;
        var stream = tenant.StreamId(Stream.Parts);
        var read = await store.QueryAsync(
            tenant.Id, "select version, state from stet.policy_peps where tenant_id = $1 and stream_id = $2",
            [Scalar(tenant.Id), Scalar(stream)], (row, _, token) => ReadAsync(row, stream, token), cancel);
        return known.AddOrUpdate(
            tenant.Id, static (_, read) => read,
            static (_, before, read) => before.Generation < read.Generation
                || (before.Generation == read.Generation && before.Peps.Version <= read.Peps.Version) ? read : before,
            (Generation: generation, Peps: read)).Peps;
    }

    static async Task<KnownPeps> ReadAsync(NpgsqlDataReader row, Guid stream, CancellationToken cancel)
    {
        if (!await row.ReadAsync(cancel)) return new KnownPeps(0, PepRegistry.Empty, GuardOf(stream, 0));

        var registry = JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(1), DecisionEventJson.Default.PepRegistry)
            ?? throw new UnreadableEventException("stored registrations of enforcement points are null");
        return new KnownPeps(row.GetInt64(0), registry, GuardOf(stream, row.GetInt64(0)));
    }

    static StreamCommand<NoState> GuardOf(Guid stream, long version) =>
        new(GuardState, stream, static (_, _) => []) { ExpectedVersion = version };
}
