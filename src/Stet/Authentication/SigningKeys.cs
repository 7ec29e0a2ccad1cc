using Microsoft.Extensions.Options;

namespace Stet.Authentication;

/// <summary>
/// The issuer's keys, fetched when first wanted, again when they are older than the refresh interval, and at once when
/// a token names an unknown key; never twice within the cool-down. A fetch that fails leaves the keys as they were,
/// one that succeeds replaces them all: a key no longer listed is no longer trusted.
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

    /// <summary>The keys to go by now; null until the first fetch succeeded. Starts a fetch when they are old.</summary>
    public KeySet? Current()
    {
        var last = Volatile.Read(ref fetched);
        if (last is not null && time.GetElapsedTime(last.At) >= refreshInterval)
            _ = FetchAsync();

        return last?.Keys;
    }

    /// <summary>The keys, with a fetch awaited first when none of them is the one wanted.</summary>
    public async ValueTask<KeySet?> WithAsync(string? id, string algorithm, CancellationToken cancel)
    {
        if (Current() is { } keys && keys.Find(id, algorithm) is not null) return keys;

        await FetchAsync().WaitAsync(cancel);
        return Volatile.Read(ref fetched)?.Keys;
    }

    /// <summary>Whether any keys are known, with a fetch awaited first when none are.</summary>
    public async ValueTask<bool> AreKnownAsync(CancellationToken cancel)
    {
        if (Current() is null) await FetchAsync().WaitAsync(cancel);
        return Volatile.Read(ref fetched) is not null;
    }

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

            if (!ReferenceEquals(keys, fetched?.Keys)) logger.KeysLoaded(keys.Count);
            Volatile.Write(ref fetched, new Fetched(keys, time.GetTimestamp()));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or UnauthorizedAccessException
            or OperationCanceledException or FormatException)
        {
            if (fetched is null) logger.NoKeysLoaded(failure);
            else logger.KeysNotLoaded(failure);
        }
        finally
        {
            lock (gate) fetching = null;
        }
    }

    sealed record Fetched(KeySet Keys, long At);
}
