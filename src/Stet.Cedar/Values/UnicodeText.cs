namespace Stet.Cedar;

/// <summary>What the language takes for text.</summary>
static class UnicodeText
{
    /// <summary>Whether every surrogate has its other half, so that the text has a UTF-8 form.</summary>
    internal static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        var at = text.IndexOfAnyInRange('\uD800', '\uDFFF');

        while (at >= 0)
        {
            if (at + 1 >= text.Length || !char.IsSurrogatePair(text[at], text[at + 1])) return false;
            text = text[(at + 2)..];
            at = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        }

        return true;
    }
}
