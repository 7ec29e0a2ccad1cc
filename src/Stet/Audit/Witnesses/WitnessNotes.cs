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
    /// or with something that neither the log nor the witness itself has signed. One that knows no such log has none.
    /// </summary>
    public async Task<IReadOnlyList<SeenCheckpoint>> NewestAsync(TenantLog log)
    {
        if (witnesses.All.Count == 0) return [];

        var seen = await Task.WhenAll(witnesses.All.Select(w => NewestAsync(w, log)));
        return [.. seen.OfType<SeenCheckpoint>()];
    }

    /// <summary>Warns that a log which may have been signed before is none that a witness has seen.</summary>
    internal void NotSeen(TenantLog log, SeenCheckpoint unknown) => logger.NotCompared(log.TenantId, unknown.Witness, "unknown there");

    /// <summary>
    /// A note that a witness shows as a checkpoint of the log; null when it is none. A database that is older than a key of
    /// the log does not know the signature: the witness, which has checked it, vouches for it with its own.
    /// </summary>
    internal static SignedCheckpoint? Open(TenantLog log, ConfiguredWitness witness, ReadOnlySpan<byte> note)
    {
        try
        {
            var parsed = SignedNote.Parse(note);
            var checkpoint = Checkpoint.Parse(parsed.Text);
            return checkpoint.Origin == log.Origin && parsed.TryOpen([.. log.SigningKeys.Select(k => k.Verifier), witness.Key], out _, out _)
                ? new SignedCheckpoint(checkpoint, parsed)
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
        var opened = reply.Status == HttpStatusCode.OK ? Open(log, witness, reply.Body) : null;
        if (opened is not null || reply.Status == HttpStatusCode.NotFound)
        {
            backOff.Succeeded();
            return new SeenCheckpoint(witness.Name, opened);
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
/// <param name="Signed">The checkpoint, with a signature that was verified: the log's or the witness's; null: it has none.</param>
public sealed record SeenCheckpoint(string Witness, SignedCheckpoint? Signed);
