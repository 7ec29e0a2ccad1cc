namespace Stet.Pcs;

/// <summary>How a document was signed.</summary>
public enum PcsDialect
{
    /// <summary>Not at all, for a tenant that admits it.</summary>
    None,

    /// <summary>0.1: HMAC-SHA256 of form A.</summary>
    ABytes,

    /// <summary>0.1: HMAC-SHA256 of the SHA-256 of form A.</summary>
    ADigest,

    /// <summary>0.1: HMAC-SHA256 of form B.</summary>
    BBytes,

    /// <summary>0.1: HMAC-SHA256 of the SHA-256 of form B.</summary>
    BDigest,

    /// <summary>0.1: HMAC-SHA256 of form J.</summary>
    JBytes,

    /// <summary>0.1: HMAC-SHA256 of the SHA-256 of form J.</summary>
    JDigest,

    /// <summary>0.1: HMAC-SHA256 of form G.</summary>
    GBytes,

    /// <summary>0.1: Ed25519 of the SHA-256 of form A.</summary>
    AEd25519,

    /// <summary>0.1: Ed25519 of the SHA-256 of form G.</summary>
    GEd25519,

    /// <summary>1.0: HMAC-SHA256 of the canonical JSON (RFC 8785) without <c>sig</c>.</summary>
    JcsHs256,

    /// <summary>1.0: Ed25519 of the canonical JSON (RFC 8785) without <c>sig</c>.</summary>
    JcsEd25519,
}

/// <summary>Names and properties of dialects.</summary>
public static class PcsDialects
{
    static readonly PcsDialect[] hmacOfV01 =
    [
        PcsDialect.ABytes, PcsDialect.ADigest, PcsDialect.BBytes, PcsDialect.BDigest, PcsDialect.JBytes,
        PcsDialect.JDigest, PcsDialect.GBytes,
    ];

    static readonly PcsDialect[] ed25519OfV01 = [PcsDialect.AEd25519, PcsDialect.GEd25519];

    /// <summary>The name that events hold: <c>A-bytes</c>, <c>JCS-HS256</c>, <c>none</c> ...</summary>
    public static string Name(this PcsDialect dialect) => dialect switch
    {
        PcsDialect.ABytes => "A-bytes",
        PcsDialect.ADigest => "A-digest",
        PcsDialect.BBytes => "B-bytes",
        PcsDialect.BDigest => "B-digest",
        PcsDialect.JBytes => "J-bytes",
        PcsDialect.JDigest => "J-digest",
        PcsDialect.GBytes => "G-bytes",
        PcsDialect.AEd25519 => "A-ed25519",
        PcsDialect.GEd25519 => "G-ed25519",
        PcsDialect.JcsHs256 => "JCS-HS256",
        PcsDialect.JcsEd25519 => "JCS-Ed25519",
        _ => "none",
    };

    /// <summary>The dialects of 0.1 that a key may have signed in, in the order in which they are tried.</summary>
    internal static ReadOnlySpan<PcsDialect> OfV01(PcsAlgorithm algorithm) =>
        algorithm == PcsAlgorithm.HS256 ? hmacOfV01 : ed25519OfV01;

    internal static PcsDialect OfV10(PcsAlgorithm algorithm) =>
        algorithm == PcsAlgorithm.HS256 ? PcsDialect.JcsHs256 : PcsDialect.JcsEd25519;

    internal static PcsAlgorithm Algorithm(this PcsDialect dialect) =>
        dialect is PcsDialect.AEd25519 or PcsDialect.GEd25519 or PcsDialect.JcsEd25519
            ? PcsAlgorithm.Ed25519
            : PcsAlgorithm.HS256;

    internal static SignedFormKind Form(this PcsDialect dialect) => dialect switch
    {
        PcsDialect.BBytes or PcsDialect.BDigest => SignedFormKind.B,
        PcsDialect.JBytes or PcsDialect.JDigest => SignedFormKind.J,
        PcsDialect.GBytes or PcsDialect.GEd25519 => SignedFormKind.G,
        _ => SignedFormKind.A,
    };

    internal static bool IsOfDigest(this PcsDialect dialect) =>
        dialect is PcsDialect.ADigest or PcsDialect.BDigest or PcsDialect.JDigest
            or PcsDialect.AEd25519 or PcsDialect.GEd25519;
}
