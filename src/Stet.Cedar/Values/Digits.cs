namespace Stet.Cedar;

/// <summary>Numbers inside the arguments of extension constructors.</summary>
static class Digits
{
    // Above every 64-bit number, and far enough below the end of Int128 to be scaled and added up.
    static readonly Int128 Most = Int128.One << 70;

    /// <summary>Reads one ASCII digit or more; whatever exceeds 64 bits by far stays there.</summary>
    internal static bool TryRead(ReadOnlySpan<char> text, out Int128 number)
    {
        number = 0;

        foreach (var character in text)
        {
            if (!char.IsAsciiDigit(character)) return false;
            number = Int128.Min((number * 10) + (character - '0'), Most);
        }

        return !text.IsEmpty;
    }
}
