namespace Stet.Pcs;

/// <summary>What a tenant may set about verification; the defaults are those of the ecosystem.</summary>
/// <remarks>None of them switches signatures, durability or deduplication off.</remarks>
public sealed record PcsParameters
{
    /// <summary>The defaults.</summary>
    public static PcsParameters Default { get; } = new();

    /// <summary>Budget without any contribution, 0 to 1. Default 0.1.</summary>
    public double BudgetBase { get; init; } = 0.10;

    /// <summary>α, the weight of 1 - r, at least 0. Default 0.3.</summary>
    public double CompressibilityWeight { get; init; } = 0.30;

    /// <summary>β, the weight of D̂ above <see cref="DHatThreshold"/>, at least 0. Default 0.5.</summary>
    public double DHatWeight { get; init; } = 0.50;

    /// <summary>γ, the weight of coh★, at least 0. Default 0.2.</summary>
    public double CoherenceWeight { get; init; } = 0.20;

    /// <summary>D0, from which on D̂ costs budget. Default 2.2.</summary>
    public double DHatThreshold { get; init; } = 2.2;

    /// <summary>Least coh★ of the sticky regime. Default 0.7.</summary>
    public double StickyCohStar { get; init; } = 0.70;

    /// <summary>Greatest D̂ of the sticky regime, less than <see cref="NonStickyDHat"/>. Default 1.5.</summary>
    public double StickyDHat { get; init; } = 1.5;

    /// <summary>Least D̂ of the non-sticky regime. Default 2.6.</summary>
    public double NonStickyDHat { get; init; } = 2.6;

    /// <summary>How far a claimed D̂ may be from the recomputed one, inclusive, 0 to 1. Default 0.15.</summary>
    public double DHatTolerance { get; init; } = 0.15;

    /// <summary>How far a claimed coh★ may be above 1, inclusive, 0 to 1. Default 0.05.</summary>
    public double CohStarTolerance { get; init; } = 0.05;

    /// <summary>How far a claimed budget may be from the recomputed one, inclusive, 0 to 1. Default 0.01.</summary>
    public double BudgetTolerance { get; init; } = 0.01;

    /// <summary>How old a document of 1.0 may be that was not queued. Default 10 minutes.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How old a document of 1.0 may be that comes from an outbox. Default 14 days.</summary>
    public TimeSpan MaxAgeFromOutbox { get; init; } = TimeSpan.FromDays(14);

    /// <summary>How far ahead the clock of a sender of 1.0 may be. Default 10 minutes.</summary>
    public TimeSpan MaxAhead { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>For how long the first answer is given again to the same content. Default null: as the service is set.</summary>
    public TimeSpan? AnswerLifetime { get; init; }

    /// <summary>What is wrong with these parameters, each with its property's name; empty if nothing is.</summary>
    public IReadOnlyList<(string Member, string Problem)> Problems()
    {
        var problems = new List<(string Member, string Problem)>();
        void Require(bool holds, string member, string problem)
        {
            if (!holds) problems.Add((member, problem));
        }

        void Share(double value, string member) => Require(value is >= 0 and <= 1, member, "must be from 0 to 1");
        void AtLeastZero(double value, string member) => Require(value >= 0 && double.IsFinite(value), member, "must be at least 0");
        void Window(TimeSpan value, string member) =>
            Require(value > TimeSpan.Zero && value <= TimeSpan.FromDays(366), member, "must be above zero and at most 366 days");

        Share(BudgetBase, nameof(BudgetBase));
        AtLeastZero(CompressibilityWeight, nameof(CompressibilityWeight));
        AtLeastZero(DHatWeight, nameof(DHatWeight));
        AtLeastZero(CoherenceWeight, nameof(CoherenceWeight));
        AtLeastZero(DHatThreshold, nameof(DHatThreshold));
        AtLeastZero(StickyCohStar, nameof(StickyCohStar));
        AtLeastZero(StickyDHat, nameof(StickyDHat));
        AtLeastZero(NonStickyDHat, nameof(NonStickyDHat));
        Share(DHatTolerance, nameof(DHatTolerance));
        Share(CohStarTolerance, nameof(CohStarTolerance));
        Share(BudgetTolerance, nameof(BudgetTolerance));
        Require(StickyDHat < NonStickyDHat, nameof(StickyDHat), "must be below the least D̂ of the non-sticky regime");
        Window(MaxAge, nameof(MaxAge));
        Window(MaxAgeFromOutbox, nameof(MaxAgeFromOutbox));
        Window(MaxAhead, nameof(MaxAhead));
        Require(
            AnswerLifetime is null || (AnswerLifetime >= TimeSpan.FromHours(1) && AnswerLifetime <= TimeSpan.FromDays(366)),
            nameof(AnswerLifetime), "must be 1 hour to 366 days");
        return problems;
    }

    /// <summary>The regime of a dimension and a coherence.</summary>
    public PcsRegime Regime(double dHat, double cohStar) =>
        cohStar >= StickyCohStar && dHat <= StickyDHat ? PcsRegime.Sticky
        : dHat >= NonStickyDHat ? PcsRegime.NonSticky
        : PcsRegime.Mixed;

    /// <summary>The budget, 0 to 1, rounded to nine decimals.</summary>
    public double Budget(double dHat, double cohStar, double r)
    {
        var budget = BudgetBase + (CompressibilityWeight * (1 - r)) +
                     (DHatWeight * Math.Max(0, dHat - DHatThreshold)) + (CoherenceWeight * cohStar);

        // Absurd claims may add up to no number at all: that counts as nothing.
        return Rounding.Scaled(budget >= 1 ? 1 : budget > 0 ? budget : 0);
    }
}
