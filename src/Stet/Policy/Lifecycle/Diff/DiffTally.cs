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

    public DiffCounts Counts =>
        new(total[0], total[1], total[2], total[3], total[4], total[5], total[6], total[7]);

    public void Add(string kind, string action, string subjectType, string resourceType)
    {
        var index = Array.IndexOf(classes, kind);
        total[index]++;
        Row(Actions, action)[index]++;
        Row(SubjectTypes, subjectType)[index]++;
        Row(ResourceTypes, resourceType)[index]++;
    }

    public void Add(DiffTally other)
    {
        for (var i = 0; i < total.Length; i++) total[i] += other.total[i];
        Add(Actions, other.Actions);
        Add(SubjectTypes, other.SubjectTypes);
        Add(ResourceTypes, other.ResourceTypes);
    }

    static void Add(SortedDictionary<string, long[]> rows, SortedDictionary<string, long[]> others)
    {
        foreach (var (key, other) in others)
        {
            var row = Row(rows, key);
            for (var i = 0; i < row.Length; i++) row[i] += other[i];
        }
    }

    static long[] Row(SortedDictionary<string, long[]> rows, string key)
    {
        if (!rows.TryGetValue(key, out var row)) rows.Add(key, row = new long[classes.Length]);
        return row;
    }
}
