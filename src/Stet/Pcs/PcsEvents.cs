namespace Stet.Pcs.Service;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>A document was verified, and its values agree with each other.</summary>
/// <param name="Submission">What was verified, and what came of it.</param>
public sealed record PcsAccepted(Submission Submission);

/// <summary>A document was verified, and somebody has to look at its values.</summary>
/// <param name="Submission">What was verified, and what came of it.</param>
public sealed record PcsEscalated(Submission Submission);

/// <summary>A document and its verdict: all that it takes to come to the same verdict again.</summary>
/// <param name="Document">The whole document, as the text that it is stored as: no number of it is touched.</param>
/// <param name="ContentDigest">SHA-256 of what it says apart from delivery and signature, 64 hexadecimal digits.</param>
/// <param name="BodyHash">SHA-256 of the body that was received, 64 hexadecimal digits.</param>
/// <param name="Dialect">How it was signed: <c>A-bytes</c> ... <c>JCS-Ed25519</c>, <c>none</c>.</param>
/// <param name="Kid">The key that verified it; null for dialect <c>none</c>.</param>
/// <param name="RecomputedDHat">D̂ out of the document's own counts.</param>
/// <param name="RecomputedBudget">Budget out of the claimed D̂, coh★ and r.</param>
/// <param name="Reasons">What was found, in the order of the checks.</param>
/// <param name="ParameterVersion">Which of the tenant's parameters were in force; 0: the defaults.</param>
/// <param name="SentAtDifferenceMs">Time of receipt minus <c>sent_at</c>, milliseconds; null when that names no time.</param>
/// <param name="ReceivedAt">UTC, microseconds, by the server's clock.</param>
public sealed record Submission(
    PcsDocument Document, string ContentDigest, string BodyHash, string Dialect, string? Kid, double RecomputedDHat,
    double RecomputedBudget, ValueList<PcsFinding> Reasons, long ParameterVersion, long? SentAtDifferenceMs,
    DateTimeOffset ReceivedAt);

/// <summary>An authentic document said something else under an id that was known.</summary>
/// <param name="PcsId">The id.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="ContentDigest">Of the new document.</param>
/// <param name="FirstContentDigest">Of the document that came first.</param>
/// <param name="FirstPosition">Where that is in the log.</param>
/// <param name="Members">Names of the members that differ.</param>
/// <param name="SignedPartDiffers">
/// Whether the signature covers one of them. If not, a third party may have altered one copy on its way: the event must
/// not be counted against the shard.
/// </param>
/// <param name="Document">The new document.</param>
/// <param name="BodyHash">SHA-256 of the body that was received, 64 hexadecimal digits.</param>
/// <param name="Dialect">How the new document was signed.</param>
/// <param name="Kid">The key that verified it; null for dialect <c>none</c>.</param>
/// <param name="ReceivedAt">UTC, microseconds, by the server's clock.</param>
public sealed record PcsEquivocated(
    string PcsId, string ShardId, string ContentDigest, string FirstContentDigest, long FirstPosition, StringSet Members,
    bool SignedPartDiffers, PcsDocument Document, string BodyHash, string Dialect, string? Kid, DateTimeOffset ReceivedAt);

/// <summary>Somebody looked at an escalated document and decided.</summary>
/// <param name="PcsId">Which.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="Resolution"><c>accepted</c> or <c>rejected</c>.</param>
/// <param name="Comment">Why, at most 2,000 characters; null when nothing was said.</param>
/// <param name="ResolvedBy">Subject of the verified credential.</param>
/// <param name="ResolvedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PcsEscalationResolved(
    string PcsId, string ShardId, string Resolution, string? Comment, string ResolvedBy, DateTimeOffset ResolvedAt);

/// <summary>A submission in a tenant's name was not authentic. Nothing else of it is kept.</summary>
/// <param name="Code">Why: the problem's code.</param>
/// <param name="PcsId">The id of a well-formed document; null when there was none.</param>
/// <param name="BodyHash">SHA-256 of the body, 64 hexadecimal digits.</param>
/// <param name="BodyLength">Bytes of the body.</param>
/// <param name="SourceAddress">Where it came from; null when that is not known.</param>
/// <param name="Suppressed">How many refusals before it were not recorded, because there were too many.</param>
/// <param name="RefusedAt">UTC, microseconds, by the server's clock.</param>
public sealed record PcsRefused(
    string Code, string? PcsId, string BodyHash, int BodyLength, string? SourceAddress, long Suppressed,
    DateTimeOffset RefusedAt);

/// <summary>A key may sign documents from now on; of one that was known, the validity is another.</summary>
/// <param name="Kid">Its name within the tenant.</param>
/// <param name="Use"><c>0.1</c> or <c>1.0</c>: which documents.</param>
/// <param name="Alg"><c>HS256</c> or <c>Ed25519</c>.</param>
/// <param name="PublicKey">Base64 of the 32 bytes of an Ed25519 key; null for a secret.</param>
/// <param name="Fingerprint">Tells keys apart and tells nothing about a secret, 64 hexadecimal digits.</param>
/// <param name="NotBefore">From when on; null: ever since.</param>
/// <param name="NotAfter">Until when, exclusive; null: without end.</param>
/// <param name="RegisteredAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PcsKeyRegistered(
    string Kid, string Use, string Alg, string? PublicKey, string Fingerprint, DateTimeOffset? NotBefore,
    DateTimeOffset? NotAfter, DateTimeOffset RegisteredAt);

/// <summary>A key signs nothing any more. Verdicts stay as they are.</summary>
/// <param name="Kid">Its name within the tenant.</param>
/// <param name="RevokedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PcsKeyRevoked(string Kid, DateTimeOffset RevokedAt);

/// <summary>Documents of 0.1 have to be signed from now on, or need not be.</summary>
/// <param name="Policy"><c>required</c> or <c>none</c>.</param>
/// <param name="SetAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PcsSignaturePolicySet(string Policy, DateTimeOffset SetAt);

/// <summary>Other parameters are in force.</summary>
/// <param name="Version">Counts the tenant's parameters, from 1.</param>
/// <param name="Parameters">All of them.</param>
/// <param name="SetAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record PcsParametersSet(long Version, PcsParameters Parameters, DateTimeOffset SetAt);
