namespace Stet.Cedar;

/// <summary>What <c>like</c> compares with: literal pieces, with any run of characters between them.</summary>
/// <param name="Pieces">
/// The literal text before, between and behind the wildcards: one piece more than wildcards, so a single piece has to be
/// the whole string. Pieces may be empty.
/// </param>
public sealed record Pattern(EquatableArray<string> Pieces)
{
    /// <summary>Whether the whole of a string matches, by code point.</summary>
    public bool Matches(ReadOnlySpan<char> text)
    {
        var pieces = Pieces.Items.AsSpan();
        if (!text.StartsWith(pieces[0])) return false;
        if (pieces.Length == 1) return text.Length == pieces[0].Length;

        text = text[pieces[0].Length..];

        // The leftmost place is always a right one: what follows a wildcard may begin anywhere behind it.
        foreach (var piece in pieces[1..^1])
        {
            var at = text.IndexOf(piece);
            if (at < 0) return false;
            text = text[(at + piece.Length)..];
        }

        return text.EndsWith(pieces[^1]);
    }
}
