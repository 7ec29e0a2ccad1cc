using System.Net;
using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>Asks one witness to cosign one checkpoint, and takes every answer for what it means.</summary>
sealed class WitnessRequest(WitnessedLog log, WitnessClient client, WitnessMetrics metrics, WitnessLog logger)
{
    // One answer tells the size; a second one differs only if somebody else asks at the same time.
    const int MostRetries = 3;

    /// <summary>Asks until the witness has cosigned, or has said why it does not.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="checkpoint">What every witness gets in this round.</param>
    /// <param name="witness">Whom.</param>
    /// <param name="knownSize">The newest size that it is known to have cosigned; 0 for none.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<WitnessOutcome> RunAsync(
        string tenantId, SignedCheckpoint checkpoint, ConfiguredWitness witness, long knownSize, CancellationToken cancel)
    {
        var oldSize = Math.Min(knownSize, checkpoint.Size);
        for (var retries = 0; ; retries++)
        {
            var proof = oldSize == 0 || oldSize == checkpoint.Size
                ? new ConsistencyProof(checkpoint.Root, [])
                : await log.ConsistencyAsync(tenantId, oldSize, checkpoint.Size, cancel);
            var reply = await client.AddCheckpointAsync(witness, oldSize, proof.Hashes, checkpoint.Note, cancel);

            switch (reply.Status)
            {
                case HttpStatusCode.OK:
                    return LineIn(reply.Body, checkpoint.Note, witness) is { } line
                        ? WitnessOutcome.Cosigned(line)
                        : Failed(tenantId, witness, WitnessClient.BadAnswer);

                case HttpStatusCode.Conflict:
                    if (SizeIn(reply.Body) is not { } size) return Failed(tenantId, witness, WitnessClient.BadAnswer);
                    if (size > checkpoint.Size) return await AheadAsync(tenantId, checkpoint, witness, cancel);
                    if (retries == MostRetries) return Failed(tenantId, witness, WitnessClient.BadAnswer);
                    oldSize = size;
                    break;

                case HttpStatusCode.UnprocessableEntity:
                    // Without a proof there is nothing that it could have found wrong.
                    return oldSize > 0
                        ? await ForkedAsync(tenantId, checkpoint, witness, oldSize, proof, cancel)
                        : Failed(tenantId, witness, WitnessClient.BadAnswer);

                case HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.NotFound:
                    metrics.Failed(witness.Name, reply.Code);
                    logger.Misconfigured(tenantId, witness.Name, reply.Code);
                    return WitnessOutcome.Refused;

                default:
                    return Failed(tenantId, witness, reply.Code);
            }
        }
    }

    /// <summary>
    /// The witness refused a proof. If the proof is true, what it has seen is no beginning of this log: another history
    /// was signed with this log's key.
    /// </summary>
    async Task<WitnessOutcome> ForkedAsync(
        string tenantId, SignedCheckpoint checkpoint, ConfiguredWitness witness, long oldSize, ConsistencyProof proof, CancellationToken cancel)
    {
        if (!MerkleProof.VerifyConsistency(oldSize, checkpoint.Size, proof.FromRoot, checkpoint.Root, [.. proof.Hashes]))
            return Failed(tenantId, witness, "bad_proof");

        metrics.Failed(witness.Name, "422");
        var seen = await SeenAsync(tenantId, checkpoint, witness, cancel);
        await log.FreezeAsync(
            tenantId, oldSize, proof.FromRoot, seen?.Size == oldSize ? seen.Root : null,
            $"The witness {witness.Name} has seen another history of size {oldSize}.");
        return WitnessOutcome.Refused;
    }

    /// <summary>
    /// The witness claims to have seen more of the log than this checkpoint. It may be right: another instance asked it
    /// meanwhile, or the database has lost what was signed. The latter takes a checkpoint with the log's signature or its own.
    /// </summary>
    async Task<WitnessOutcome> AheadAsync(
        string tenantId, SignedCheckpoint checkpoint, ConfiguredWitness witness, CancellationToken cancel)
    {
        var seen = await SeenAsync(tenantId, checkpoint, witness, cancel);
        if (seen is null || seen.Size <= checkpoint.Size) return Failed(tenantId, witness, WitnessClient.BadAnswer);

        var newest = await log.CheckpointAsync(tenantId, cancel);
        if (newest.Size >= seen.Size) return WitnessOutcome.Later;

        metrics.Failed(witness.Name, "409");
        await log.FreezeAsync(
            tenantId, seen.Size, null, seen.Root,
            $"The witness {witness.Name} has seen size {seen.Size}, and the database ends at {newest.Size}: it is older.");
        return WitnessOutcome.Refused;
    }

    /// <summary>The newest checkpoint of this log that the witness has.</summary>
    async Task<Checkpoint?> SeenAsync(string tenantId, SignedCheckpoint checkpoint, ConfiguredWitness witness, CancellationToken cancel)
    {
        var reply = await client.NewestAsync(witness, checkpoint.Origin, cancel);
        return reply.Status == HttpStatusCode.OK ? await log.OpenAsync(tenantId, witness, reply.Body, cancel) : null;
    }

    WitnessOutcome Failed(string tenantId, ConfiguredWitness witness, string code)
    {
        metrics.Failed(witness.Name, code);
        logger.Failed(tenantId, witness.Name, code);
        return WitnessOutcome.Failed;
    }

    /// <summary>The witness's own line; null when there is none, or a wrong one.</summary>
    static string? LineIn(byte[] body, SignedNote note, ConfiguredWitness witness)
    {
        try
        {
            return AddCheckpointReply.TryReadCosignatures(body, note, witness.Key, out var lines, out _) ? lines[^1].Signature.ToString() : null;
        }
        catch (AuditLogFormatException)
        {
            return null;
        }
    }

    static long? SizeIn(byte[] body)
    {
        try
        {
            return AddCheckpointReply.ReadSize(body);
        }
        catch (AuditLogFormatException)
        {
            return null;
        }
    }
}

/// <summary>What came of asking a witness.</summary>
/// <param name="Line">Its signature line without line end; null when it did not cosign.</param>
/// <param name="IsFinal">Whether asking again for the same size is of no use.</param>
/// <param name="IsFailure">Whether the witness is to be left alone for a while.</param>
readonly record struct WitnessOutcome(string? Line, bool IsFinal, bool IsFailure)
{
    /// <summary>The witness refuses this log, and will.</summary>
    public static WitnessOutcome Refused { get; } = new(null, IsFinal: true, IsFailure: false);

    /// <summary>The witness was not asked: it has cosigned this size a while ago.</summary>
    public static WitnessOutcome Settled { get; } = new(null, IsFinal: true, IsFailure: false);

    /// <summary>The witness does not work.</summary>
    public static WitnessOutcome Failed { get; } = new(null, IsFinal: false, IsFailure: true);

    /// <summary>The witness was not asked about the newest size.</summary>
    public static WitnessOutcome Later { get; } = new(null, IsFinal: false, IsFailure: false);

    public static WitnessOutcome Cosigned(string line) => new(line, IsFinal: true, IsFailure: false);
}
