using System.Text;

namespace Stet.Cedar;

/// <summary>What stands between two tokens.</summary>
enum LayoutGap
{
    None,
    Space,
    Line,
}

/// <summary>Text that is being laid out, with the comments of its source between the pieces.</summary>
sealed class LaidOutText(string source)
{
    readonly StringBuilder finished = new();
    readonly StringBuilder block = new();

    int nextComment;
    int lastEnd;
    int lineStart;
    int furtherIndent;
    bool mustBreak = true;
    bool isFirstBlock = true;
    bool wasLongBlock;
    bool isClosing;

    public List<TextSpan> Comments { get; set; } = [];

    public int Indent { get; set; }

    /// <summary>How far the current line is.</summary>
    public int Column => block.Length - lineStart;

    /// <summary>Begins a declaration: its comments and annotations come first.</summary>
    public void BeginBlock(int start)
    {
        FinishTrailing(start);
        mustBreak = true;
    }

    /// <summary>
    /// Ends a declaration: it stands apart from its neighbour by a blank line when either takes several lines or the
    /// source had one.
    /// </summary>
    public void EndBlock()
    {
        var isLong = block.ToString().AsSpan().TrimStart('\n').Contains('\n');
        Flush(isApart: wasLongBlock || isLong);
        (wasLongBlock, isClosing) = (isLong || isClosing, false);
    }

    /// <summary>Ends what has been written of a namespace, whose declarations follow.</summary>
    public void OpenBlocks()
    {
        Flush(isApart: true);
        Indent++;
        (isFirstBlock, wasLongBlock) = (true, false);
    }

    /// <summary>Goes back to the namespace, of which only the closing brace is left.</summary>
    public void CloseBlocks()
    {
        Indent--;
        (isFirstBlock, mustBreak, isClosing) = (true, true, true);
    }

    /// <summary>Writes the comments up to a place behind the last declaration.</summary>
    public void FinishComments(int end)
    {
        FinishTrailing(end);
        if (!HasCommentBefore(end)) return;

        mustBreak = true;
        WriteComments(end);
        Flush(isApart: false);
    }

    public override string ToString() => finished.ToString();

    public bool HasCommentBefore(int end) => nextComment < Comments.Count && Comments[nextComment].Start < end;

    /// <summary>Makes the next piece begin a line.</summary>
    public void BreakNext(int further = 0)
    {
        mustBreak = true;
        furtherIndent = further;
    }

    public void Write(TextSpan where, LayoutGap gap)
    {
        WriteComments(where.Start);

        if (mustBreak || gap == LayoutGap.Line) BreakLine(where.Start);
        else if (gap == LayoutGap.Space) block.Append(' ');

        block.Append(source, where.Start, where.Length);
        lastEnd = where.End;
    }

    /// <summary>Writes a comma that the source does not have.</summary>
    public void WriteComma() => block.Append(',');

    public void WriteComments(int end)
    {
        while (HasCommentBefore(end))
        {
            var comment = Comments[nextComment++];
            if (block.Length > 0 && IsOnLine(comment)) block.Append(' ');
            else BreakLine(comment.Start);

            block.Append(source.AsSpan(comment.Start, comment.Length).TrimEnd());
            lastEnd = comment.End;
            mustBreak = true;
        }
    }

    /// <summary>Writes the comment that stands behind the last declaration, or the opening of a namespace.</summary>
    void FinishTrailing(int end)
    {
        if (finished.Length == 0 || !HasCommentBefore(end) || !IsOnLine(Comments[nextComment])) return;

        var comment = Comments[nextComment++];
        finished.Length--;
        finished.Append(' ').Append(source.AsSpan(comment.Start, comment.Length).TrimEnd()).Append('\n');
        lastEnd = comment.End;
    }

    bool IsOnLine(TextSpan comment) => !source.AsSpan(lastEnd, comment.Start - lastEnd).Contains('\n');

    void BreakLine(int start)
    {
        var hasBlank = source.AsSpan(lastEnd, start - lastEnd).Count('\n') > 1;
        if (block.Length > 0) block.Append('\n');

        // A blank line before the first piece tells the declarations apart; behind an opening brace or bracket, or before
        // a closing one, there is none.
        if (hasBlank && (block.Length == 0 || source[lastEnd - 1] is not ('{' or '[') && source[start] is not ('}' or ']')))
            block.Append('\n');

        lineStart = block.Length;
        block.Append(' ', (Indent + furtherIndent) * ExpressionPrinter.Indent);
        (mustBreak, furtherIndent) = (false, 0);
    }

    void Flush(bool isApart)
    {
        if (block.Length == 0) return;

        var written = block.ToString().AsSpan();
        var hadBlank = written.StartsWith("\n");
        if (!isFirstBlock && (hadBlank || isApart)) finished.Append('\n');

        finished.Append(written.TrimStart('\n')).Append('\n');
        block.Clear();
        lineStart = 0;
        isFirstBlock = false;
    }
}
