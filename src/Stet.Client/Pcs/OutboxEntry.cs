namespace Stet.Client.Pcs;

/// <summary>What became of a document.</summary>
public enum OutboxState
{
    /// <summary>It has to be sent.</summary>
    Pending,

    /// <summary>It was delivered: recorded by the service, accepted or escalated.</summary>
    Acked,

    /// <summary>It was refused for good: a dead letter, which waits for somebody to look.</summary>
    Dead,
}

/// <summary>How many documents are in which state.</summary>
/// <param name="Pending">To be sent.</param>
/// <param name="Dead">Refused for good.</param>
/// <param name="Acked">Delivered, as far as the file remembers.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record OutboxCounts(long Pending, long Dead, long Acked, long Bytes);

/// <summary>A document in the outbox and what became of it.</summary>
/// <param name="Seq">Its number, as in <c>ft.outbox_seq</c>.</param>
/// <param name="State">What became of it.</param>
/// <param name="EnqueuedAt">When it was put in.</param>
/// <param name="PcsId">Its identity; null if the document has none.</param>
/// <param name="ShardId">Its shard; null if the document has none.</param>
/// <param name="Epoch">Its epoch; null if the document has none.</param>
/// <param name="DecidedAt">When it was delivered or died; null while pending.</param>
/// <param name="Status">The status that decided; null while pending or without an answer.</param>
/// <param name="Outcome">Delivered: <c>ACCEPTED</c> or <c>ESCALATED</c>, as the service said.</param>
/// <param name="Position">Delivered: position of the event in the tenant's log.</param>
/// <param name="Code">Dead: the problem's code, or <c>retries_exhausted</c>. Escalated: the code of the first reason.</param>
/// <param name="Detail">Dead: what the service said about it.</param>
/// <param name="Attempts">Dead: how often it was sent.</param>
public sealed record OutboxEntry(
    long Seq, OutboxState State, DateTimeOffset EnqueuedAt, string? PcsId, string? ShardId, long? Epoch,
    DateTimeOffset? DecidedAt = null, int? Status = null, string? Outcome = null, long? Position = null,
    string? Code = null, string? Detail = null, int? Attempts = null);

/// <summary>Payload of an ACK.</summary>
sealed record OutboxReceipt(int Status, string? Outcome, long? Position, string? Code = null)
{
    public byte[] ToJson() => OutboxJson.Write(json =>
    {
        json.WriteNumber("status"u8, Status);
        if (Outcome is not null) json.WriteString("outcome"u8, Outcome);
        if (Position is { } position) json.WriteNumber("position"u8, position);
        if (Code is not null) json.WriteString("code"u8, Code);
    });
}

/// <summary>Payload of a DEAD.</summary>
sealed record OutboxVerdict(int? Status, string Code, string? Detail, int Attempts)
{
    public byte[] ToJson() => OutboxJson.Write(json =>
    {
        if (Status is { } status) json.WriteNumber("status"u8, status);
        json.WriteString("code"u8, Code);
        if (Detail is not null) json.WriteString("detail"u8, Detail);
        json.WriteNumber("attempts"u8, Attempts);
    });
}
