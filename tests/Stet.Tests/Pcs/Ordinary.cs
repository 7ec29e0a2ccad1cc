using Stet.Pcs;
using Stet.Pcs.Service;

namespace Stet.Tests.Pcs;

/// <summary>Ordinary documents, events and keys, varied with <c>with</c>.</summary>
static class Ordinary
{
    public const string LongSecret = "a-32-byte-secret-for-tests-only!";

    public static readonly DateTimeOffset Monday = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    /// <summary>Consistent with itself, signed with <see cref="PcsTenancy.Secret"/>.</summary>
    public static PcsDocument Document { get; } = new PcsDocument
    {
        PcsId = "",
        ShardId = "shard-001",
        Epoch = 7,
        Attempt = 1,
        SentAt = "2026-11-23T09:29:59.125Z",
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
    }.Signed();

    /// <summary>Its budget is not that of its values.</summary>
    public static PcsDocument Doubtful { get; } = (Document with { Budget = 0.5 }).Signed();

    public static Submission Verified { get; } = new(
        Document, Document.ContentDigest(), new string('b', 64), "A-bytes", "k1", 1.107309365, 0.31915,
        [new PcsFinding("budget_mismatch", PcsSeverity.Warning, "a little")], 2, 875, Monday);

    public static PcsKeyRegistered Registered { get; } = new(
        "k1", "0.1", "HS256", null, new string('f', 64), Monday, Monday.AddDays(30), Monday);

    /// <summary>With the identity that its members give, and a signature of 0.1.</summary>
    public static PcsDocument Signed(this PcsDocument document, string secret = PcsTenancy.Secret)
    {
        var identified = document with { PcsId = PcsIdentity.Of(document.MerkleRoot, document.Epoch, document.ShardId) };
        return PcsSignature.SignWithHmac(identified, secret, PcsDialect.ABytes);
    }

    /// <summary>The same as a document of 1.0.</summary>
    public static PcsDocument AsV10(this PcsDocument document, string tenantId, string sentAt) => PcsSignature.SignWithHmac(
        document with
        {
            DHat = 1.097386103,
            SentAt = sentAt,
            Header = new PcsHeader(PcsAlgorithm.HS256, "k10", tenantId, 1024, 9),
        },
        LongSecret, PcsDialect.JcsHs256);
}
