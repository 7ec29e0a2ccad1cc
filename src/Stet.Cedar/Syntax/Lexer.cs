using System.Runtime.InteropServices;

namespace Stet.Cedar;

/// <summary>Cuts the text of policies or of a schema into tokens. Nothing in a text makes it throw.</summary>
sealed class Lexer(string text)
{
    int at;

    /// <summary>The comments met so far, each from its slashes to the end of its line, in order.</summary>
    internal List<TextSpan> Comments { get; } = [];

    /// <summary>The next token; at the end of the text, <see cref="TokenKind.End"/> for ever.</summary>
    internal Token Next()
    {
        SkipBlanks();
        var start = at;
        if (at == text.Length) return new Token(TokenKind.End, new TextSpan(at, 0));

        var kind = text[at] switch
        {
            '"' => ReadString(),
            >= '0' and <= '9' => ReadDigits(),
            '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => ReadIdentifier(),
            _ => ReadPunctuation(),
        };

        return new Token(kind, new TextSpan(start, at - start));
    }

    void SkipBlanks()
    {
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at])) at++;
            else if (text.AsSpan(at).StartsWith("//")) SkipComment();
            else return;
        }
    }

    void SkipComment()
    {
        var length = text.AsSpan(at).IndexOfAny('\n', '\r');
        if (length < 0) length = text.Length - at;
        if (Comments.Count == 0 || Comments[^1].Start < at) Comments.Add(new TextSpan(at, length));
        at += length;
    }

    TokenKind ReadString()
    {
        at++;

        while (at < text.Length)
        {
            var next = text[at++];
            if (next == '"') return TokenKind.String;
            if (next == '\\' && at < text.Length) at++;
        }

        return TokenKind.UnclosedString;
    }

    TokenKind ReadDigits()
    {
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return TokenKind.Integer;
    }

    TokenKind ReadIdentifier()
    {
        while (at < text.Length && EntityTypeName.IsIdentifierPart(text[at])) at++;
        return TokenKind.Identifier;
    }

    TokenKind ReadPunctuation()
    {
        var next = at + 1 < text.Length ? text[at + 1] : '\0';

        var (kind, length) = (text[at], next) switch
        {
            (':', ':') => (TokenKind.PathSeparator, 2),
            ('=', '=') => (TokenKind.Equal, 2),
            ('!', '=') => (TokenKind.NotEqual, 2),
            ('<', '=') => (TokenKind.LessOrEqual, 2),
            ('>', '=') => (TokenKind.GreaterOrEqual, 2),
            ('&', '&') => (TokenKind.And, 2),
            ('|', '|') => (TokenKind.Or, 2),
            ('@', _) => (TokenKind.At, 1),
            ('(', _) => (TokenKind.OpenParenthesis, 1),
            (')', _) => (TokenKind.CloseParenthesis, 1),
            ('[', _) => (TokenKind.OpenBracket, 1),
            (']', _) => (TokenKind.CloseBracket, 1),
            ('{', _) => (TokenKind.OpenBrace, 1),
            ('}', _) => (TokenKind.CloseBrace, 1),
            (',', _) => (TokenKind.Comma, 1),
            (';', _) => (TokenKind.Semicolon, 1),
            (':', _) => (TokenKind.Colon, 1),
            ('.', _) => (TokenKind.Dot, 1),
            ('?', _) => (TokenKind.Question, 1),
            ('=', _) => (TokenKind.Assign, 1),
            ('<', _) => (TokenKind.Less, 1),
            ('>', _) => (TokenKind.Greater, 1),
            ('!', _) => (TokenKind.Not, 1),
            ('+', _) => (TokenKind.Plus, 1),
            ('-', _) => (TokenKind.Minus, 1),
            ('*', _) => (TokenKind.Star, 1),
            _ => (TokenKind.Unknown, char.IsSurrogatePair(text[at], next) ? 2 : 1),
        };

        at += length;
        return kind;
    }
}

/// <summary>A token and its place.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct Token(TokenKind Kind, TextSpan Where);

enum TokenKind
{
    End, Identifier, Integer, String, UnclosedString, Unknown,
    PathSeparator, Equal, NotEqual, LessOrEqual, GreaterOrEqual, And, Or,
    At, OpenParenthesis, CloseParenthesis, OpenBracket, CloseBracket, OpenBrace, CloseBrace,
    Comma, Semicolon, Colon, Dot, Question, Assign, Less, Greater, Not, Plus, Minus, Star,
}
