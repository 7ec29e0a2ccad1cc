using System.Numerics;

namespace Stet.AuditLog;

/// <summary>
/// The leaves that were just appended, with all hashes above them that they complete: what it takes for proofs about them
/// (<see cref="ProofPlan.ComputeForNewest"/>), whoever appended them has at hand. Safe for any number of threads.
/// </summary>
public sealed class NewestLeaves
{
    readonly long before;
    readonly LogHash[] peaks;

    // By height: the roots of the perfect subtrees that the leaves complete, from left to right.
    readonly List<LogHash[]> completed = [];

    /// <summary>Hashes once, whatever number of proofs is made of it.</summary>
    /// <param name="before">The right edge that they were appended to.</param>
    /// <param name="leaves">Their hashes, in log order.</param>
    public NewestLeaves(Peaks before, IEnumerable<LogHash> leaves)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(leaves);
        (this.before, peaks) = (before.Size, before.Hashes.ToArray());

        for (LogHash[] roots = [.. leaves]; roots.Length > 0; roots = Above(roots)) completed.Add(roots);
        Size = this.before + (completed.Count > 0 ? completed[0].Length : 0);
    }

    /// <summary>How many leaves the tree has with them.</summary>
    public long Size { get; }

    /// <summary>The root of a perfect subtree that they complete, or that was a peak before them.</summary>
    internal bool TryGet(int height, long number, out LogHash root)
    {
        var beyond = number - (before >> height);
        var isPeak = beyond == -1 && ((before >> height) & 1) == 1;
        var isCompleted = beyond >= 0 && height < completed.Count && beyond < completed[height].Length;
        root = isPeak ? Peak(height) : isCompleted ? completed[height][beyond] : default;
        return isPeak || isCompleted;
    }

    /// <summary>The next height's roots.</summary>
    LogHash[] Above(LogHash[] below)
    {
        var height = completed.Count;
        var first = before >> height;
        var roots = new LogHash[((before + completed[0].Length) >> height) - first];
        LogHash[] children = ((before >> (height - 1)) & 1) == 1 ? [Peak(height - 1), .. below] : below;
        LogHash.Nodes(children, roots);
        return roots;
    }

    // What lies to the left of a new leaf and was complete before it is a peak of that edge.
    LogHash Peak(int height) => peaks[BitOperations.PopCount((ulong)before >> height) - 1];
}
