namespace Stet.Policy.Lifecycle;

/// <summary>Replays what was decided since a diff, and goes on when more was decided meanwhile.</summary>
/// <param name="position">The last position of the diff.</param>
/// <param name="known">The kinds of change that the diff contains.</param>
/// <param name="run">Replays from a position up to the log's end, and gives that; null: there is nothing to replay.</param>
sealed class TailReplay(
    long position, IReadOnlySet<DiffKind> known, Func<long, Func<DiffPart, bool>, CancellationToken, Task<long>>? run)
{
    readonly DiffTally tally = new();
    long to = position;
    long decisions;
    DiffKind? unknown;

    /// <summary>What has been replayed.</summary>
    public DiffTail Tail => new(to, decisions, tally.Counts, unknown);

    /// <summary>For an activation that its rule refuses.</summary>
    public static TailReplay OfNothing(long position) => new(position, new HashSet<DiffKind>(), null);

    /// <summary>Replays up to the log's end, or up to what refuses the activation.</summary>
    public async Task AdvanceAsync(CancellationToken cancel)
    {
        if (run is null) return;

        var head = await run(to + 1, part =>
        {
            decisions += part.Decisions;
            part.CountInto(tally);
            unknown ??= part.Kinds.FirstOrDefault(kind => !known.Contains(kind));
            return decisions <= ActivatePolicy.MostInTail && unknown is null;
        }, cancel);
        to = Math.Max(to, head);
    }
}
