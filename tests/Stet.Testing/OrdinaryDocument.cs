using Stet.Pcs;

namespace Stet.Testing;

/// <summary>A PCS document that is consistent with itself, varied with <c>with</c>.</summary>
public static class OrdinaryDocument
{
    /// <summary>Of 0.1, not signed.</summary>
    public static PcsDocument V01 { get; } = new PcsDocument
    {
        PcsId = "",
        ShardId = "shard-001",
        Epoch = 7,
        Attempt = 1,
        SentAt = "2026-11-21T00:07:59.125Z",
        Seed = 42,
        Scales = [new(2, 3), new(4, 8), new(8, 17), new(16, 30)],
        CohStar = 0.05,
        VStar = new Direction(0.5, -0.25, 0.75),
        DHat = 1.107309365,
        R = 0.302833333,
        Regime = PcsRegime.Mixed,
        Budget = 0.31915,
        MerkleRoot = "938010764bdca86bd1bbd647506abdc45caa03464c3bc630836ef279d21b48cc",
        Delivery = PcsDelivery.Direct,
    }.Identified();

    /// <summary>With the identity that its members give.</summary>
    public static PcsDocument Identified(this PcsDocument document) => document with
    {
        PcsId = PcsIdentity.Of(document.MerkleRoot, document.Epoch, document.ShardId),
    };

    /// <summary>As a document of 1.0, not signed. Its dimension is the true median.</summary>
    public static PcsDocument AsV10(this PcsDocument document, string kid, string tenant, string sentAt) => document with
    {
        DHat = 1.097386103,
        SentAt = sentAt,
        Header = new PcsHeader(PcsAlgorithm.HS256, kid, tenant, ChunkSize: 1024, LeafCount: 9),
    };
}
