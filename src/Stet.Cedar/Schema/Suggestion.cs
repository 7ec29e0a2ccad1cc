namespace Stet.Cedar;

/// <summary>The declared name that the author of an undeclared one may have had in mind.</summary>
static class Suggestion
{
    // Hints are not worth more time than the schema took to read.
    const int LongestName = 40;
    const int MostCandidates = 500;

    /// <summary>A sentence to append to a message, with a blank in front; empty when nothing is close.</summary>
    public static string For(string name, IEnumerable<string> candidates)
    {
        if (name.Length > LongestName) return "";

        var (closest, least) = ("", Math.Max(1, name.Length / 3) + 1);

        foreach (var candidate in candidates.Take(MostCandidates))
        {
            var distance = IsUnqualified(name, candidate) ? 0 : Distance(name, candidate, least);
            if (distance < least) (closest, least) = (candidate, distance);
        }

        return closest.Length == 0 ? "" : $" Did you mean `{ValueText.Shown(closest)}`?";
    }

    static bool IsUnqualified(string name, string candidate) =>
        candidate.Length > name.Length + 2 && candidate.EndsWith(name, StringComparison.Ordinal)
        && candidate.AsSpan(0, candidate.Length - name.Length).EndsWith("::");

    /// <summary>
    /// Insertions, deletions, replacements and swaps of neighbours between two names, letter case aside; at least
    /// <paramref name="enough"/> where the lengths alone say so.
    /// </summary>
    static int Distance(string from, string to, int enough)
    {
        if (Math.Abs(from.Length - to.Length) >= enough) return enough;

        Span<int> before = stackalloc int[LongestName * 2];
        Span<int> above = stackalloc int[LongestName * 2];
        Span<int> row = stackalloc int[LongestName * 2];
        for (var j = 0; j <= to.Length; j++) row[j] = j;

        for (var i = 1; i <= from.Length; i++)
        {
            var spare = before;
            before = above;
            above = row;
            row = spare;
            row[0] = i;

            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = above[j - 1] + (AreSame(from[i - 1], to[j - 1]) ? 0 : 1);
                row[j] = Math.Min(Math.Min(above[j], row[j - 1]) + 1, replaced);

                if (i > 1 && j > 1 && AreSame(from[i - 1], to[j - 2]) && AreSame(from[i - 2], to[j - 1]))
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
        }

        return row[to.Length];
    }

    static bool AreSame(char one, char other) => char.ToUpperInvariant(one) == char.ToUpperInvariant(other);
}
