using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Where the resources of a log (C2SP tlog-tiles) are read from. Instances may be shared by threads.</summary>
public abstract class AuditLogSource : IDisposable
{
    const int MaxCheckpoint = 1 << 20;

    // 256 entries of 65,535 bytes with their lengths.
    const int MaxBundle = TilePath.FullWidth * (2 + ushort.MaxValue);

    private protected AuditLogSource()
    {
    }

    /// <summary>A folder that holds <c>checkpoint</c> and <c>tile</c>, such as an export.</summary>
    public static AuditLogSource FromFolder(string path) => new FolderSource(path);

    /// <summary>A log served over HTTP.</summary>
    /// <param name="client">With the headers that the log asks for; disposed with the source.</param>
    /// <param name="log">The prefix below which <c>checkpoint</c> and <c>tile</c> lie, with or without a slash at the end.</param>
    /// <param name="clock">Paces what is tried again.</param>
    /// <param name="waits">Told, in words for people, what failed for now and how long it waits before it tries again.</param>
    public static AuditLogSource FromHttp(HttpClient client, Uri log, TimeProvider clock, IProgress<string>? waits = null) =>
        new HttpSource(client, log, clock, waits);

    /// <summary>How many resources are read at a time.</summary>
    internal abstract int Parallelism { get; }

    /// <returns>Null when there is no such resource.</returns>
    /// <exception cref="AuditException">
    /// <see cref="AuditOutcome.Unavailable"/>, or <see cref="AuditOutcome.Malformed"/> for more bytes than the limit.
    /// </exception>
    internal abstract ValueTask<PooledBytes?> TryReadAsync(string path, int limit, CancellationToken cancel);

    internal async ValueTask<byte[]> ReadCheckpointAsync(CancellationToken cancel)
    {
        using var bytes = await TryReadAsync("checkpoint", MaxCheckpoint, cancel) ?? throw AuditException.Missing("There is no `checkpoint`: is that the log's prefix, or a whole export?");
        return bytes.Span.ToArray();
    }

    /// <summary>A hash tile; where a partial one is missing, the front of the full one.</summary>
    internal async ValueTask<PooledBytes> ReadTileAsync(TilePath tile, CancellationToken cancel)
    {
        var (bytes, found) = await ReadAsync(tile, TilePath.FullWidth * Merkle.HashSize, cancel);
        if (bytes.Length == found.Width * Merkle.HashSize)
        {
            bytes.Truncate(tile.Width * Merkle.HashSize);
            return bytes;
        }

        var length = bytes.Length;
        bytes.Dispose();
        throw AuditException.Malformed($"`{found}` has {length} bytes; {found.Width} hashes have {found.Width * Merkle.HashSize}.");
    }

    /// <summary>An entry bundle; where a partial one is missing, the full one, which begins with the same entries.</summary>
    internal async ValueTask<(PooledBytes Bytes, TilePath Found)> ReadBundleAsync(TilePath bundle, CancellationToken cancel) =>
        await ReadAsync(bundle, MaxBundle, cancel);

    async ValueTask<(PooledBytes Bytes, TilePath Found)> ReadAsync(TilePath tile, int limit, CancellationToken cancel)
    {
        if (await TryReadAsync(tile.ToString(), limit, cancel) is { } bytes) return (bytes, tile);
        if (!tile.IsFull && await TryReadAsync(tile.Full.ToString(), limit, cancel) is { } full) return (full, tile.Full);
        throw Missing(tile.ToString());
    }

    internal static AuditException TooLong(string path, int limit) =>
        AuditException.Malformed($"`{path}` is longer than {limit} bytes, which no such resource is.");

    static AuditException Missing(string path) =>
        AuditException.Missing($"The log lacks `{path}`, which its checkpoint implies.");

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    private protected virtual void Dispose(bool disposing)
    {
    }
}
