using Npgsql;

namespace Stet.EventStore;

/// <summary>A query of which many are asked at one time, each about something else: those of one tenant are one statement.</summary>
/// <typeparam name="TKey">What each asks about.</typeparam>
/// <typeparam name="T">What each is answered.</typeparam>
/// <param name="sql">One statement with positional parameters, about a set of keys.</param>
/// <param name="parameters">The parameters, from the tenant and the keys.</param>
/// <param name="read">Reads the result, at the position that the snapshot shows: an answer for each key, in their order.</param>
public sealed class SharedQuery<TKey, T>(
    string sql, Func<string, IReadOnlyList<TKey>, NpgsqlParameter[]> parameters,
    Func<NpgsqlDataReader, long, IReadOnlyList<TKey>, Task<IReadOnlyList<T>>> read)
{
    readonly string sql = sql;
    readonly Func<string, IReadOnlyList<TKey>, NpgsqlParameter[]> parameters = parameters;
    readonly Func<NpgsqlDataReader, long, IReadOnlyList<TKey>, Task<IReadOnlyList<T>>> read = read;

    internal PendingQuery<T> Ask(string tenantId, TKey key, CancellationToken cancel) => new Asked(this, tenantId, key, cancel);

    sealed class Asked(SharedQuery<TKey, T> query, string tenantId, TKey key, CancellationToken cancel) : PendingQuery<T>(tenantId, cancel)
    {
        readonly TKey key = key;

        public override object Statement => query;

        public override void Add(NpgsqlBatch batch, IReadOnlyList<PendingQuery> alike) =>
            batch.Add(query.sql, query.parameters(TenantId, KeysOf(alike)));

        public override async Task ReadAsync(NpgsqlDataReader reader, long position, IReadOnlyList<PendingQuery> alike)
        {
            try
            {
                var answers = await query.read(reader, position, KeysOf(alike));
                for (var i = 0; i < alike.Count; i++) ((Asked)alike[i]).Answer(answers[i]);
            }
            catch (Exception e) when (e is not NpgsqlException && alike.Count == 1) // of several, each is asked again alone
            {
                Fail(e);
            }
        }

        static TKey[] KeysOf(IReadOnlyList<PendingQuery> alike) => [.. alike.Select(asked => ((Asked)asked).key)];
    }
}
