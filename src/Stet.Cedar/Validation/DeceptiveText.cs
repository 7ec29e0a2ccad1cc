using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Stet.Cedar;

/// <summary>Text that may not be what it looks like to the people who approve it.</summary>
static class DeceptiveText
{
    // Unicode's bidirectional formatting characters: they change the order in which text is shown.
    static readonly SearchValues<char> BidiControls = SearchValues.Create(
        "\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069");

    // The scripts whose letters are most easily taken for Latin ones.
    static readonly ImmutableArray<(int First, int Last, string Script)> Lookalikes =
    [
        (0x0370, 0x03FF, "Greek"), (0x1F00, 0x1FFF, "Greek"),
        (0x0400, 0x052F, "Cyrillic"), (0x1C80, 0x1C8F, "Cyrillic"), (0x2DE0, 0x2DFF, "Cyrillic"), (0xA640, 0xA69F, "Cyrillic"),
        (0x0530, 0x058F, "Armenian"), (0x10A0, 0x10FF, "Georgian"), (0x13A0, 0x13FF, "Cherokee"), (0xAB70, 0xABBF, "Cherokee"),
    ];

    /// <summary>What is wrong with a text; null when nothing is.</summary>
    public static string? Explain(string text)
    {
        if (Ascii.IsValid(text)) return null;

        if (text.AsSpan().ContainsAny(BidiControls))
            return $"`{ValueText.Shown(text)}` holds characters that change the direction of text, so it does not read as it is compared.";

        return Mixed(text) is { } scripts
            ? $"`{ValueText.Shown(text)}` mixes {scripts} letters, which can look alike."
            : null;
    }

    /// <summary>The scripts of one word that mixes some.</summary>
    static string? Mixed(string text)
    {
        string? script = null;

        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetter(rune))
            {
                script = null;
                continue;
            }

            if (ScriptOf(rune) is not { } its) continue;
            if (script is not null && script != its) return $"{script} and {its}";
            script = its;
        }

        return null;
    }

    static string? ScriptOf(Rune letter)
    {
        if (letter.Value < 0x0250) return "Latin";

        foreach (var (first, last, script) in Lookalikes)
            if (letter.Value >= first && letter.Value <= last) return script;

        return null;
    }
}
