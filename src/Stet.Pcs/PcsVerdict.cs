namespace Stet.Pcs;

/// <summary>Whether a tenant's documents of 0.1 have to be signed. Those of 1.0 always have to.</summary>
public enum PcsSignaturePolicy
{
    /// <summary><c>required</c>: by a key of the tenant.</summary>
    Required,

    /// <summary><c>none</c>: a signature is not looked at.</summary>
    None,
}

/// <summary>What verification has to know of a tenant. A snapshot: nothing is looked up.</summary>
/// <param name="Id">As <c>tenant</c> of 1.0 names it.</param>
/// <param name="Policy">Whether documents of 0.1 have to be signed.</param>
/// <param name="Keys">All keys, valid or not, in the order of their registration.</param>
/// <param name="Parameters">The version of the tenant's parameters in force.</param>
public sealed record PcsTenant(
    string Id, PcsSignaturePolicy Policy, IReadOnlyList<PcsKey> Keys, PcsParameters Parameters);

/// <summary>What verification says of a body: <see cref="PcsRefused"/> or <see cref="PcsVerified"/>.</summary>
public abstract record PcsVerdict
{
    private protected PcsVerdict()
    {
    }
}

/// <summary>The body is no document, or nobody who may has signed it: nothing of it is stored under its id.</summary>
/// <param name="Refusal">Why.</param>
/// <param name="Document">The document, if it is one; then only its signature was refused.</param>
public sealed record PcsRefused(PcsRefusal Refusal, PcsDocument? Document) : PcsVerdict;

/// <summary>The document is authentic and well-formed.</summary>
/// <param name="Document">The document.</param>
/// <param name="Authenticity">Who signed it, and how.</param>
/// <param name="ContentDigest"><see cref="PcsDocument.ContentDigest"/>: tells a duplicate from a conflict.</param>
/// <param name="Staleness">Why it is refused unless its id is known; null if it is fresh, as 0.1 always is.</param>
/// <param name="Assessment">What its values come to.</param>
public sealed record PcsVerified(
    PcsDocument Document, PcsAuthenticity Authenticity, string ContentDigest, PcsRefusal? Staleness,
    PcsAssessment Assessment) : PcsVerdict;
