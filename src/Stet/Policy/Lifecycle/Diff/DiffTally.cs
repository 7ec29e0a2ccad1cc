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

    public void Add(string kind, string action, string subjectType, string resourceType, long count)
    {
        var index = Array.IndexOf(classes, kind);
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
