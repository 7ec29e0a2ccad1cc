using Stet.Pcs;
using Stet.Pcs.Service;
using Stet.Testing;

namespace Stet.Tests.Pcs;

/// <summary>Ordinary documents, events and keys, varied with <c>with</c>.</summary>
static class Ordinary
{
    public const string LongSecret = "a-32-byte-secret-for-tests-only!";

    public static readonly DateTimeOffset Monday = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    /// <summary>Consistent with itself, signed with <see cref="PcsTenancy.Secret"/>.</summary>
    public static PcsDocument Document { get; } = (OrdinaryDocument.V01 with { SentAt = "2026-11-23T09:29:59.125Z" }).Signed();

    /// <summary>Its budget is not that of its values.</summary>
    public static PcsDocument Doubtful { get; } = (Document with { Budget = 0.5 }).Signed();

    public static Submission Verified { get; } = new(
        Document, Document.ContentDigest(), new string('b', 64), "A-bytes", "k1", 1.107309365, 0.31915,
        [new PcsFinding("budget_mismatch", PcsSeverity.Warning, "a little")], 2, 875, Monday);

    public static PcsKeyRegistered Registered { get; } = new(
        "k1", "0.1", "HS256", null, new string('f', 64), Monday, Monday.AddDays(30), Monday);

    /// <summary>With the identity that its members give, and a signature of 0.1.</summary>
    public static PcsDocument Signed(this PcsDocument document, string secret = PcsTenancy.Secret) =>
        PcsSignature.SignWithHmac(document.Identified(), secret, PcsDialect.ABytes);
}
