namespace Stet.Pcs;

/// <summary>What a finding does to the verdict.</summary>
public enum PcsSeverity
{
    /// <summary><c>warning</c>: reported.</summary>
    Warning,

    /// <summary><c>escalation</c>: somebody has to look.</summary>
    Escalation,
}

/// <summary>Something about a document's values that is not as it should be.</summary>
/// <param name="Code">Stable, for machines.</param>
/// <param name="Severity">What it does to the verdict.</param>
/// <param name="Message">For people; may change.</param>
public sealed record PcsFinding(string Code, PcsSeverity Severity, string Message);

/// <summary>
/// Step 8 of the verification: what the values of a document come to. It says that they are consistent with each other;
/// coh★, r, v★ and the Merkle root cannot be recomputed without the data.
/// </summary>
/// <param name="RecomputedDHat">D̂ out of the document's own counts.</param>
/// <param name="RecomputedBudget">Budget out of the claimed D̂, coh★ and r.</param>
/// <param name="Findings">All of them, in the order of the checks.</param>
public sealed record PcsAssessment(double RecomputedDHat, double RecomputedBudget, ValueList<PcsFinding> Findings)
{
    const double GreatestDHat = 3.5;
    const int MostNamed = 8;

    // What senders name whose r is not that of classic zlib level 6.
    const string OtherCompressor = "zlib";

    /// <summary>Whether somebody has to look at the document; otherwise it is accepted.</summary>
    public bool IsEscalated
    {
        get
        {
            foreach (var finding in Findings.AsSpan())
                if (finding.Severity == PcsSeverity.Escalation) return true;

            return false;
        }
    }

    /// <summary>Assesses a document. The digits after the ninth decimal of its numbers influence nothing.</summary>
    public static PcsAssessment Of(PcsDocument document, PcsParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(parameters);

        var recomputed = TheilSen.DHat(document.Scales.AsSpan(), document.Version);
        var (dHat, cohStar) = (Rounding.A(document.DHat), Rounding.A(document.CohStar));
        var (r, claimedBudget) = (Rounding.A(document.R), Rounding.A(document.Budget));
        var budget = parameters.Budget(dHat, cohStar, r);

        List<PcsFinding>? findings = null;
        void Add(string code, bool isEscalation, string message) => (findings ??= []).Add(
            new PcsFinding(code, isEscalation ? PcsSeverity.Escalation : PcsSeverity.Warning, message));

        var isDHatOff = Differ(dHat, recomputed, parameters.DHatTolerance);
        if (IsOutside(dHat, GreatestDHat))
            Add("d_hat_out_of_bounds", isEscalation: true, "`D_hat` is not between 0 and 3.5.");
        if (isDHatOff)
            Add("d_hat_out_of_tolerance", isEscalation: true, "`D_hat` is too far from what `N_j` comes to.");
        if (IsOutside(cohStar, 1 + parameters.CohStarTolerance))
            Add("coh_star_out_of_bounds", isEscalation: true, "`coh_star` is not between 0 and 1 and its tolerance.");

        if (document.Regime != parameters.Regime(dHat, cohStar))
            Add("regime_mismatch", isEscalation: true, "`regime` is not that of `D_hat` and `coh_star`.");
        else if (document.Regime != parameters.Regime(recomputed, cohStar))
            Add("regime_mismatch", isDHatOff, "`regime` is not that of what `N_j` comes to.");

        if (Differ(claimedBudget, budget, parameters.BudgetTolerance))
            Add("budget_mismatch", isEscalation: true, "`budget` is too far from that of `D_hat`, `coh_star` and `r`.");
        else if (Differ(claimedBudget, parameters.Budget(recomputed, cohStar, r), parameters.BudgetTolerance))
            Add("budget_mismatch", isDHatOff, "`budget` is too far from that of what `N_j` comes to.");

        var delivery = document.Delivery;
        if (delivery.Degraded || delivery.Fallbacks.Count > 0)
            Add("degraded", !IsOnlyCompressor(delivery.Fallbacks), $"The sender computed something in a lesser way{Named(delivery.Fallbacks)}.");

        return new PcsAssessment(recomputed, budget, findings is null ? [] : [.. findings]);
    }

    static bool IsOutside(double value, double greatest) => Nano.Of(value) < 0 || Nano.Of(value) > Nano.Of(greatest);

    static bool Differ(double x, double y, double tolerance) => Math.Abs(Nano.Of(x) - Nano.Of(y)) > Nano.Of(tolerance);

    /// <summary>The fallbacks as the message has them: no more than a few, and no text that is not a name.</summary>
    static string Named(ValueList<string> fallbacks)
    {
        string[] all = [.. fallbacks.AsSpan().ToArray().Distinct()];
        string[] named = [.. all.Where(f => PcsNames.IsName(f)).Take(MostNamed)];
        return named.Length == 0 ? "" : $": {string.Join(", ", named.Select(f => $"`{f}`"))}{(named.Length < all.Length ? " and others" : "")}";
    }

    /// <summary>Whether r may be a little off and nothing else is.</summary>
    static bool IsOnlyCompressor(ValueList<string> fallbacks)
    {
        foreach (var fallback in fallbacks.AsSpan())
            if (fallback != OtherCompressor) return false;

        return fallbacks.Count > 0;
    }
}
