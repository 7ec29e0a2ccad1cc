namespace Stet;

/// <summary>What came of deciding: events to record, nothing to record, or a refusal.</summary>
/// <param name="Events">In the order they are recorded; empty for a refusal and when nothing is to be recorded.</param>
/// <param name="Refusal">Why not; null when it was not refused.</param>
public sealed record Decision(IReadOnlyList<object> Events, Problem? Refusal)
{
    /// <summary>Record these events.</summary>
    public static Decision Record(params IReadOnlyList<object> events) => new(events, null);

    /// <summary>It is so already.</summary>
    public static Decision Nothing { get; } = new([], null);

    /// <summary>No, for this reason.</summary>
    public static Decision Refuse(Problem problem) => new([], problem);
}
