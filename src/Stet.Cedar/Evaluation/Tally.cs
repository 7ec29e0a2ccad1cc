using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>Collects what comes of the policies that are tested for one request.</summary>
/// <param name="permits">Room for the first ranks of satisfied permits, so that an ordinary decision allocates little.</param>
/// <param name="forbids">Room for the first ranks of satisfied forbids.</param>
ref struct Tally(Span<int> permits, Span<int> forbids)
{
    RankList permits = new(permits);
    RankList forbids = new(forbids);
    List<(int Rank, EvaluationError Error)>? errors;

    /// <summary>Notes what came of a policy. One that was noted before may be noted again: it counts once.</summary>
    internal void Add(CompiledPolicy policy, Truth truth, ref Evaluation evaluation)
    {
        switch (truth)
        {
            case Truth.True when policy.IsForbid: forbids.Add(policy.Rank); break;
            case Truth.True: permits.Add(policy.Rank); break;
            case Truth.Error: (errors ??= []).Add((policy.Rank, evaluation.Error!)); break;
        }
    }

    internal Authorization Decide(CompiledPolicy[] byRank)
    {
        var isAllowed = forbids.Count == 0 && permits.Count > 0;
        return new Authorization(isAllowed, isAllowed ? permits.Ids(byRank) : forbids.Ids(byRank), Errors(byRank));
    }

    readonly ImmutableArray<PolicyError> Errors(CompiledPolicy[] byRank)
    {
        if (errors is null) return [];

        errors.Sort((left, right) => left.Rank.CompareTo(right.Rank));
        var sorted = ImmutableArray.CreateBuilder<PolicyError>(errors.Count);

        for (var i = 0; i < errors.Count; i++)
            if (i == 0 || errors[i].Rank != errors[i - 1].Rank)
                sorted.Add(new PolicyError(byRank[errors[i].Rank].Policy.Id, errors[i].Error));

        return sorted.DrainToImmutable();
    }
}

/// <summary>A list of ranks that moves to the heap when it outgrows the room it was given.</summary>
ref struct RankList(Span<int> room)
{
    Span<int> ranks = room;

    internal int Count { get; private set; }

    internal void Add(int rank)
    {
        if (Count == ranks.Length)
        {
            Span<int> larger = new int[Math.Max(16, Count * 2)];
            ranks.CopyTo(larger);
            ranks = larger;
        }

        ranks[Count++] = rank;
    }

    /// <summary>The ids that the ranks stand for, sorted, each once.</summary>
    internal readonly ImmutableArray<PolicyId> Ids(CompiledPolicy[] byRank)
    {
        if (Count == 0) return [];

        var sorted = ranks[..Count];
        sorted.Sort();
        var ids = ImmutableArray.CreateBuilder<PolicyId>(Count);

        for (var i = 0; i < sorted.Length; i++)
            if (i == 0 || sorted[i] != sorted[i - 1]) ids.Add(byRank[sorted[i]].Policy.Id);

        return ids.DrainToImmutable();
    }
}
