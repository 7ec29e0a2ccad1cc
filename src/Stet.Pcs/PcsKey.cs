using System.Text;

namespace Stet.Pcs;

/// <summary>A signature algorithm, as 1.0 names it.</summary>
public enum PcsAlgorithm
{
    /// <summary>HMAC-SHA256 (RFC 2104) with a shared secret.</summary>
    HS256,

    /// <summary>Ed25519 (RFC 8032).</summary>
    Ed25519,
}

/// <summary>When a key may be used.</summary>
/// <param name="NotBefore">From when on; null: ever since.</param>
/// <param name="NotAfter">Until when, exclusive; null: without end.</param>
/// <param name="RevokedAt">Since when it is revoked; null: it is not.</param>
public sealed record PcsKeyValidity(
    DateTimeOffset? NotBefore = null, DateTimeOffset? NotAfter = null, DateTimeOffset? RevokedAt = null)
{
    /// <summary>Always, until it is revoked.</summary>
    public static PcsKeyValidity Unlimited { get; } = new();

    /// <summary>Whether a key may be used at a time.</summary>
    public bool Includes(DateTimeOffset now) => now >= (NotBefore ?? now) && !(now >= NotAfter) && !(now >= RevokedAt);
}

/// <summary>A key that verifies documents of one version and no others. It prints no key material.</summary>
public sealed class PcsKey
{
    /// <summary>Fewest bytes of a secret of 1.0.</summary>
    public const int MinSecretBytes = 32;

    readonly byte[] material;

    PcsKey(string kid, PcsVersion use, PcsAlgorithm algorithm, byte[] material, PcsKeyValidity? validity)
    {
        ArgumentException.ThrowIfNullOrEmpty(kid);
        (Kid, Use, Algorithm, this.material) = (kid, use, algorithm, material);
        Validity = validity ?? PcsKeyValidity.Unlimited;
    }

    /// <summary>The key's name within the tenant.</summary>
    public string Kid { get; }

    /// <summary>Which version of the document it verifies.</summary>
    public PcsVersion Use { get; }

    /// <summary>Its algorithm.</summary>
    public PcsAlgorithm Algorithm { get; }

    /// <summary>When it may be used.</summary>
    public PcsKeyValidity Validity { get; }

    internal ReadOnlySpan<byte> Material => material;

    /// <summary>In which dialect of 0.1 it was last found to have signed: tried first, and of no other effect.</summary>
    internal PcsDialect LastDialect { get; set; }

    /// <summary>Name, algorithm and version.</summary>
    public override string ToString() => $"{Kid} ({Algorithm.Name()} for {Use.Name()})";

    /// <summary>A shared secret.</summary>
    /// <param name="kid">The key's name within the tenant, not empty.</param>
    /// <param name="use">Which version of the document it verifies.</param>
    /// <param name="secret">Text whose UTF-8 is the secret; never empty, in 1.0 at least 32 bytes.</param>
    /// <param name="validity">When it may be used; null: always.</param>
    /// <exception cref="ArgumentException">The secret is too short, or the name is empty.</exception>
    public static PcsKey Hmac(string kid, PcsVersion use, string secret, PcsKeyValidity? validity = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(secret);
        var bytes = Encoding.UTF8.GetBytes(secret);
        if (use == PcsVersion.V10 && bytes.Length < MinSecretBytes)
            throw new ArgumentException("A secret for 1.0 has at least 32 bytes of UTF-8.", nameof(secret));

        return new PcsKey(kid, use, PcsAlgorithm.HS256, bytes, validity);
    }

    /// <summary>A key that verifies nothing any more: of its secret, nothing needs to be known.</summary>
    /// <param name="kid">The key's name within the tenant, not empty.</param>
    /// <param name="use">Which version of the document it verified.</param>
    /// <param name="algorithm">Its algorithm.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static PcsKey Revoked(string kid, PcsVersion use, PcsAlgorithm algorithm) =>
        new(kid, use, algorithm, [], new PcsKeyValidity(RevokedAt: DateTimeOffset.MinValue));

    /// <summary>A public key.</summary>
    /// <param name="kid">The key's name within the tenant, not empty.</param>
    /// <param name="use">Which version of the document it verifies.</param>
    /// <param name="publicKey">32 bytes; one that is no point of the curve verifies nothing.</param>
    /// <param name="validity">When it may be used; null: always.</param>
    /// <exception cref="ArgumentException">The key has not 32 bytes, or the name is empty.</exception>
    public static PcsKey Ed25519(
        string kid, PcsVersion use, ReadOnlySpan<byte> publicKey, PcsKeyValidity? validity = null)
    {
        if (publicKey.Length != AuditLog.Ed25519.PublicKeySize)
            throw new ArgumentException("An Ed25519 public key has 32 bytes.", nameof(publicKey));

        return new PcsKey(kid, use, PcsAlgorithm.Ed25519, publicKey.ToArray(), validity);
    }
}
