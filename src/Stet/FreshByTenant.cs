using System.Collections.Concurrent;

namespace Stet;

/// <summary>
/// What has been said of each tenant, in memory, and read again when it is a second old: a change made by this instance
/// counts at once (see <see cref="Forget"/>), one made by another within a second, or for whoever asks <see cref="AgainAsync"/>.
/// </summary>
/// <typeparam name="T">What is known of a tenant, as of one version.</typeparam>
/// <param name="read">Reads it, given what was known before; null: there is no such tenant, and its name is not kept, nor is one of which nothing is known yet when that fails.</param>
/// <param name="versionOf">Its version, which rises with every change.</param>
/// <param name="generation">Rises when nothing that was known before counts any more, see <see cref="EventStore.Store.Generation"/>.</param>
sealed class FreshByTenant<T>(Func<string, T?, Task<T?>> read, Func<T, long> versionOf, Func<int> generation)
    where T : class
{
    const int FreshMilliseconds = 1_000;
    const int AgainMilliseconds = 100;
    const long Stale = long.MinValue / 2;

    readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>How many tenants are kept.</summary>
    internal int Count => entries.Count;

    /// <summary>What is known, or what reading finds.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="cancel">Ends the wait, not the read, which others may wait for, too.</param>
    public ValueTask<T?> GetAsync(string tenantId, CancellationToken cancel)
    {
        var entry = entries.GetOrAdd(tenantId, static _ => new Entry());
        return Volatile.Read(ref entry.Known) is { } known && known.Generation == generation() && Environment.TickCount64 - known.At < FreshMilliseconds
            ? ValueTask.FromResult<T?>(known.Value)
            : new ValueTask<T?>(ReadOnceAsync(tenantId, entry).WaitAsync(cancel));
    }

    /// <summary>
    /// What a read finds that begins after this call, however new what is known may be: one read in 100 ms for each tenant,
    /// which all share who ask for it meanwhile.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="cancel">Ends the wait, not the read.</param>
    public Task<T?> AgainAsync(string tenantId, CancellationToken cancel)
    {
        var entry = entries.GetOrAdd(tenantId, static _ => new Entry());
        lock (entry) return (entry.Next ??= Task.Run(() => NextAsync(tenantId, entry))).WaitAsync(cancel);
    }

    /// <summary>It has changed, or is not what the store has.</summary>
    public void Forget(string tenantId)
    {
        if (!entries.TryGetValue(tenantId, out var entry)) return;
        lock (entry)
        {
            (entry.Known, entry.Reading) = (entry.Known is { } known ? known with { At = Stale } : null, null);
            entry.Forgotten++;
        }
    }

    Task<T?> ReadOnceAsync(string tenantId, Entry entry)
    {
        lock (entry)
        {
            if (entry.Reading is { IsCompleted: false } reading) return reading;
            var forgotten = entry.Forgotten;
            return entry.Reading = Task.Run(() => ReadAsync(tenantId, entry, forgotten));
        }
    }

    async Task<T?> NextAsync(string tenantId, Entry entry)
    {
        while (Volatile.Read(ref entry.NextAt) - Environment.TickCount64 is > 0 and var wait) await Task.Delay((int)wait);

        Task<T?> reading;
        lock (entry)
        {
            // Whoever asks from here on may know of something later.
            (entry.Next, entry.NextAt) = (null, Environment.TickCount64 + AgainMilliseconds);
            var forgotten = entry.Forgotten;
            reading = entry.Reading = Task.Run(() => ReadAsync(tenantId, entry, forgotten));
        }

        return await reading;
    }

    async Task<T?> ReadAsync(string tenantId, Entry entry, long forgotten)
    {
        var at = Environment.TickCount64;
        var now = generation();
        var before = Volatile.Read(ref entry.Known);
        T? value;
        try
        {
            value = await read(tenantId, before?.Generation == now ? before.Value : null);
        }
        catch when (Volatile.Read(ref entry.Known) is null)
        {
            Drop();
            throw;
        }

        if (value is null)
        {
            Drop();
            return null;
        }

        lock (entry)
        {
            // Whoever forgot meanwhile knows of something that this may have been read before.
            if (entry.Forgotten != forgotten) at = Stale;
            if (entry.Known is not { } known || known.Generation < now || (known.Generation == now && versionOf(known.Value) <= versionOf(value)))
                entry.Known = new Known(value, at, now);
        }

        return value;

        void Drop() => entries.TryRemove(new KeyValuePair<string, Entry>(tenantId, entry));
    }

    sealed record Known(T Value, long At, int Generation);

    sealed class Entry
    {
        public Known? Known;
        public Task<T?>? Reading;
        public Task<T?>? Next;
        public long NextAt;
        public long Forgotten;
    }
}
