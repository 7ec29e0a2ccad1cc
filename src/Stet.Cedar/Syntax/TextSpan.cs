using System.Runtime.InteropServices;

namespace Stet.Cedar;

/// <summary>A piece of a text, in UTF-16 code units.</summary>
/// <param name="Start">Where it begins, from 0.</param>
/// <param name="Length">How long it is, 0 for a place between two units.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TextSpan(int Start, int Length)
{
    /// <summary>The place behind its last unit.</summary>
    public int End => Start + Length;

    /// <summary>The shortest span that covers this one and a later one.</summary>
    public TextSpan To(TextSpan last) => new(Start, last.End - Start);

    /// <summary>Where it begins, as an editor shows it.</summary>
    /// <param name="text">The text the span was taken from; what lies beyond its end counts as the end.</param>
    public TextPosition PositionIn(ReadOnlySpan<char> text)
    {
        var before = text[..Math.Clamp(Start, 0, text.Length)];
        return new TextPosition(before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }
}

/// <summary>A place as an editor shows it.</summary>
/// <param name="Line">From 1; lines end with U+000A.</param>
/// <param name="Column">From 1, in UTF-16 code units.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TextPosition(int Line, int Column);
