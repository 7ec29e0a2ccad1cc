using Stet.AuditLog;

namespace Stet.Audit.SelfCheck;

/// <summary>The head's position and peaks when a sweep began.</summary>
sealed record Head(long Size, byte[] Peaks);

/// <summary>
/// Folds the leaves of a log and compares the right edge with every guard passed and with the head. When a guard holds another
/// tree, it goes on with that one, as it is what was signed, and with its own beside it until the next guard says which was right.
/// </summary>
sealed class TreeCheck
{
    Peaks? tree;
    Peaks? other;

    public TreeCheck() => tree = new Peaks();

    TreeCheck(long size, long confirmed, Peaks? tree, Peaks? other) =>
        (Size, Confirmed, this.tree, this.other) = (size, confirmed, tree, other);

    /// <summary>How many leaves were passed.</summary>
    public long Size { get; private set; }

    /// <summary>The last size that a guard confirmed, or began anew from.</summary>
    public long Confirmed { get; private set; }

    /// <summary>Passes a leaf.</summary>
    /// <param name="leaf">Null when nobody knows its hash: the next guard has to tell how the tree goes on.</param>
    public void Append(LogHash? leaf)
    {
        Size++;
        if (leaf is not { } hash)
        {
            (tree, other) = (null, null);
            return;
        }

        tree?.Append(hash);
        other?.Append(hash);
    }

    /// <summary>Compares a guard of the size that has been reached.</summary>
    public void Meet(StoredGuard guard, Findings findings)
    {
        if (IsOf(tree, guard) || IsOf(other, guard))
        {
            if (!IsOf(tree, guard)) tree = other;
            other = null;
            Confirmed = Size;
            return;
        }

        var guarded = TryRead(guard);
        if (guarded is null || tree is not null) findings.Add(PositionState.Altered, LogParts.Guard, guard.Size, after: Confirmed);
        if (guarded is null) return;

        (tree, other) = (guarded, tree);
        Confirmed = Size;
    }

    /// <summary>Compares the head when its size has been reached.</summary>
    public void Meet(Head head, Findings findings)
    {
        if (tree is null || HasPeaks(tree, head.Peaks) || (other is not null && HasPeaks(other, head.Peaks))) return;

        findings.Add(PositionState.Altered, LogParts.Head, head.Size, after: Confirmed);
    }

    /// <summary>How many of the guards, and the head, confirm these as the next leaves.</summary>
    public int Matches(ReadOnlySpan<LogHash?> leaves, IReadOnlyList<StoredGuard> guards, Head? head)
    {
        var trial = tree is null ? null : Peaks.Read(tree.Size, tree.ToArray());
        var (size, matches, next) = (Size, 0, 0);
        while (next < guards.Count && guards[next].Size <= Size) next++;
        foreach (var leaf in leaves)
        {
            size++;
            if (leaf is { } hash) trial?.Append(hash);
            else trial = null;
            for (; next < guards.Count && guards[next].Size == size; next++)
            {
                if (trial is null) trial = TryRead(guards[next]);
                else if (trial.Root == guards[next].Root || HasPeaks(trial, guards[next].Peaks)) matches++;
            }
        }

        return head?.Size == size && trial is not null && HasPeaks(trial, head.Peaks) ? matches + 1 : matches;
    }

    public void Write(BinaryWriter state)
    {
        state.Write(Size);
        state.Write(Confirmed);
        WritePeaks(state, tree);
        WritePeaks(state, other);
    }

    public static TreeCheck Read(BinaryReader state)
    {
        var size = state.ReadInt64();
        return new(size, state.ReadInt64(), ReadPeaks(state, size), ReadPeaks(state, size));
    }

    /// <summary>The bytes of peaks, of which a tree has 63 at most.</summary>
    /// <exception cref="AuditLogFormatException">There are said to be more.</exception>
    public static byte[] ReadPeaks(BinaryReader state)
    {
        var length = state.ReadInt32();
        return length <= 63 * LogHash.Size ? state.ReadBytes(length) : throw new AuditLogFormatException($"{length} bytes are more than peaks have.");
    }

    static void WritePeaks(BinaryWriter state, Peaks? peaks)
    {
        state.Write(peaks is not null);
        if (peaks is null) return;

        var bytes = peaks.ToArray();
        state.Write(bytes.Length);
        state.Write(bytes);
    }

    static Peaks? ReadPeaks(BinaryReader state, long size) =>
        state.ReadBoolean() ? Peaks.Read(size, ReadPeaks(state)) : null;

    static bool IsOf(Peaks? peaks, StoredGuard guard) =>
        peaks is not null && HasPeaks(peaks, guard.Peaks) && peaks.Root == guard.Root;

    static bool HasPeaks(Peaks peaks, byte[] stored) => peaks.ToArray().AsSpan().SequenceEqual(stored);

    /// <summary>The tree that a guard holds; null when root and peaks do not agree.</summary>
    static Peaks? TryRead(StoredGuard guard)
    {
        try
        {
            var peaks = Peaks.Read(guard.Size, guard.Peaks);
            return peaks.Root == guard.Root ? peaks : null;
        }
        catch (AuditLogFormatException)
        {
            return null;
        }
    }
}
