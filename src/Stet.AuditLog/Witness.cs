using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Stet.AuditLog;

/// <summary>
/// The rules by which a witness cosigns (C2SP tlog-witness): never two checkpoints of a log that are not of one
/// history. State comes in, an answer goes out; who calls this keeps the state and speaks HTTP.
/// </summary>
public sealed class Witness
{
    readonly SignerKey signer;
    readonly ILookup<string, VerifierKey> keysByOrigin;

    /// <param name="signer">The witness's key, of type <see cref="SignatureType.Cosignature"/>.</param>
    /// <param name="logs">The logs it knows, each by one or more keys named like its origin.</param>
    /// <exception cref="ArgumentException">A key is of the wrong type.</exception>
    public Witness(SignerKey signer, IReadOnlyCollection<VerifierKey> logs)
    {
        ArgumentNullException.ThrowIfNull(signer);
        if (signer.Verifier.Type != SignatureType.Cosignature)
            throw new ArgumentException("A witness signs with a key of type 0x04.", nameof(signer));
        if (logs.Any(key => key.Type != SignatureType.Ed25519))
            throw new ArgumentException("A log signs with a key of type 0x01.", nameof(logs));

        this.signer = signer;
        keysByOrigin = logs.ToLookup(key => key.Name);
    }

    /// <summary>Reads a request, up to where the state of its log is needed.</summary>
    /// <param name="body">The body of <c>POST add-checkpoint</c>.</param>
    /// <param name="request">The request, whose origin is one of the known logs.</param>
    /// <param name="refusal">The answer if there is nothing to decide: 400 or 404.</param>
    public bool TryRead(
        ReadOnlySpan<byte> body, [NotNullWhen(true)] out AddCheckpointRequest? request,
        [NotNullWhen(false)] out WitnessAnswer? refusal)
    {
        (request, refusal) = (null, null);
        try
        {
            var read = AddCheckpointRequest.Parse(body);
            if (keysByOrigin.Contains(read.Origin)) request = read;
            else refusal = Refuse(404, "This witness does not know the log: have its key configured here.");
        }
        catch (AuditLogFormatException malformed)
        {
            refusal = Refuse(400, malformed.Message);
        }

        return request is not null;
    }

    /// <summary>Decides about a request. One at a time for an origin, or the stored note may be out of date.</summary>
    /// <param name="request">What <see cref="TryRead"/> has read.</param>
    /// <param name="stored">What <see cref="WitnessAnswer.ToStore"/> was for the origin last; null for none.</param>
    /// <param name="now">The time to cosign at; fractions of a second are cut off.</param>
    /// <returns>
    /// 200 with the cosignature, once the note to store is on disk; 400, 403, 409 or 422 else, and nothing to store.
    /// </returns>
    /// <exception cref="AuditLogFormatException">The stored note is damaged: there is no safe answer.</exception>
    public WitnessAnswer Decide(AddCheckpointRequest request, SignedNote? stored, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        SignedNote note;
        Checkpoint checkpoint;
        try
        {
            note = SignedNote.Parse(request.Note);
            checkpoint = Checkpoint.ParseWithAnyRoot(note.Text);
        }
        catch (AuditLogFormatException malformed)
        {
            return Refuse(400, malformed.Message);
        }

        if (!Checkpoint.TryOpenParsed(note, checkpoint, [.. keysByOrigin[request.Origin]], out var opened, out var unsigned))
            return Refuse(403, unsigned);
        if (checkpoint.HasImpossibleRoot)
            return Refuse(422, "The checkpoint has no leaves and another root than that of none.");
        if (request.OldSize > checkpoint.Size)
            return Refuse(400, "The old size is larger than that of the checkpoint.");

        var last = stored is null
            ? new Checkpoint(checkpoint.Origin, 0, LogHash.EmptyRoot)
            : Checkpoint.Parse(stored.Text);
        if (request.OldSize != last.Size)
        {
            return new WitnessAnswer(
                409, "text/x.tlog.size", string.Create(CultureInfo.InvariantCulture, $"{last.Size}\n"));
        }

        if (!GoesOn(last, checkpoint, request.Hashes))
            return Refuse(422, "The proof does not show that the checkpoint goes on from the one cosigned last.");

        var cosignature = signer.Cosign(note.Text, now.ToUnixTimeSeconds());
        return new WitnessAnswer(200, WitnessAnswer.PlainText, $"{cosignature}\n")
        {
            // Lines that nobody checked are not worth keeping.
            ToStore = new SignedNote(note.Text, [.. opened.Note.Verified.Select(line => line.Signature), cosignature]),
        };
    }

    static bool GoesOn(Checkpoint last, Checkpoint next, IReadOnlyList<LogHash> hashes)
    {
        if (last.Size == next.Size) return hashes.Count == 0 && last.Root == next.Root;
        if (last.Size == 0) return hashes.Count == 0;

        return MerkleProof.VerifyConsistency(last.Size, next.Size, last.Root, next.Root, [.. hashes]);
    }

    static WitnessAnswer Refuse(int status, string reason) => new(status, WitnessAnswer.PlainText, $"{reason}\n");
}

/// <summary>What a witness answers.</summary>
/// <param name="Status">The HTTP status: 200, 400, 403, 404, 409 or 422.</param>
/// <param name="ContentType">The type of the body.</param>
/// <param name="Body">The cosignature line, the size stored (409), or a reason.</param>
public sealed record WitnessAnswer(int Status, string ContentType, string Body)
{
    internal const string PlainText = "text/plain; charset=utf-8";

    /// <summary>
    /// What to store for the origin, durably and before the answer is sent: the checkpoint with the log's and the
    /// witness's signatures. Null unless the status is 200.
    /// </summary>
    public SignedNote? ToStore { get; init; }
}
