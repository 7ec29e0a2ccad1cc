namespace Stet.Cedar;

/// <summary>What one validation has done of what it may do, and what it has found out about types on the way.</summary>
sealed class ValidationWork(Schema schema, CancellationToken cancel)
{
    // Finding out whether a scope leaves an environment takes that much less than typing an expression in it.
    const int LooksPerExpression = 32;
    const int LooksBetweenCancels = 4_096;

    // Names of types, in all sets together.
    const int MostKept = 1_000_000;

    readonly Dictionary<string, HashSet<string>> below = new(StringComparer.Ordinal);
    Dictionary<string, List<string>>? children;
    long typed;
    long looked;
    int kept;
    int sinceCancel;

    /// <summary>Whether it has done all that it may.</summary>
    public bool IsSpent => typed + (looked / LooksPerExpression) > schema.Limits.TypedExpressions;

    /// <summary>Expressions were typed, or environments begun.</summary>
    public void Type(long count)
    {
        cancel.ThrowIfCancellationRequested();
        typed += count;
    }

    /// <summary>Actions, types or places in their hierarchy were looked at.</summary>
    public void Look(int count)
    {
        looked += count;
        sinceCancel += count;
        if (sinceCancel < LooksBetweenCancels) return;

        sinceCancel = 0;
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Whether entities of a type can be in entities of another, or are of it.</summary>
    public bool CanBeIn(string entityType, string ancestor)
    {
        Look(1);
        if (entityType == ancestor) return true;

        if (!below.TryGetValue(ancestor, out var types))
        {
            types = Below(ancestor);
            if (kept + types.Count > MostKept)
            {
                below.Clear();
                kept = 0;
            }

            below.Add(ancestor, types);
            kept += types.Count;
        }

        return types.Contains(entityType);
    }

    /// <summary>The types whose entities can be in those of a type, directly or by way of others.</summary>
    HashSet<string> Below(string ancestor)
    {
        children ??= schema.TypesByParent();
        var found = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([ancestor]);
        while (pending.TryPop(out var next))
        {
            if (!children.TryGetValue(next, out var members)) continue;

            Look(members.Count);
            foreach (var member in members)
                if (found.Add(member)) pending.Push(member);
        }

        return found;
    }
}
