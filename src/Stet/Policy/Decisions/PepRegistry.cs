namespace Stet.Policy.Decisions;

/// <summary>The enforcement points that a tenant has said something about.</summary>
/// <param name="Peps">In the order in which they were first registered.</param>
public sealed record PepRegistry(IReadOnlyList<RegisteredPep> Peps)
{
    /// <summary>Nothing has been said.</summary>
    public static PepRegistry Empty { get; } = new([]);

    public static PepRegistry Create(PepRegistered e) => Empty.Apply(e);

    public PepRegistry Apply(PepRegistered e) => Find(e.PepId) is null
        ? new PepRegistry([.. Peps, RegisteredPep.Create(e)])
        : new PepRegistry([.. Peps.Select(pep => pep.PepId == e.PepId ? RegisteredPep.Create(e) : pep)]);

    /// <summary>An enforcement point by the subject of its credential; null when nothing was said about it.</summary>
    public RegisteredPep? Find(string pepId) => Peps.FirstOrDefault(pep => pep.PepId == pepId);
}

/// <summary>What is known of an enforcement point.</summary>
/// <param name="PepId">Subject of its credential.</param>
/// <param name="Explain">Whether every answer says why.</param>
/// <param name="Obligations">Types of obligations that it supports.</param>
/// <param name="Drafts">Drafts of AuthZEN that are on for it.</param>
/// <param name="RegisteredAt">When this was said.</param>
public sealed record RegisteredPep(
    string PepId, bool Explain, StringSet Obligations, StringSet Drafts, DateTimeOffset RegisteredAt)
{
    /// <summary>The draft on obligations and advice.</summary>
    public const string ObligationsDraft = "obligations";

    /// <summary>The draft on access requests.</summary>
    public const string AccessRequestDraft = "access_request";

    public static RegisteredPep Create(PepRegistered e) => new(e.PepId, e.Explain, e.Obligations, e.Drafts, e.RegisteredAt);

    /// <summary>One that nothing was said about.</summary>
    public static RegisteredPep Unknown(string pepId) => new(pepId, false, StringSet.Empty, StringSet.Empty, default);

    /// <summary>
    /// What it supports, by its registration and by its request. Nothing, while the draft is off: it would not be told
    /// of obligations.
    /// </summary>
    /// <param name="requested">Types that its request names.</param>
    public PepSupport Support(IReadOnlyCollection<string> requested) => new(
        PepId,
        !Drafts.Contains(ObligationsDraft) ? StringSet.Empty
            : requested.Count == 0 ? Obligations
            : StringSet.Of([.. Obligations, .. requested]));
}
