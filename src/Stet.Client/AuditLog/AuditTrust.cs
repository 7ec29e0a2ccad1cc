using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Whom a verifier believes: the keys of the log, got in another way than from the log, and its witnesses.</summary>
public sealed class AuditTrust
{
    readonly Dictionary<(string Name, uint Id), AuditKey> keys = [];

    /// <param name="logKeys">At least one; several while a log changes its key.</param>
    /// <param name="witnesses">Null asks for no cosignature.</param>
    /// <exception cref="AuditException"><see cref="AuditOutcome.Usage"/>: no key, a key in the wrong role or twice.</exception>
    public AuditTrust(IReadOnlyList<AuditKey> logKeys, WitnessPolicy? witnesses = null)
    {
        ArgumentNullException.ThrowIfNull(logKeys);
        if (logKeys.Count == 0) throw AuditException.Usage("No key of a log is given: without one nothing can be verified.");

        Witnesses = witnesses ?? WitnessPolicy.None;
        WitnessPolicy.RequireRole(logKeys, AuditKeyRole.Log);
        WitnessPolicy.RequireDistinct([.. logKeys, .. Witnesses.Witnesses]);
        foreach (var key in logKeys.Concat(Witnesses.Witnesses)) keys[(key.Name, key.Id)] = key;
    }

    /// <summary>Whose cosignatures are asked for.</summary>
    public WitnessPolicy Witnesses { get; }

    /// <summary>Parses a checkpoint and verifies its signatures; the quorum is looked at by <see cref="RequireQuorum"/>.</summary>
    /// <exception cref="AuditException">
    /// <see cref="AuditOutcome.Malformed"/>, or <see cref="AuditOutcome.Refuted"/> when a known key's signature fails or
    /// no key of the log signed.
    /// </exception>
    internal SignedCheckpoint Open(ReadOnlyMemory<byte> bytes)
    {
        var note = SignedNote.Parse(bytes);
        var checkpoint = Checkpoint.Parse(note.Text.Span);

        var isSigned = false;
        var cosignatures = new Dictionary<AuditKey, long>();
        foreach (var signature in note.Signatures)
        {
            // Lines of keys that we do not know say nothing, good or bad.
            if (!keys.TryGetValue((signature.Name, signature.KeyId), out var key)) continue;

            if (!signature.IsBy(key, note.Text.Span, out var time))
                throw AuditException.Refuted($"The checkpoint's signature by `{key.Name}` (key {key.Id:x8}) is wrong.");

            if (time is { } seconds) cosignatures[key] = Math.Max(seconds, cosignatures.GetValueOrDefault(key));
            else isSigned |= key.Name == checkpoint.Origin;
        }

        if (!isSigned) throw AuditException.Refuted($"The checkpoint of `{checkpoint.Origin}` is signed by none of the given keys of that log.");
        return new(bytes, checkpoint, cosignatures);
    }

    /// <exception cref="AuditException"><see cref="AuditOutcome.PolicyUnmet"/>.</exception>
    internal void RequireQuorum(SignedCheckpoint signed)
    {
        if (Witnesses.IsMetBy(signed.Cosignatures.Keys.ToHashSet())) return;

        throw new AuditException(
            AuditOutcome.PolicyUnmet,
            $"The checkpoint of size {signed.Checkpoint.Size} bears cosignatures of {signed.Cosignatures.Count} of " +
            $"{Witnesses.Witnesses.Count} trusted witnesses, which is no quorum by the policy.");
    }
}

/// <summary>A checkpoint that the log signed.</summary>
/// <param name="Note">As received.</param>
/// <param name="Checkpoint">What it says.</param>
/// <param name="Cosignatures">Trusted witnesses that saw it, and when, in Unix seconds.</param>
sealed record SignedCheckpoint(ReadOnlyMemory<byte> Note, Checkpoint Checkpoint, IReadOnlyDictionary<AuditKey, long> Cosignatures)
{
    public DateTimeOffset? NewestCosignature =>
        Cosignatures.Count == 0
            ? null
            : DateTimeOffset.FromUnixTimeSeconds(Math.Min(Cosignatures.Values.Max(), DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
}
