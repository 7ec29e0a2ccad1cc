namespace Stet.Corrections;

/// <summary>What deciding about one field of one subject takes, and nothing for readers.</summary>
/// <param name="Standing">The correction in force; null after a revocation.</param>
/// <param name="Revoked">The correction whose revocation left nothing standing; null when one stands.</param>
public sealed record CorrectedField(CorrectionId? Standing, CorrectionId? Revoked)
{
    // INVARIANT: one of these two ends every append to a field, so the newest event tells the state by itself.
    public static CorrectedField Create(CorrectionRecorded e) => new(e.CorrectionId, null);

    public static CorrectedField Create(CorrectionRevoked e) => new(null, e.CorrectionId);
}
