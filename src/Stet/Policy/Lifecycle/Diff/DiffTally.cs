namespace Stet.Policy.Lifecycle;

/// <summary>Counts decisions by what would change: in all, and by action, subject type and resource type.</summary>
sealed class DiffTally
{
    static readonly string[] classes =
    [
        DiffClass.Unreplayable, DiffClass.SchemaInvalid, DiffClass.NewError, DiffClass.ErrorGone, DiffClass.AllowToDeny,
        DiffClass.DenyToAllow, DiffClass.ReasonOnly, DiffClass.Same,
    ];

    readonly long[] total = new long[classes.Length];

    /// <summary>In the order in which a class is looked for.</summary>
    public static IReadOnlyList<string> Classes => classes;

    public SortedDictionary<string, long[]> Actions { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long[]> SubjectTypes { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long[]> ResourceTypes { get; } = new(StringComparer.Ordinal);

    public ReadOnlySpan<long> Total => total;

    public DiffCounts Counts => CountsOf(total);

    /// <summary>Who asked, where the answer would change.</summary>
    public PartyTally Subjects { get; } = new();

    /// <summary>What was asked for, where the answer would change.</summary>
    public PartyTally Resources { get; } = new();

    /// <summary>Which agent asked, where the answer would change and the context names one.</summary>
    public PartyTally Agents { get; } = new();

    /// <summary>Whose decisions would change.</summary>
    public DiffAffected Affected => new(Subjects.Top(), Resources.Top(), Agents.Top());

    /// <summary>A class's place in <see cref="Classes"/>.</summary>
    public static int IndexOf(string kind) => Array.IndexOf(classes, kind);

    /// <summary>Counts in the order of <see cref="Classes"/>.</summary>
    public static DiffCounts CountsOf(long[] row) => new(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]);

    public void Add(string kind, string action, string subjectType, string resourceType, long count)
    {
        var index = IndexOf(kind);
        total[index] += count;
        Row(Actions, action)[index] += count;
        Row(SubjectTypes, subjectType)[index] += count;
        Row(ResourceTypes, resourceType)[index] += count;
    }

    static long[] Row(SortedDictionary<string, long[]> rows, string key)
    {
        if (!rows.TryGetValue(key, out var row)) rows.Add(key, row = new long[classes.Length]);
        return row;
    }
}
