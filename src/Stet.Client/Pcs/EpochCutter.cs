namespace Stet.Client.Pcs;

/// <summary>When an epoch of a source is over.</summary>
public sealed record EpochRule
{
    EpochRule(long? seconds, int? rows, TimeSpan? idle) => (Seconds, Rows, Idle) = (seconds, rows, idle);

    /// <summary>Its length: the epoch of a row is ⌊timestamp / seconds⌋; null: epochs have a number of rows.</summary>
    public long? Seconds { get; }

    /// <summary>How many rows it has; null: epochs have a length in time.</summary>
    public int? Rows { get; }

    /// <summary>An epoch also ends when no row has come for so long; null: it waits.</summary>
    public TimeSpan? Idle { get; }

    /// <summary>Epochs of a length in time, each closed by the first row of a later one.</summary>
    /// <param name="seconds">At least 1.</param>
    /// <param name="idle">An epoch also ends when no row has come for so long; null: it waits.</param>
    public static EpochRule BySeconds(long seconds, TimeSpan? idle = null) => seconds >= 1
        ? new EpochRule(seconds, rows: null, idle)
        : throw new AgentException("An epoch is at least one second long.");

    /// <summary>Epochs of a number of rows, numbered from 1.</summary>
    /// <param name="rows">At least 1.</param>
    /// <param name="idle">An epoch also ends when no row has come for so long; null: it waits.</param>
    public static EpochRule ByRows(int rows, TimeSpan? idle = null) => rows >= 1
        ? new EpochRule(seconds: null, rows, idle)
        : throw new AgentException("An epoch has at least one row.");
}

/// <summary>An epoch that is over.</summary>
/// <param name="Epoch">Which.</param>
/// <param name="Builder">Its rows.</param>
/// <param name="End">Where the row after it begins.</param>
/// <param name="LateRows">How many rows of earlier epochs came while it was open, and were dropped.</param>
sealed record ClosedEpoch(long Epoch, EpochBuilder Builder, long End, long LateRows);

/// <summary>Cuts the rows of a source into epochs. The same rows from the same place are cut the same way, always.</summary>
/// <param name="plan">How epochs become documents.</param>
/// <param name="rule">When they are over.</param>
/// <param name="before">The last epoch before; null if there is none.</param>
sealed class EpochCutter(PcsPlan plan, EpochRule rule, long? before)
{
    const long GreatestEpoch = (1L << 53) - 1;

    long? lastClosed = before;
    EpochBuilder? open;
    long epoch;
    long lateRows;

    /// <summary>Rows that came too late since the last epoch was closed.</summary>
    public long LateRows => lateRows;

    /// <summary>Takes the next row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where the row after it begins.</param>
    /// <returns>The epoch that is over now; mostly null.</returns>
    /// <exception cref="AgentException">The row belongs to no epoch that a document can name.</exception>
    public ClosedEpoch? Add(in EventRow row, long start, long end)
    {
        if (rule.Rows is { } rows)
        {
            if (open is null) Open((lastClosed ?? 0) + 1);
            open!.Add(row);
            return open.Rows == rows ? Close(end) : null;
        }

        var at = EpochOf(row.Timestamp);
        if (at <= lastClosed || (open is not null && at < epoch))
        {
            lateRows++;
            return null;
        }

        var closed = open is not null && at > epoch ? Close(start) : null;
        if (open is null) Open(at);
        open!.Add(row);
        return closed;
    }

    /// <summary>Ends the open epoch.</summary>
    /// <param name="end">Where the row after it begins.</param>
    public ClosedEpoch? Close(long end)
    {
        if (open is null) return null;

        var closed = new ClosedEpoch(epoch, open, end, lateRows);
        (open, lastClosed, lateRows) = (null, epoch, 0);
        return closed;
    }

    void Open(long number) => (open, epoch) = (new EpochBuilder(plan), number);

    long EpochOf(double timestamp)
    {
        var number = Math.Floor(timestamp / rule.Seconds!.Value);
        return number is >= 0 and <= GreatestEpoch
            ? (long)number
            : throw new AgentException($"the timestamp {timestamp:R} is in no epoch from 0 to 2^53 - 1");
    }
}
