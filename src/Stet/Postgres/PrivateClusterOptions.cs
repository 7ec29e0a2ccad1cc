namespace Stet.Postgres;

/// <summary>How the private PostgreSQL is run.</summary>
public sealed record PrivateClusterOptions
{
    /// <summary>The folder for everything the cluster needs; it is made when it is missing.</summary>
    /// <value>A path, relative to the current directory. Default <c>.stet</c>.</value>
    public string DataFolder { get; init; } = ".stet";

    /// <summary>Bytes of memory to size the server for; it takes a quarter of it for its buffers.</summary>
    /// <value>Default: what the machine or container has.</value>
    public long Memory { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>How long a start may take, recovery after a crash included.</summary>
    /// <value>1 second to 1 day. Default 10 minutes.</value>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an orderly stop may take before the server is told to stop at once, which loses nothing.</summary>
    /// <value>1 second to 1 hour. Default 1 minute.</value>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromMinutes(1);
}
