using Microsoft.Extensions.Options;

namespace Stet.Authentication;

/// <summary>
/// The issuer's keys, fetched when first wanted, again when they are older than the refresh interval, and at once when
/// a token names an unknown key; never twice within the cool-down. A fetch that fails leaves the keys as they were,
/// one that succeeds replaces them all: a key no longer listed is no longer trusted. Nobody goes by keys that are older
/// than the interval before a fetch was tried.
/// </summary>
sealed class SigningKeys(
    Jwks jwks, IOptions<AuthenticationOptions> options, Ed25519Verify ed25519, TimeProvider time,
    ILogger<SigningKeys> logger)
{
    readonly TimeSpan refreshInterval = options.Value.RefreshInterval;
    readonly TimeSpan coolDown = options.Value.RefreshCoolDown;
    readonly Lock gate = new();
    Fetched? fetched;
    Task? fetching;
    long? attempted;
    bool isAway;

    /// <summary>The keys to go by now; null when a fetch has to be awaited first.</summary>
    public KeySet? Current()
    {
        if (Volatile.Read(ref fetched) is not { } last || IsOld(last.TriedAt)) return null;

        // The last fetch failed: until another succeeds, these are the keys.
        if (IsOld(last.At)) _ = FetchAsync();
        return last.Keys;
    }

    /// <summary>The keys to go by now, with a fetch awaited first when they are old; null until one succeeded.</summary>
    public async ValueTask<KeySet?> CurrentAsync(CancellationToken cancel)
    {
        if (Current() is { } keys) return keys;

        await FetchAsync().WaitAsync(cancel);
        return Volatile.Read(ref fetched)?.Keys;
    }

    /// <summary>Likewise, with a fetch awaited as well when none of them is the one wanted.</summary>
    public async ValueTask<KeySet?> WithAsync(string? id, string algorithm, CancellationToken cancel)
    {
        if (await CurrentAsync(cancel) is { } keys && keys.Find(id, algorithm) is not null) return keys;

        await FetchAsync().WaitAsync(cancel);
        return Volatile.Read(ref fetched)?.Keys;
    }

    /// <summary>What is known, with a fetch awaited first when that is no key; null until one succeeded. Starts a fetch when they are old.</summary>
    public async ValueTask<KeySet?> KnownAsync(CancellationToken cancel)
    {
        if (Current() is { Count: > 0 } keys) return keys;

        var fetch = FetchAsync();
        if (Volatile.Read(ref fetched) is not { Keys.Count: > 0 }) await fetch.WaitAsync(cancel);
        return Volatile.Read(ref fetched)?.Keys;
    }

    bool IsOld(long timestamp) => time.GetElapsedTime(timestamp) >= refreshInterval;

    // One fetch at a time, which all who need it share; none while the cool-down lasts.
    Task FetchAsync()
    {
        lock (gate)
        {
            if (fetching is not null) return fetching;
            if (attempted is { } before && time.GetElapsedTime(before) < coolDown) return Task.CompletedTask;

            attempted = time.GetTimestamp();
            return fetching = Task.Run(FetchNowAsync);
        }
    }

    async Task FetchNowAsync()
    {
        try
        {
            var json = await jwks.ReadAsync();
            var keys = fetched is { } last && last.Keys.IsFrom(json) ? last.Keys : KeySet.Parse(json, ed25519);

            if (isAway || !ReferenceEquals(keys, fetched?.Keys))
            {
                if (keys.Count > 0) logger.KeysLoaded(keys.Count, keys.PassedOver);
                else logger.NoKeyUsable(keys.PassedOver);
            }

            isAway = false;
            var now = time.GetTimestamp();
            Volatile.Write(ref fetched, new Fetched(keys, At: now, TriedAt: now));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or UnauthorizedAccessException
            or OperationCanceledException or FormatException)
        {
            if (!isAway && fetched is null) logger.NoKeysLoaded(failure.Message);
            else if (!isAway) logger.KeysNotLoaded(failure.Message);
            isAway = true;
            if (fetched is { } last) Volatile.Write(ref fetched, last with { TriedAt = time.GetTimestamp() });
        }
        finally
        {
            lock (gate) fetching = null;
        }
    }

    sealed record Fetched(KeySet Keys, long At, long TriedAt);
}
