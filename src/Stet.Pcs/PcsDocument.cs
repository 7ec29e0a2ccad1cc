using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Stet.Pcs;

/// <summary>Which form of the document: <c>version</c> 0.1, which existing agents send, or our 1.0.</summary>
public enum PcsVersion
{
    /// <summary>0.1: eight members signed, in one of several dialects.</summary>
    V01,

    /// <summary>1.0: everything signed but <c>sig</c>, in one way.</summary>
    V10,
}

/// <summary>How a shard's data behaves, by fractal dimension and coherence.</summary>
public enum PcsRegime
{
    /// <summary><c>sticky</c>: coherent, of low dimension.</summary>
    Sticky,

    /// <summary><c>mixed</c>: neither of the others.</summary>
    Mixed,

    /// <summary><c>non_sticky</c>: of high dimension.</summary>
    NonSticky,
}

/// <summary>A number of occupied cells at a scale.</summary>
/// <param name="Scale">Cells per unit, at least 1.</param>
/// <param name="Count">Different cells that hold a point, at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ScaleCount(long Scale, long Count);

/// <summary>A direction in space; components are not rounded.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Direction(double X, double Y, double Z);

/// <summary>Member <c>ft</c>: how the document was delivered.</summary>
/// <param name="OutboxSeq">Number in the sender's outbox; 0 when it was not queued.</param>
/// <param name="Degraded">Whether something was computed in a lesser way.</param>
/// <param name="Fallbacks">What was, by name; <c>zlib</c> is a compressor that is not classic zlib level 6.</param>
/// <param name="ClockSkewMs">Sender's clock minus server's clock, milliseconds, as far as the sender knows.</param>
public sealed record PcsDelivery(long OutboxSeq, bool Degraded, ValueList<string> Fallbacks, long ClockSkewMs)
{
    /// <summary>Not queued, nothing degraded.</summary>
    public static PcsDelivery Direct { get; } = new(0, Degraded: false, [], 0);
}

/// <summary>The members that only 1.0 has.</summary>
/// <param name="Algorithm">Member <c>alg</c>.</param>
/// <param name="Kid">Which key signed: <c>[A-Za-z0-9._-]{1,64}</c>.</param>
/// <param name="Tenant">For whom: <c>[A-Za-z0-9._-]{1,64}</c>.</param>
/// <param name="ChunkSize">Bytes per leaf of the Merkle tree, 1 to 1,048,576.</param>
/// <param name="LeafCount">Leaves of the Merkle tree; 0 exactly when the root is the empty tree's.</param>
public sealed record PcsHeader(PcsAlgorithm Algorithm, string Kid, string Tenant, long ChunkSize, long LeafCount);

/// <summary>
/// A proof-of-computation summary: what an agent claims about the events of a shard. Documents that
/// <see cref="TryRead"/> gave are well-formed; nothing is said of their signature.
/// </summary>
public sealed record PcsDocument
{
    /// <summary>Value of member <c>schema</c>.</summary>
    public const string Schema = "fractal-lba-kakeya";

    /// <summary>Largest body that is read, bytes.</summary>
    public const int MaxBodyBytes = 1_048_576;

    /// <summary>Identity: 64 lower-case hexadecimal digits, see <see cref="PcsIdentity"/>.</summary>
    public required string PcsId { get; init; }

    /// <summary>Whose events: 1 to 1,024 bytes, none a control; in 1.0 <c>[A-Za-z0-9._-]{1,128}</c>.</summary>
    public required string ShardId { get; init; }

    /// <summary>Which stretch of the shard's events, from 0; in 1.0 at most 2⁵³-1.</summary>
    public required long Epoch { get; init; }

    /// <summary>Which try at sending, from 0; in 1.0 from 1.</summary>
    public required long Attempt { get; init; }

    /// <summary>When it was sent, by the sender's clock: an RFC 3339 time as it was written.</summary>
    public required string SentAt { get; init; }

    /// <summary>Seed of the coherence sampling; in 1.0 from 0 to 2³²-1.</summary>
    public required long Seed { get; init; }

    /// <summary>Scales in the order of <c>scales</c>, each with its entry of <c>N_j</c>; 1 to 64.</summary>
    public required ValueList<ScaleCount> Scales { get; init; }

    /// <summary>Claimed coherence.</summary>
    public required double CohStar { get; init; }

    /// <summary>The direction that reached the coherence.</summary>
    public required Direction VStar { get; init; }

    /// <summary>Claimed fractal dimension.</summary>
    public required double DHat { get; init; }

    /// <summary>Claimed compressibility, 0 to 1.</summary>
    public required double R { get; init; }

    /// <summary>Claimed regime.</summary>
    public required PcsRegime Regime { get; init; }

    /// <summary>Claimed budget.</summary>
    public required double Budget { get; init; }

    /// <summary>Root over the raw stream: 64 lower-case hexadecimal digits, see <see cref="MerkleTree"/>.</summary>
    public required string MerkleRoot { get; init; }

    /// <summary>Member <c>ft</c>.</summary>
    public required PcsDelivery Delivery { get; init; }

    /// <summary>What 1.0 adds; null in 0.1.</summary>
    public PcsHeader? Header { get; init; }

    /// <summary>The signature as it was written; null when unsigned, however that was written.</summary>
    public string? Sig { get; init; }

    /// <summary>0.1 or 1.0.</summary>
    public PcsVersion Version => Header is null ? PcsVersion.V01 : PcsVersion.V10;

    /// <summary>Reads and checks a document: steps 4 and 5 of the verification.</summary>
    /// <param name="json">UTF-8 text; the caller limits its size, see <see cref="MaxBodyBytes"/>.</param>
    /// <param name="document">The document, if it is one.</param>
    /// <param name="refusal">Why it is none: always status 400.</param>
    /// <returns>Whether it is one. No text causes an exception.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> json, [NotNullWhen(true)] out PcsDocument? document,
        [NotNullWhen(false)] out PcsRefusal? refusal)
    {
        document = null;
        refusal = DocumentReader.Parse(json, out var raw) ?? DocumentStructure.Check(raw, out document);
        return refusal is null;
    }

    /// <summary>
    /// The document with every known member: what is sent, and what is stored. Canonical JSON (RFC 8785), but that 0.1
    /// keeps the sign of a zero, which its signature covers. Reading it gives an equal document.
    /// </summary>
    public byte[] ToJson()
    {
        var text = new TextBuffer(stackalloc byte[1024]);
        CanonicalForm.Write(ref text, this, Extent.Whole);
        return text.ToArrayAndDispose();
    }

    /// <summary>
    /// SHA-256, as lower-case hexadecimal digits, of what the document says apart from its delivery and its signature:
    /// redeliveries have the same one.
    /// </summary>
    public string ContentDigest()
    {
        var text = new TextBuffer(stackalloc byte[1024]);
        CanonicalForm.Write(ref text, this, Extent.Content);
        return text.HashAndDispose();
    }

    /// <summary>The time that <see cref="SentAt"/> names, cut to 100 ns; null if it names none.</summary>
    public DateTimeOffset? SentAtTime() => Rfc3339.TryParse(SentAt, out var time, out _) ? time : null;
}
