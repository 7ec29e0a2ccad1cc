using System.Globalization;
using Stet.Pcs;

namespace Stet.Client.Pcs;

/// <summary>How a shard's epochs become documents.</summary>
/// <param name="ShardId">Whose: 1 to 1,024 bytes of UTF-8 without controls; in 1.0 <c>[A-Za-z0-9._-]{1,128}</c>.</param>
/// <param name="Key">Signs.</param>
public sealed record PcsPlan(string ShardId, PcsSigningKey Key)
{
    readonly int? chunkSize;

    /// <summary>0.1, unless told otherwise, or 1.0.</summary>
    public PcsVersion Version { get; init; } = PcsVersion.V01;

    /// <summary>Seed of the coherence sampling. Default 42.</summary>
    public uint Seed { get; init; } = 42;

    /// <summary>Bytes per leaf of the Merkle tree, 1 to 1,048,576. Default 64 for 0.1 and 1,024 for 1.0.</summary>
    public int ChunkSize
    {
        get => chunkSize ?? (Version == PcsVersion.V01 ? RawStream.DefaultChunkSizeOfV01 : RawStream.DefaultChunkSizeOfV10);
        init => chunkSize = value;
    }

    /// <summary>1.0: the key's name at the service, <c>[A-Za-z0-9._-]{1,64}</c>.</summary>
    public string Kid { get; init; } = "";

    /// <summary>1.0: the tenant, <c>[A-Za-z0-9._-]{1,64}</c>.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>A time as <c>sent_at</c> has it.</summary>
    public static string SentAt(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Finds out with an epoch of one point whether a service could read what this plan makes.</summary>
    /// <exception cref="AgentException">It could not: the message says why.</exception>
    public void Check()
    {
        var trial = new EpochBuilder(this);
        trial.Add(new EventRow(0, new Point(0, 0, 0), "0"u8, "0"u8, "0"u8));
        Key.Sign(trial.Finish(epoch: 0, SentAt(DateTimeOffset.UnixEpoch)));
    }
}
