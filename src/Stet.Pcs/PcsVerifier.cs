using System.Diagnostics.CodeAnalysis;

namespace Stet.Pcs;

/// <summary>Verifies documents: pure functions of body, tenant and time, which no body makes throw.</summary>
public static class PcsVerifier
{
    /// <summary>Steps 4 to 8 of the verification, but for what only the store knows.</summary>
    /// <param name="body">As it was received, at most <see cref="PcsDocument.MaxBodyBytes"/>.</param>
    /// <param name="tenant">The tenant that was claimed.</param>
    /// <param name="now">When it was received, by the server's clock.</param>
    public static PcsVerdict Verify(ReadOnlySpan<byte> body, PcsTenant tenant, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(tenant);

        if (!PcsDocument.TryRead(body, out var document, out var malformed)) return new PcsRefused(malformed, null);
        if (!TryAuthenticate(document, tenant, now, out var authenticity, out var unauthentic))
            return new PcsRefused(unauthentic, document);

        return new PcsVerified(
            document, authenticity, document.ContentDigest(), Staleness(document, tenant.Parameters, now),
            PcsAssessment.Of(document, tenant.Parameters));
    }

    /// <summary>Step 6: whether a valid key of the tenant made the signature; if not, the refusal has status 401.</summary>
    internal static bool TryAuthenticate(
        PcsDocument document, PcsTenant tenant, DateTimeOffset now,
        [NotNullWhen(true)] out PcsAuthenticity? authenticity, [NotNullWhen(false)] out PcsRefusal? refusal)
    {
        authenticity = null;
        if (document.Header is null && tenant.Policy == PcsSignaturePolicy.None)
        {
            (authenticity, refusal) = (PcsAuthenticity.Unsigned, null);
            return true;
        }

        refusal = document.Sig is not { } sig
            ? Refusals.SignatureMissing
            : document.Header is { } header
                ? AuthenticateV10(document, header, sig, tenant, now, out authenticity)
                : AuthenticateV01(document, sig, tenant, now, out authenticity);
        return refusal is null;
    }

    /// <summary>
    /// The time part of step 7, which holds for an id that is not known yet: null if the document is fresh. 0.1 does not
    /// sign its time and always is.
    /// </summary>
    static PcsRefusal? Staleness(PcsDocument document, PcsParameters parameters, DateTimeOffset now)
    {
        if (document.Header is null || document.SentAtTime() is not { } sentAt) return null;

        var age = now - sentAt;
        if (age > (document.Delivery.OutboxSeq > 0 ? parameters.MaxAgeFromOutbox : parameters.MaxAge))
            return Refusals.SentAtStale;

        return age < -parameters.MaxAhead ? Refusals.SentAtInFuture : null;
    }

    static PcsRefusal? AuthenticateV01(
        PcsDocument document, string sig, PcsTenant tenant, DateTimeOffset now, out PcsAuthenticity? authenticity)
    {
        authenticity = null;
        Span<byte> signature = stackalloc byte[SignatureText.MaxSize];
        if (!SignatureText.TryDecode(sig, signature, out var length)) return Refusals.SignatureEncoding;

        signature = signature[..length];
        var hasKey = false;
        using var forms = new SignedForms(document, stackalloc byte[1536]);

        foreach (var key in tenant.Keys)
        {
            if (key.Use != PcsVersion.V01 || !key.Validity.Includes(now)) continue;
            hasKey = true;
            if (length != SizeOf(key.Algorithm)) continue;

            if (forms.DialectOf(key, signature) is var dialect and not PcsDialect.None)
            {
                authenticity = new PcsAuthenticity(dialect, key.Kid);
                return null;
            }
        }

        return hasKey ? Refusals.SignatureInvalid : Refusals.KeyUnknown;
    }

    static PcsRefusal? AuthenticateV10(
        PcsDocument document, PcsHeader header, string sig, PcsTenant tenant, DateTimeOffset now,
        out PcsAuthenticity? authenticity)
    {
        authenticity = null;
        Span<byte> signature = stackalloc byte[SignatureText.MaxSize];
        if (!SignatureText.TryDecode(sig, signature, out var length)) return Refusals.SignatureEncoding;
        if (header.Tenant != tenant.Id) return Refusals.TenantMismatch;
        if (KeyOf(tenant, header.Kid) is not { } key) return Refusals.KeyUnknown;
        if (!key.Validity.Includes(now)) return Refusals.KeyNotValid;
        if (key.Algorithm != header.Algorithm) return Refusals.AlgMismatch;

        var text = new TextBuffer(stackalloc byte[1024]);
        CanonicalForm.Write(ref text, document, Extent.Signed);
        var isAuthentic = PcsSignature.IsBy(key, text.Written, signature[..length]);
        text.Dispose();
        if (!isAuthentic) return Refusals.SignatureInvalid;

        authenticity = new PcsAuthenticity(PcsDialects.OfV10(key.Algorithm), key.Kid);
        return null;
    }

    static PcsKey? KeyOf(PcsTenant tenant, string kid)
    {
        foreach (var key in tenant.Keys)
            if (key.Use == PcsVersion.V10 && key.Kid == kid) return key;

        return null;
    }

    static int SizeOf(PcsAlgorithm algorithm) =>
        algorithm == PcsAlgorithm.HS256 ? SignatureText.HmacSize : SignatureText.MaxSize;
}
