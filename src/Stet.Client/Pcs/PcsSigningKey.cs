using Stet.Pcs;

namespace Stet.Client.Pcs;

/// <summary>The key that signs an agent's documents. It prints no key material.</summary>
public sealed class PcsSigningKey
{
    readonly string? secret;
    readonly byte[] seed;

    PcsSigningKey(PcsAlgorithm algorithm, string? secret, byte[] seed) =>
        (Algorithm, this.secret, this.seed) = (algorithm, secret, seed);

    /// <summary>HS256 or Ed25519.</summary>
    public PcsAlgorithm Algorithm { get; }

    /// <summary>Ed25519: the public key, 32 bytes, as it is registered with the service; null for a secret.</summary>
    public byte[]? PublicKey => Algorithm == PcsAlgorithm.Ed25519 ? Stet.AuditLog.Ed25519.Default.PublicKey(seed) : null;

    /// <summary>A shared secret: text whose UTF-8 is the key of HMAC-SHA256. For 1.0 at least 32 bytes.</summary>
    /// <exception cref="AgentException">It is empty.</exception>
    public static PcsSigningKey Hmac(string secret) => string.IsNullOrEmpty(secret)
        ? throw new AgentException("The secret is empty.")
        : new PcsSigningKey(PcsAlgorithm.HS256, secret, []);

    /// <summary>A private key of Ed25519 (RFC 8032), 32 bytes.</summary>
    /// <exception cref="AgentException">It has not 32 bytes.</exception>
    public static PcsSigningKey Ed25519(ReadOnlySpan<byte> seed) => seed.Length == Stet.AuditLog.Ed25519.SeedSize
        ? new PcsSigningKey(PcsAlgorithm.Ed25519, secret: null, seed.ToArray())
        : throw new AgentException("A private key of Ed25519 has 32 bytes.");

    /// <summary>The document with this key's signature: in 0.1 in the dialects of the existing agents.</summary>
    /// <exception cref="AgentException">The key is none for this document.</exception>
    public PcsDocument Sign(PcsDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var isV10 = document.Version == PcsVersion.V10;
        if (isV10 && document.Header!.Algorithm != Algorithm)
            throw new AgentException($"The document names {document.Header.Algorithm.Name()}, and the key is one of {Algorithm.Name()}.");
        if (isV10 && secret is not null && System.Text.Encoding.UTF8.GetByteCount(secret) < PcsKey.MinSecretBytes)
            throw new AgentException($"A secret for 1.0 has at least {PcsKey.MinSecretBytes} bytes.");

        return secret is not null
            ? PcsSignature.SignWithHmac(document, secret, isV10 ? PcsDialect.JcsHs256 : PcsDialect.ABytes)
            : PcsSignature.SignWithEd25519(document, seed, isV10 ? PcsDialect.JcsEd25519 : PcsDialect.AEd25519);
    }

    /// <summary>The bytes to send of a document with its number in the outbox, signed again where that is under the signature.</summary>
    /// <param name="document">As it was built; of 0.1 its signature stays.</param>
    /// <param name="seq">Its number.</param>
    /// <param name="clockSkew">For <c>ft.clock_skew_ms</c>.</param>
    /// <param name="key">Null: none is at hand.</param>
    /// <exception cref="AgentException">See <see cref="Check"/>.</exception>
    public static byte[] Number(PcsDocument document, long seq, TimeSpan clockSkew, PcsSigningKey? key)
    {
        ArgumentNullException.ThrowIfNull(document);
        Check(document, key);
        var numbered = Numbered(document, seq, clockSkew);
        return key is null || (document.Version == PcsVersion.V01 && document.Sig is not null)
            ? numbered.ToJson()
            : key.Sign(numbered).ToJson();
    }

    /// <summary>Whether a document can be numbered.</summary>
    /// <param name="document">As it was built.</param>
    /// <param name="key">Null: none is at hand.</param>
    /// <exception cref="AgentException">
    /// A document of 1.0 has to be signed again, and there is no key for it, or another than the one that signed it.
    /// </exception>
    public static void Check(PcsDocument document, PcsSigningKey? key)
    {
        ArgumentNullException.ThrowIfNull(document);
        if (document.Version == PcsVersion.V01) return;
        if (key is null)
            throw new AgentException("A document of 1.0 has its number in the outbox under its signature: give the key too.");

        if (document.Sig is { } sig && key.Sign(document).Sig != sig)
            throw new AgentException("The document was signed with another key than the one given, or changed since: give the key that signed it.");
    }

    internal static PcsDocument Numbered(PcsDocument document, long seq, TimeSpan clockSkew) => document with
    {
        Delivery = document.Delivery with { OutboxSeq = seq, ClockSkewMs = (long)clockSkew.TotalMilliseconds },
    };
}
