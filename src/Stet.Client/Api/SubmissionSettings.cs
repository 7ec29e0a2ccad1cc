using System.Text.Json.Serialization;

namespace Stet.Client.Api;

/// <summary>A key that may sign a tenant's documents: made by <see cref="Hmac"/> or <see cref="Ed25519"/>.</summary>
public sealed record NewSigningKey
{
    NewSigningKey(string use, string alg) => (Use, Alg) = (use, alg);

    /// <summary><c>0.1</c> or <c>1.0</c>: the documents that it signs, and no others.</summary>
    public string Use { get; }

    /// <summary><c>HS256</c> or <c>Ed25519</c>.</summary>
    public string Alg { get; }

    /// <summary>For HS256; it is never shown again.</summary>
    public string? Secret { get; private init; }

    /// <summary>For Ed25519: standard base64 of 32 bytes.</summary>
    public string? PublicKey { get; private init; }

    /// <summary>From when on it may sign; null: ever since.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Until when, exclusive; null: without end.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>A shared secret.</summary>
    /// <param name="use"><c>0.1</c> or <c>1.0</c>.</param>
    /// <param name="secret">Text whose UTF-8 is the secret, 1 to 1,024 characters, for 1.0 at least 32 bytes.</param>
    public static NewSigningKey Hmac(string use, string secret) => new(use, "HS256") { Secret = secret };

    /// <summary>A public key.</summary>
    /// <param name="use"><c>0.1</c> or <c>1.0</c>.</param>
    /// <param name="publicKey">32 bytes.</param>
    public static NewSigningKey Ed25519(string use, ReadOnlySpan<byte> publicKey) =>
        new(use, "Ed25519") { PublicKey = Convert.ToBase64String(publicKey) };

    /// <summary>Use and algorithm, and nothing secret.</summary>
    public override string ToString() => $"{Alg} for {Use}";
}

/// <summary>A key as it is shown: a secret never is.</summary>
/// <param name="Kid">Its name within the tenant.</param>
/// <param name="Use"><c>0.1</c> or <c>1.0</c>.</param>
/// <param name="Alg"><c>HS256</c> or <c>Ed25519</c>.</param>
/// <param name="PublicKey">Base64; null for a secret.</param>
/// <param name="Fingerprint">Tells keys apart, 64 hexadecimal digits.</param>
/// <param name="State"><c>valid</c>, <c>pending</c>, <c>expired</c> or <c>revoked</c>, by the server's clock.</param>
/// <param name="NotBefore">From when on it may sign; null: ever since.</param>
/// <param name="NotAfter">Until when, exclusive; null: without end.</param>
/// <param name="RegisteredAt">When it was registered first.</param>
/// <param name="RevokedAt">Since when it signs nothing; null: it is not revoked.</param>
public sealed record SigningKey(
    string Kid, string Use, string Alg, string? PublicKey, string Fingerprint, string State, DateTimeOffset? NotBefore,
    DateTimeOffset? NotAfter, DateTimeOffset RegisteredAt, DateTimeOffset? RevokedAt);

/// <summary>A tenant's keys.</summary>
/// <param name="Keys">In the order in which 0.1 tries them.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SigningKeys(IReadOnlyList<SigningKey> Keys, long Position);

/// <summary>Whether documents of 0.1 have to be signed; those of 1.0 always have to be.</summary>
[JsonConverter(typeof(LowerCase<SignaturePolicy>))]
public enum SignaturePolicy
{
    /// <summary>They have to be.</summary>
    Required,

    /// <summary>Their signatures are not looked at.</summary>
    None,
}

sealed record NewSignaturePolicy(SignaturePolicy Policy);

/// <summary>A tenant's signature policy.</summary>
/// <param name="Policy">In force.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SignaturePolicyInForce(SignaturePolicy Policy, long Position);

/// <summary>How documents are assessed; what is left out has the default that is named here.</summary>
public sealed record SubmissionParameters
{
    /// <summary>Budget without any contribution, 0 to 1; 0.1.</summary>
    public double? BudgetBase { get; init; }

    /// <summary>Weight of 1 - r, at least 0; 0.3.</summary>
    public double? CompressibilityWeight { get; init; }

    /// <summary>Weight of D̂ above its threshold, at least 0; 0.5.</summary>
    public double? DHatWeight { get; init; }

    /// <summary>Weight of coh★, at least 0; 0.2.</summary>
    public double? CoherenceWeight { get; init; }

    /// <summary>From which on D̂ costs budget, at least 0; 2.2.</summary>
    public double? DHatThreshold { get; init; }

    /// <summary>Least coh★ of the sticky regime, at least 0; 0.7.</summary>
    public double? StickyCohStar { get; init; }

    /// <summary>Greatest D̂ of the sticky regime, less than the next; 1.5.</summary>
    public double? StickyDHat { get; init; }

    /// <summary>Least D̂ of the non-sticky regime; 2.6.</summary>
    public double? NonStickyDHat { get; init; }

    /// <summary>How far a claimed D̂ may be off, 0 to 1; 0.15.</summary>
    public double? DHatTolerance { get; init; }

    /// <summary>How far coh★ may be above 1, 0 to 1; 0.05.</summary>
    public double? CohStarTolerance { get; init; }

    /// <summary>How far a claimed budget may be off, 0 to 1; 0.01.</summary>
    public double? BudgetTolerance { get; init; }

    /// <summary>How old a document of 1.0 may be, up to 366 days; 600.</summary>
    public long? MaxAgeSeconds { get; init; }

    /// <summary>How old one from an outbox may be; 1,209,600.</summary>
    public long? MaxOutboxAgeSeconds { get; init; }

    /// <summary>How far ahead a sender's clock may be; 600.</summary>
    public long? MaxAheadSeconds { get; init; }

    /// <summary>For how long the first answer is given again to the same content, 1 hour to 366 days; the service's setting.</summary>
    public long? AnswerLifetimeSeconds { get; init; }
}

/// <summary>How a tenant's documents are assessed.</summary>
/// <param name="Version">Counts the tenant's parameters; 0: the defaults.</param>
/// <param name="Parameters">Those in force, none of them null.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record ParametersInForce(long Version, SubmissionParameters Parameters, long Position);
