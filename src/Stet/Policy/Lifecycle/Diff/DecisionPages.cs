using System.Runtime.CompilerServices;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>A stored decision before it is read.</summary>
readonly record struct StoredDecision(long Position, byte[] Json);

/// <summary>Recorded decisions of a stretch of the log.</summary>
/// <param name="From">First position of the stretch.</param>
/// <param name="To">Last position of the stretch.</param>
/// <param name="Decisions">In log order.</param>
sealed record DecisionPage(long From, long To, IReadOnlyList<StoredDecision> Decisions);

/// <summary>Reads recorded decisions in log order, a stretch of the log at a time, over a connection of its own.</summary>
sealed class DecisionPages(StoreConnections connections)
{
    const int Stretch = 4_096;

    /// <param name="tenantId">Whose log.</param>
    /// <param name="from">First position.</param>
    /// <param name="to">Last position.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public async IAsyncEnumerable<DecisionPage> ReadAsync(
        string tenantId, long from, long to, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await connections.Reader.OpenConnectionAsync(cancel).AsTask().OrUnavailableAsync();
        for (var start = from; start <= to; start += Stretch)
        {
            var end = Math.Min(start + Stretch - 1, to);
            yield return new DecisionPage(start, end, await ReadAsync(connection, tenantId, start, end, cancel).OrUnavailableAsync());
        }
    }

    static async Task<List<StoredDecision>> ReadAsync(
        NpgsqlConnection connection, string tenantId, long from, long to, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));
        batch.Add("""
            select seq_id, data from stet.mt_events
            where tenant_id = $1 and seq_id between $2 and $3 and type = 'decision_recorded'
            order by seq_id
            """, Scalar(tenantId), Scalar(from), Scalar(to));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        var read = new List<StoredDecision>(Stretch);
        while (await rows.ReadAsync(cancel)) read.Add(new StoredDecision(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)));
        return read;
    }
}
