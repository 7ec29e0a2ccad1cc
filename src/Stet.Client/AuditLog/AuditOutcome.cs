namespace Stet.Client.AuditLog;

/// <summary>What a verification came to. The numbers are the exit codes of <c>stet audit</c>.</summary>
public enum AuditOutcome
{
    /// <summary>Everything that was asked for holds.</summary>
    Verified = 0,

    /// <summary>A signature, root, proof, tile, entry or payload is not what the log committed to.</summary>
    Refuted = 1,

    /// <summary>The verifier was called wrongly, or a key or file it was given cannot be read.</summary>
    Usage = 2,

    /// <summary>The log did not answer, or lacks a resource that its checkpoint implies.</summary>
    Unavailable = 3,

    /// <summary>A resource does not have the format that it must have.</summary>
    Malformed = 4,

    /// <summary>Two validly signed checkpoints of the log contradict each other.</summary>
    Fork = 5,

    /// <summary>Too few of the trusted witnesses cosigned.</summary>
    PolicyUnmet = 6,

    /// <summary>The log is smaller than remembered, or its newest cosignature too old.</summary>
    Stale = 7,
}

/// <summary>Why a verification ended without success. The message names what failed and holds no secret.</summary>
public sealed class AuditException : Exception
{
    internal AuditException(AuditOutcome outcome, string message, Exception? cause = null)
        : base(message, cause) => Outcome = outcome;

    /// <summary>Never <see cref="AuditOutcome.Verified"/>.</summary>
    public AuditOutcome Outcome { get; }

    /// <summary>Whether a resource is not there, rather than out of reach for the moment.</summary>
    internal bool IsMissing { get; private init; }

    /// <summary>Whether the log has said that it is not to be had here any more.</summary>
    internal bool IsEnd { get; private init; }

    internal static AuditException Ended(string message) => new(AuditOutcome.Unavailable, message) { IsEnd = true };

    internal static AuditException Missing(string message) => new(AuditOutcome.Unavailable, message) { IsMissing = true };

    internal static AuditException Refuted(string message) => new(AuditOutcome.Refuted, message);

    internal static AuditException Usage(string message, Exception? cause = null) =>
        new(AuditOutcome.Usage, message, cause);

    internal static AuditException Unavailable(string message, Exception? cause = null) =>
        new(AuditOutcome.Unavailable, message, cause);

    internal static AuditException Malformed(string message, Exception? cause = null) =>
        new(AuditOutcome.Malformed, message, cause);
}
