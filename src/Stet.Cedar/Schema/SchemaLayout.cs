namespace Stet.Cedar;

/// <summary>
/// Lays out the tokens of a text that follows the grammar: a line for each attribute, lists in brackets on one line where
/// they fit, and what is missing or too much in trailing commas mended.
/// </summary>
sealed class SchemaLayout(string source)
{
    const int Width = ExpressionPrinter.Width;

    readonly LaidOutText text = new(source);
    readonly List<Token> tokens = [];
    readonly Stack<Enclosure> enclosures = new();
    int at;

    enum Enclosure
    {
        Braces,
        ListInLine,
        ListInLines,
    }

    Token Current => tokens[at];

    public string Print()
    {
        var lexer = new Lexer(source);
        do tokens.Add(lexer.Next());
        while (tokens[^1].Kind != TokenKind.End);

        text.Comments = lexer.Comments;
        PrintDeclarations(TokenKind.End);
        text.FinishComments(source.Length);
        return text.ToString();
    }

    void PrintDeclarations(TokenKind end)
    {
        while (Current.Kind != end)
        {
            text.BeginBlock(Current.Where.Start);
            while (Current.Kind == TokenKind.At) PrintAnnotation();

            if (TextOf(Current) is "namespace") PrintNamespace();
            else PrintDeclaration();

            text.EndBlock();
        }
    }

    void PrintNamespace()
    {
        do Put(Gap());
        while (tokens[at - 1].Kind != TokenKind.OpenBrace);

        var isEmpty = Current.Kind == TokenKind.CloseBrace && !text.HasCommentBefore(Current.Where.Start);
        if (!isEmpty)
        {
            text.OpenBlocks();
            PrintDeclarations(TokenKind.CloseBrace);
            text.FinishComments(Current.Where.Start);
            text.CloseBlocks();
        }

        Put(isEmpty ? LayoutGap.None : LayoutGap.Line);
    }

    void PrintAnnotation()
    {
        Put(LayoutGap.Line);
        Put(LayoutGap.None);
        if (Current.Kind == TokenKind.OpenParenthesis)
            for (var i = 0; i < 3; i++) Put(LayoutGap.None);

        text.BreakNext();
    }

    /// <summary>Up to the semicolon.</summary>
    void PrintDeclaration()
    {
        while (true)
        {
            switch (Current.Kind)
            {
                case TokenKind.Semicolon:
                    Put(LayoutGap.None);
                    return;
                case TokenKind.At:
                    PrintAnnotation();
                    break;
                case TokenKind.OpenBrace:
                    Open(Enclosure.Braces);
                    break;
                case TokenKind.OpenBracket:
                    Open(FitsInLine() ? Enclosure.ListInLine : Enclosure.ListInLines);
                    break;
                case TokenKind.CloseBrace or TokenKind.CloseBracket:
                    Close();
                    break;
                case TokenKind.Comma:
                    PrintComma();
                    break;
                default:
                    Put(Gap());
                    break;
            }
        }
    }

    void Open(Enclosure enclosure)
    {
        Put(Gap());
        enclosures.Push(enclosure);
        if (enclosure == Enclosure.ListInLine || IsClosing() && !text.HasCommentBefore(Current.Where.Start)) return;

        text.Indent++;
        text.BreakNext();
    }

    void Close()
    {
        var enclosure = enclosures.Pop();
        var isEmpty = tokens[at - 1].Kind is TokenKind.OpenBrace or TokenKind.OpenBracket;

        if (enclosure == Enclosure.ListInLine || isEmpty && !text.HasCommentBefore(Current.Where.Start))
        {
            Put(LayoutGap.None);
            return;
        }

        // Comments before the end belong to what is inside.
        text.WriteComments(Current.Where.Start);
        text.Indent--;
        Put(LayoutGap.Line);
    }

    void PrintComma()
    {
        if (!enclosures.TryPeek(out var enclosure))
        {
            Put(LayoutGap.None);
            if (text.Column + Current.Where.Length + 2 > Width) text.BreakNext(further: 1);
        }
        else if (enclosure != Enclosure.ListInLine)
        {
            Put(LayoutGap.None);
            text.BreakNext();
        }
        else if (tokens[at + 1].Kind == TokenKind.CloseBracket) at++;
        else Put(LayoutGap.None);
    }

    void Put(LayoutGap gap)
    {
        text.Write(Current.Where, gap);
        at++;

        var isOpen = tokens[at - 1].Kind is TokenKind.Comma or TokenKind.OpenBrace or TokenKind.OpenBracket;
        if (!isOpen && IsClosing() && enclosures.TryPeek(out var enclosure) && enclosure != Enclosure.ListInLine) text.WriteComma();
    }

    bool IsClosing() => Current.Kind is TokenKind.CloseBrace or TokenKind.CloseBracket;

    /// <summary>Whether a list has no comments and ends before the line does.</summary>
    bool FitsInLine()
    {
        var width = text.Column + 1;
        var i = at;

        do
        {
            width += tokens[i].Where.Length + (tokens[i].Kind == TokenKind.Comma ? 1 : 0);
            if (width >= Width) return false;
        }
        while (tokens[i++].Kind != TokenKind.CloseBracket);

        return !text.HasCommentBefore(tokens[i - 1].Where.Start);
    }

    LayoutGap Gap()
    {
        var before = at == 0 ? TokenKind.At : tokens[at - 1].Kind;

        var isTight = Current.Kind is TokenKind.Comma or TokenKind.Semicolon or TokenKind.Colon or TokenKind.Question
                or TokenKind.PathSeparator or TokenKind.Less or TokenKind.Greater
            || before is TokenKind.PathSeparator or TokenKind.Less or TokenKind.OpenBracket;

        return isTight ? LayoutGap.None : LayoutGap.Space;
    }

    ReadOnlySpan<char> TextOf(Token token) => source.AsSpan(token.Where.Start, token.Where.Length);
}
