namespace Stet.Client.AuditLog;

/// <summary>What was verified, and how it ended.</summary>
/// <param name="Outcome">Of the whole.</param>
public sealed record AuditReport(AuditOutcome Outcome)
{
    /// <summary>What failed; null if nothing did.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the log is unavailable for good: it goes on under another origin.</summary>
    public bool HasEnded { get; init; }

    /// <summary>The log's name in the checkpoint; null, as all that follows, when it was not reached.</summary>
    public string? Origin { get; init; }

    /// <summary>Entries of the signed tree.</summary>
    public long? Size { get; init; }

    /// <summary>Of the signed tree, base64.</summary>
    public string? Root { get; init; }

    /// <summary>Names of the trusted witnesses that cosigned, in order.</summary>
    public IReadOnlyList<string> Cosigners { get; init; } = [];

    /// <summary>The newest time that one of them gave.</summary>
    public DateTimeOffset? NewestCosignature { get; init; }

    /// <summary>Size of the remembered checkpoint; null without one.</summary>
    public long? Remembered { get; init; }

    /// <summary>Entries read and found in the tree.</summary>
    public long Entries { get; init; }

    /// <summary>Payloads that are what their entries commit to.</summary>
    public long PayloadsIntact { get; init; }

    /// <summary>Payloads that were erased, as a later entry bears out, so that nobody can tell any more.</summary>
    public long PayloadsErased { get; init; }
}

/// <summary>What to verify beyond signatures and tree.</summary>
public sealed record AuditVerifierOptions
{
    /// <summary>How old the newest cosignature of a trusted witness may be, which is at most five minutes ahead; null for any time or none at all.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>File that keeps the newest verified checkpoint, which the next one must extend; null keeps none.</summary>
    public string? StateFile { get; init; }

    /// <summary>Folder that gets both notes of a contradiction; null keeps none.</summary>
    public string? EvidenceFolder { get; init; }

    /// <summary>File with the payloads, as an export has it; null verifies none.</summary>
    public string? PayloadsFile { get; init; }

    /// <summary>Leaves out the entries under the remembered checkpoint, which were verified when it was.</summary>
    public bool OnlyNewEntries { get; init; }
}
