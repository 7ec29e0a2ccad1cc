using System.Runtime.InteropServices;

namespace Stet.Policy.Lifecycle;

/// <summary>Whose recorded decisions would change.</summary>
/// <param name="Subjects">Who asked, such as people: the twenty with the most changes.</param>
/// <param name="Resources">What was asked for, such as tools: the twenty with the most changes.</param>
/// <param name="Agents">What <c>context.agent</c> names, where it names something: the twenty with the most changes.</param>
public sealed record DiffAffected(
    IReadOnlyList<AffectedParty> Subjects, IReadOnlyList<AffectedParty> Resources, IReadOnlyList<AffectedParty> Agents);

/// <summary>One side of decisions that would change.</summary>
/// <param name="Type">As it was asked, such as <c>tool</c>; <c>agent</c> where a context names an agent by a text.</param>
/// <param name="Id">As it was asked.</param>
/// <param name="Counts">Its decisions by what would change; those that stay the same are not counted.</param>
public sealed record AffectedParty(string Type, string Id, DiffCounts Counts);

/// <summary>Counts changed decisions by who asked, or by what was asked for.</summary>
sealed class PartyTally
{
    const int Shown = 20;

    // Whoever comes when so many are known is not told apart any more.
    const int Most = 10_000;

    static readonly (string, string) others = ("(other)", "(other)");

    readonly Dictionary<(string Type, string Id), long[]> rows = [];

    public void Add((string Type, string Id) party, string kind, long count)
    {
        var known = rows.Count < Most || rows.ContainsKey(party) ? party : others;
        ref var row = ref CollectionsMarshal.GetValueRefOrAddDefault(rows, known, out _);
        row ??= new long[DiffTally.Classes.Count];
        row[DiffTally.IndexOf(kind)] += count;
    }

    /// <summary>Those with the most changes, most first.</summary>
    public IReadOnlyList<AffectedParty> Top() =>
    [
        .. rows.OrderByDescending(row => row.Value.Sum()).ThenBy(row => row.Key.Type, StringComparer.Ordinal).ThenBy(row => row.Key.Id, StringComparer.Ordinal)
            .Take(Shown).Select(row => new AffectedParty(row.Key.Type, row.Key.Id, DiffTally.CountsOf(row.Value))),
    ];
}
