using System.Text.Json;

namespace Stet.Client.Api;

/// <summary>The signing keys of a log, for people to look at: a verifier pins keys that it got another way.</summary>
/// <param name="Origin">The log's name, which is the name of its keys.</param>
/// <param name="Epoch">Counts the log's beginnings, from 1.</param>
/// <param name="Keys">Those of the epoch, oldest first.</param>
/// <param name="Epochs">All beginnings of the log, oldest first.</param>
public sealed record LogKeys(string Origin, int Epoch, IReadOnlyList<LogKey> Keys, IReadOnlyList<LogEpoch> Epochs);

/// <summary>A signing key of a log.</summary>
/// <param name="Vkey">As verifiers are given it (C2SP signed-note).</param>
/// <param name="State"><c>active</c>; <c>overlap</c>: signs beside a newer one; <c>retired</c>: signs no more.</param>
/// <param name="FromPosition">It signs from this size on.</param>
/// <param name="UntilPosition">It signs up to before this size; null while it signs.</param>
public sealed record LogKey(string Vkey, string State, long FromPosition, long? UntilPosition);

/// <summary>A beginning of a log.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Origin">Its name since then.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="FrozenAt">Since when it signs nothing; null when it was never frozen.</param>
public sealed record LogEpoch(int Epoch, string Origin, DateTimeOffset CreatedAt, DateTimeOffset? FrozenAt);

/// <summary>The hashes that lead from a leaf to a root.</summary>
/// <param name="Position">Of the event.</param>
/// <param name="Index">Of the leaf: one less.</param>
/// <param name="Size">Of the tree.</param>
/// <param name="LeafHash">Base64 of 32 bytes, like all hashes here.</param>
/// <param name="Root">Of the tree.</param>
/// <param name="Hashes">From the leaf's sibling up (RFC 6962, 2.1.1).</param>
/// <param name="Checkpoint">The signed note of that size; null for a size that is not the newest checkpoint's.</param>
public sealed record InclusionProof(
    long Position, long Index, long Size, string LeafHash, string Root, IReadOnlyList<string> Hashes, string? Checkpoint);

/// <summary>The hashes that lead from one root to a later one.</summary>
/// <param name="From">The smaller size.</param>
/// <param name="To">The larger size.</param>
/// <param name="FromRoot">Base64 of 32 bytes, like all hashes here.</param>
/// <param name="ToRoot">Of the larger tree.</param>
/// <param name="Hashes">RFC 6962, 2.1.2; empty for equal sizes and from size 0.</param>
public sealed record ConsistencyProof(long From, long To, string FromRoot, string ToRoot, IReadOnlyList<string> Hashes);

/// <summary>Everything about one event that a stranger needs to check it.</summary>
/// <param name="V">Of the format: 1.</param>
/// <param name="Origin">The log's name.</param>
/// <param name="Position">Of the event in the log.</param>
/// <param name="State"><c>INTACT</c>, or <c>ERASED</c>: salt and data are gone.</param>
/// <param name="Entry">What the leaf is the hash of: canonical JSON.</param>
/// <param name="Salt">Base64 of 32 bytes; null when erased.</param>
/// <param name="Data">The event as it is stored; null when erased.</param>
/// <param name="TlogProof">Proof file with signed checkpoint (C2SP tlog-proof).</param>
/// <param name="Tombstone">The event that erased it; null when nothing did.</param>
/// <param name="Keys">The log's verifier keys, to look at.</param>
public sealed record EvidencePack(
    int V, string Origin, long Position, string State, string Entry, string? Salt, JsonElement? Data, string TlogProof,
    JsonElement? Tombstone, IReadOnlyList<string> Keys)
{
    internal ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>The file as it was sent, for <c>stet audit proof</c> and <c>AuditProof.Verify</c>.</summary>
    public ReadOnlyMemory<byte> ToJson() => Json;
}
