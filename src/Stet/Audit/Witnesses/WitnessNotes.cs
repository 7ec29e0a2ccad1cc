using System.Net;
using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>What witnesses have seen of a log: asked before a process signs it for the first time.</summary>
public sealed class WitnessNotes(
    ConfiguredWitnesses witnesses, WitnessClient client, WitnessMetrics metrics, WitnessLog logger, TimeProvider clock)
{
    // Many logs begin to be signed at one time: a witness that is away holds up one of them, not each.
    readonly Dictionary<ConfiguredWitness, BackOff> backOffs =
        witnesses.All.ToDictionary(w => w, _ => new BackOff(clock, Random.Shared.NextDouble));

    /// <summary>Whether there is a witness to ask.</summary>
    public bool HasWitnesses => witnesses.All.Count > 0;

    /// <summary>
    /// The newest checkpoint of a log that each witness has. Left out, with a warning, is a witness that does not answer,
    /// or with something that the log did not sign.
    /// </summary>
    public async Task<IReadOnlyList<SeenCheckpoint>> NewestAsync(TenantLog log)
    {
        if (witnesses.All.Count == 0) return [];

        var seen = await Task.WhenAll(witnesses.All.Select(w => NewestAsync(w, log)));
        return [.. seen.OfType<SeenCheckpoint>()];
    }

    /// <summary>A note as a checkpoint, if it is one that the log has signed; null for any other.</summary>
    internal static SignedCheckpoint? Open(TenantLog log, ReadOnlySpan<byte> note)
    {
        try
        {
            var parsed = SignedNote.Parse(note);
            return Checkpoint.TryOpen(parsed, [.. log.SigningKeys.Select(k => k.Verifier)], out var opened, out _)
                ? new SignedCheckpoint(opened.Checkpoint, parsed)
                : null;
        }
        catch (AuditLogFormatException)
        {
            return null;
        }
    }

    async Task<SeenCheckpoint?> NewestAsync(ConfiguredWitness witness, TenantLog log)
    {
        var backOff = backOffs[witness];
        if (backOff.Remaining > TimeSpan.Zero)
        {
            logger.NotCompared(log.TenantId, witness.Name, "away");
            return null;
        }

        var reply = await client.NewestAsync(witness, log.Origin, CancellationToken.None);
        var opened = reply.Status == HttpStatusCode.OK ? Open(log, reply.Body) : null;
        if (opened is not null || reply.Status == HttpStatusCode.NotFound)
        {
            backOff.Succeeded();
            return opened is null ? null : new SeenCheckpoint(witness.Name, opened);
        }

        backOff.Failed();
        var code = reply.Status == HttpStatusCode.OK ? "bad_answer" : reply.Code;
        metrics.Failed(witness.Name, code);
        logger.NotCompared(log.TenantId, witness.Name, code);
        return null;
    }
}

/// <summary>A checkpoint that a witness has seen.</summary>
/// <param name="Witness">How logs and metrics call it.</param>
/// <param name="Signed">The checkpoint, with the log's signature and the witness's.</param>
public sealed record SeenCheckpoint(string Witness, SignedCheckpoint Signed);
