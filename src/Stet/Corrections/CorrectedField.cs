namespace Stet.Corrections;

/// <summary>What deciding about one field of one subject takes, and nothing for readers.</summary>
/// <param name="Standing">The correction in force; null after a revocation.</param>
/// <param name="Revoked">The correction that was revoked last; null when none ever was.</param>
public sealed record CorrectedField(CorrectionId? Standing, CorrectionId? Revoked)
{
    public static CorrectedField Create(CorrectionRecorded e) => new(e.CorrectionId, null);

    public CorrectedField Apply(CorrectionRecorded e) => this with { Standing = e.CorrectionId };

    public CorrectedField Apply(CorrectionRevoked e) => new(null, e.CorrectionId);
}
