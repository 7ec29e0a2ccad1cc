using System.Text.Json;

namespace Stet.Client.Api;

/// <summary>The answer to a read.</summary>
/// <param name="Value">What was asked for.</param>
/// <param name="Position">The position of the tenant's log that it reflects.</param>
/// <param name="ETag">
/// Names these very bytes. Hand the answer in with the same question again: as long as they have not changed, the service
/// sends 304 without a body and <paramref name="Value"/> is given once more. An answer that holds the log's position changes
/// with every event of the tenant.
/// </param>
public sealed record Reading<T>(T Value, long Position, string? ETag)
{
    /// <summary>Whether the service said that nothing has changed.</summary>
    public bool IsUnchanged { get; init; }
}

/// <summary>The answer to a write.</summary>
/// <param name="Value">What the service says of it.</param>
/// <param name="Position">Where it stands in the tenant's log: see <see cref="StetClient.AtLeast"/>.</param>
/// <param name="IsRepeated">
/// Whether it had been recorded before, and this is the first answer again. A correction, a heartbeat, a PCS document, a
/// resolution and a step of a policy candidate tell, and each item of a batch its <c>Status</c>; other writes say false.
/// </param>
public sealed record Written<T>(T Value, long Position, bool IsRepeated)
{
    /// <summary>Proofs that what was written is in the audit log; empty unless <see cref="WriteOptions.Receipt"/> asked.</summary>
    public IReadOnlyList<AuditReceipt> Receipts { get; init; } = [];

    /// <summary>Why the write, which succeeded, got no receipt; null when none is missing.</summary>
    public string? ReceiptError { get; init; }
}

/// <summary>What a write may carry.</summary>
public sealed record WriteOptions
{
    /// <summary>
    /// 1 to 200 visible ASCII characters: the same key with the same request is recorded once, for as long as events are
    /// kept. Null: the client makes one for each call, and repeats it with each attempt. Only what is posted has one.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether to ask for proofs that the events are in the audit log.</summary>
    public bool Receipt { get; init; }

    /// <summary>Stored with the events: what they belong to. 1 to 200 visible ASCII characters.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Stored with the events: what brought them about. 1 to 200 visible ASCII characters.</summary>
    public string? CausationId { get; init; }
}

/// <summary>Everything that is needed to check one event offline.</summary>
/// <param name="Position">Of the event in the tenant's log.</param>
/// <param name="LeafHash">Base64 of 32 bytes.</param>
/// <param name="Entry">What the leaf is the hash of: canonical JSON.</param>
/// <param name="Salt">Base64 of 32 bytes.</param>
/// <param name="Data">The event as it is stored.</param>
/// <param name="TlogProof">Proof file with signed checkpoint (C2SP tlog-proof).</param>
public sealed record AuditReceipt(
    long Position, string LeafHash, string Entry, string Salt, JsonElement Data, string TlogProof)
{
    /// <summary>The receipt as a file that <c>stet audit proof</c> and <c>AuditProof.Verify</c> take.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Default.AuditReceipt);
}

/// <summary>The part of an answer that is about receipts.</summary>
sealed record ReceiptPart(IReadOnlyList<AuditReceipt>? Receipts = null, string? ReceiptError = null);
