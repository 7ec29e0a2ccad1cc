using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>
/// Looks up what the store has recorded under marks of a tenant. Who asks while a look is under way shares the next one
/// with all who do: nobody gets what was seen before the call.
/// </summary>
sealed class RecordLooks(Store store, string tenantId, Guid registryStream)
{
    readonly Lock gate = new();
    List<Look> waiting = [];
    bool isLooking;

    /// <summary>
    /// Where the record of a mark and its payload is, and the version of the tenant's registry at that moment; null: there is
    /// no such record.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public Task<(long Position, long RegistryVersion)?> FindAsync(IdempotencyMark mark, CancellationToken cancel)
    {
        var look = new Look(mark);
        bool isFirst;
        lock (gate)
        {
            waiting.Add(look);
            (isFirst, isLooking) = (!isLooking, true);
        }

        if (isFirst) _ = LookWhileAskedAsync();
        return look.Task.WaitAsync(cancel);
    }

    async Task LookWhileAskedAsync()
    {
        while (Next() is { } round)
        {
            try
            {
                await ReadAsync(round);
            }
            catch (Exception e) // whatever goes wrong is the answer of those who asked
            {
                foreach (var look in round) look.TrySetException(e);
            }
        }
    }

    List<Look>? Next()
    {
        lock (gate)
        {
            isLooking = waiting.Count > 0;
            if (!isLooking) return null;

            var round = waiting;
            waiting = [];
            return round;
        }
    }

    async Task ReadAsync(List<Look> round)
    {
        // One statement sees one state of the database, records and registry alike.
        await store.QueryAsync(
            tenantId,
            """
            select t.n::int, i.position,
                coalesce((select version from stet.pcs_registry where tenant_id = $1 and stream_id = $4), 0)
            from unnest($2::uuid[], $3::bytea[]) with ordinality as t(id, payload_hash, n)
            cross join lateral (
                select position from stet.idempotency
                where tenant_id = $1 and id = t.id and payload_hash = t.payload_hash limit 1) i
            """,
            [Scalar(tenantId), Column(round, l => l.Mark.Id), Column(round, l => l.Mark.PayloadHash), Scalar(registryStream)],
            async (rows, _, cancel) =>
            {
                while (await rows.ReadAsync(cancel)) round[rows.GetInt32(0) - 1].TrySetResult((rows.GetInt64(1), rows.GetInt64(2)));
                return true;
            },
            CancellationToken.None);
        foreach (var look in round) look.TrySetResult(null);
    }

    sealed class Look(IdempotencyMark mark)
        : TaskCompletionSource<(long Position, long RegistryVersion)?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public IdempotencyMark Mark { get; } = mark;
    }
}
