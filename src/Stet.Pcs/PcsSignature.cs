using System.Security.Cryptography;
using System.Text;
using Stet.AuditLog;

namespace Stet.Pcs;

/// <summary>Whose signature a document bears.</summary>
/// <param name="Dialect">How it was signed.</param>
/// <param name="Kid">The key's name; null for an unsigned document.</param>
public sealed record PcsAuthenticity(PcsDialect Dialect, string? Kid)
{
    /// <summary>Not looked at, because the tenant's policy says so.</summary>
    public static PcsAuthenticity Unsigned { get; } = new(PcsDialect.None, Kid: null);
}

/// <summary>Signs documents.</summary>
public static class PcsSignature
{
    /// <summary>The document with a signature by HMAC-SHA256.</summary>
    /// <param name="document">Whatever signature it bears is replaced.</param>
    /// <param name="secret">Text whose UTF-8 is the secret.</param>
    /// <param name="dialect">How; for 1.0 <see cref="PcsDialect.JcsHs256"/> alone.</param>
    /// <exception cref="ArgumentException">The dialect is none for HMAC or for the document's version.</exception>
    public static PcsDocument SignWithHmac(PcsDocument document, string secret, PcsDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(document);
        Require(document, dialect, PcsAlgorithm.HS256);

        return document with
        {
            Sig = Convert.ToBase64String(
                HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Message(document, dialect))),
        };
    }

    /// <summary>The document with a signature by Ed25519.</summary>
    /// <param name="document">Whatever signature it bears is replaced.</param>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <param name="dialect">How; for 1.0 <see cref="PcsDialect.JcsEd25519"/> alone.</param>
    /// <exception cref="ArgumentException">
    /// The dialect is none for Ed25519 or for the document's version, or the seed has not 32 bytes.
    /// </exception>
    public static PcsDocument SignWithEd25519(PcsDocument document, ReadOnlySpan<byte> seed, PcsDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(document);
        Require(document, dialect, PcsAlgorithm.Ed25519);

        return document with
        {
            Sig = Convert.ToBase64String(Ed25519.Default.Sign(seed, Message(document, dialect))),
        };
    }

    /// <summary>Whether a key made a signature of these bytes.</summary>
    internal static bool IsBy(PcsKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (key.Algorithm == PcsAlgorithm.Ed25519) return Ed25519.Default.Verify(key.Material, message, signature);

        Span<byte> expected = stackalloc byte[SignatureText.HmacSize];
        HMACSHA256.HashData(key.Material, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    static byte[] Message(PcsDocument document, PcsDialect dialect)
    {
        if (document.Version == PcsVersion.V01)
        {
            using var forms = new SignedForms(document, stackalloc byte[1024]);
            return forms.Message(dialect).ToArray();
        }

        var text = new TextBuffer(stackalloc byte[1024]);
        CanonicalForm.Write(ref text, document, Extent.Signed);
        return text.ToArrayAndDispose();
    }

    static void Require(PcsDocument document, PcsDialect dialect, PcsAlgorithm algorithm)
    {
        var isV10 = dialect is PcsDialect.JcsHs256 or PcsDialect.JcsEd25519;
        if (dialect == PcsDialect.None || dialect.Algorithm() != algorithm ||
            isV10 != (document.Version == PcsVersion.V10) || (isV10 && document.Header!.Algorithm != algorithm))
        {
            throw new ArgumentException(
                $"A document of {document.Version.Name()} is not signed in the dialect {dialect.Name()} with this key.",
                nameof(dialect));
        }
    }
}
