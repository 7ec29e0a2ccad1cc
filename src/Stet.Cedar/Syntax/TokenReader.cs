using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// What parsers stand on: one token ahead, and the first thing that went wrong. A parsing method that cannot go on records
/// why with <see cref="Fail"/> and answers null or false; every caller passes that on.
/// </summary>
sealed class TokenReader
{
    readonly Lexer lexer;
    Token? peeked;

    internal TokenReader(string text)
    {
        Text = text;
        lexer = new Lexer(text);
        Current = lexer.Next();
    }

    internal string Text { get; }

    /// <summary>The token to be read next.</summary>
    internal Token Current { get; private set; }

    /// <summary>The place of the token read last.</summary>
    internal TextSpan Last { get; private set; }

    /// <summary>The first thing that went wrong since <see cref="Recover"/>, without a policy's name.</summary>
    internal Finding? Failure { get; private set; }

    internal List<TextSpan> Comments => lexer.Comments;

    /// <summary>The token after <see cref="Current"/>.</summary>
    internal Token Peek() => peeked ??= lexer.Next();

    internal ReadOnlySpan<char> CurrentText => TextOf(Current.Where);

    internal ReadOnlySpan<char> TextOf(TextSpan where) => Text.AsSpan(where.Start, where.Length);

    internal void Advance()
    {
        Last = Current.Where;
        Current = peeked ?? lexer.Next();
        peeked = null;
    }

    internal bool Is(TokenKind kind) => Current.Kind == kind;

    internal bool IsWord(string word) => Is(TokenKind.Identifier) && CurrentText.SequenceEqual(word);

    internal bool Accept(TokenKind kind)
    {
        if (!Is(kind)) return false;
        Advance();
        return true;
    }

    internal bool AcceptWord(string word)
    {
        if (!IsWord(word)) return false;
        Advance();
        return true;
    }

    /// <summary>Reads the token, or fails with what was expected.</summary>
    internal bool Expect(TokenKind kind, string expected) => Accept(kind) || FailExpected(expected);

    internal bool ExpectWord(string word) => AcceptWord(word) || FailExpected($"`{word}`");

    /// <summary>Reads an identifier that is no reserved word.</summary>
    internal string? ReadIdentifier(string expected)
    {
        if (!Is(TokenKind.Identifier))
        {
            FailExpected(expected);
            return null;
        }

        if (!EntityTypeName.IsIdentifier(CurrentText))
        {
            Fail(FindingCode.Syntax, Current.Where,
                $"`{CurrentText}` is a reserved word: choose another name, or put it in quotes where a string may stand.");
            return null;
        }

        var name = CurrentText.ToString();
        Advance();
        return name;
    }

    /// <summary>Reads identifiers joined by <c>::</c> and leaves a <c>::</c> before anything else.</summary>
    internal string? ReadPath(string expected)
    {
        var path = ReadIdentifier(expected);

        while (path is not null && Is(TokenKind.PathSeparator) && Peek().Kind == TokenKind.Identifier)
        {
            Advance();
            path = ReadIdentifier(expected) is { } next ? $"{path}::{next}" : null;
        }

        return path;
    }

    /// <summary>Reads a string in quotes and resolves its escapes.</summary>
    internal string? ReadString(string expected)
    {
        if (!Is(TokenKind.String))
        {
            FailExpected(expected);
            return null;
        }

        var where = Current.Where;

        if (!StringLiteral.TryUnescape(Text, where, out var content, out var escape))
        {
            Fail(FindingCode.Escape, escape, StringLiteral.Advice(TextOf(escape)));
            return null;
        }

        Advance();
        return content;
    }

    /// <summary>Reads a string in quotes as the pattern of <c>like</c>.</summary>
    internal Pattern? ReadPattern()
    {
        if (!Is(TokenKind.String))
        {
            FailExpected("a pattern in double quotes");
            return null;
        }

        if (!StringLiteral.TryReadPattern(Text, Current.Where, out var pieces, out var escape))
        {
            Fail(FindingCode.Escape, escape, StringLiteral.Advice(TextOf(escape)));
            return null;
        }

        Advance();
        return new Pattern(new EquatableArray<string>(pieces));
    }

    /// <summary>Reads <c>@name("text")</c>, or <c>@name</c>, any number of times, each name once.</summary>
    internal ImmutableArray<Annotation>? ReadAnnotations()
    {
        if (!Is(TokenKind.At)) return [];

        var annotations = ImmutableArray.CreateBuilder<Annotation>();
        var names = new HashSet<string>(StringComparer.Ordinal);

        while (Is(TokenKind.At))
        {
            if (ReadAnnotation() is not { } annotation) return null;

            if (!names.Add(annotation.Name))
            {
                Fail(FindingCode.DuplicateKey, annotation.Where,
                    $"The annotation `@{annotation.Name}` is given twice: keep one of them.");
                return null;
            }

            annotations.Add(annotation);
        }

        return annotations.ToImmutable();
    }

    Annotation? ReadAnnotation()
    {
        var start = Current.Where;
        Advance();

        // Reserved words are names here.
        if (!Is(TokenKind.Identifier))
        {
            FailExpected("the name of an annotation");
            return null;
        }

        var name = CurrentText.ToString();
        Advance();
        if (!Accept(TokenKind.OpenParenthesis)) return new Annotation(name, Value: null, start.To(Last));

        return ReadString("the text of the annotation in double quotes") is { } value
            && Expect(TokenKind.CloseParenthesis, "`)`")
                ? new Annotation(name, value, start.To(Last))
                : null;
    }

    /// <summary>Records what went wrong, unless something did before. Always false.</summary>
    internal bool Fail(FindingCode code, TextSpan where, string message)
    {
        Failure ??= new Finding(code, Policy: null, where, message);
        return false;
    }

    /// <summary>Records that the current token is not what has to stand here. Always false.</summary>
    internal bool FailExpected(string expected) => Current.Kind switch
    {
        TokenKind.End => Fail(FindingCode.Syntax, Current.Where, $"The text ends where {expected} is expected."),
        TokenKind.UnclosedString => Fail(FindingCode.Syntax, Current.Where,
            "This string is not closed: end it with a double quote."),
        TokenKind.Unknown => Fail(FindingCode.Syntax, Current.Where,
            $"The character `{ValueText.Shown(CurrentText)}` has no meaning here: {expected} is expected."),
        _ => Fail(FindingCode.Syntax, Current.Where,
            $"`{ValueText.Shown(CurrentText)}` stands where {expected} is expected."),
    };

    /// <summary>Forgets the failure and goes on behind the next token of a kind, or at the end.</summary>
    internal void Recover(TokenKind behind)
    {
        Failure = null;
        while (!Is(TokenKind.End) && !Is(behind)) Advance();
        Accept(behind);
    }
}
