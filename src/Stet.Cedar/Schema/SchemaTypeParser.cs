using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>Reads the parts that declarations of a schema are made of: types and names.</summary>
sealed class SchemaTypeParser(TokenReader tokens, CedarLimits limits)
{
    /// <param name="depth">Levels of nesting this type is at; 1 for the outermost.</param>
    public TypeSyntax? ReadType(int depth)
    {
        if (tokens.Is(TokenKind.OpenBrace)) return ReadRecord(depth);
        if (tokens.IsWord("Set") && tokens.Peek().Kind == TokenKind.Less) return ReadSet(depth);
        return ReadNamedType(TypeNameKind.Any);
    }

    public NamedTypeSyntax? ReadNamedType(TypeNameKind kind)
    {
        var start = tokens.Current.Where;

        // The one place for the reserved word: before the name of a built-in type.
        if (kind == TypeNameKind.Any && tokens.AcceptWord("__cedar"))
        {
            if (!tokens.Expect(TokenKind.PathSeparator, "`::` and a built-in type")) return null;
            kind = TypeNameKind.BuiltIn;
        }

        var name = kind == TypeNameKind.BuiltIn
            ? tokens.ReadIdentifier("the name of a built-in type")
            : tokens.ReadPath(kind == TypeNameKind.Entity ? "the name of an entity type" : "a type");

        return name is null ? null : new NamedTypeSyntax(name, kind, Place(start.To(tokens.Last)));
    }

    public RecordTypeSyntax? ReadRecord(int depth)
    {
        var start = tokens.Current.Where;
        if (!IsWithin(depth) || !tokens.Expect(TokenKind.OpenBrace, "`{`")) return null;

        var attributes = ImmutableArray.CreateBuilder<AttributeSyntax>();
        var names = new HashSet<string>(StringComparer.Ordinal);

        while (!tokens.Is(TokenKind.CloseBrace))
        {
            if (ReadAttribute(depth) is not { } attribute) return null;

            if (!names.Add(attribute.Name))
            {
                tokens.Fail(
                    FindingCode.DuplicateKey, attribute.Place.Where,
                    $"The attribute `{attribute.Name}` is declared twice in this record: keep one of them.");
                return null;
            }

            if (names.Count > limits.RecordKeys)
            {
                tokens.Fail(FindingCode.Limit, attribute.Place.Where, SchemaInput.TooManyKeys(limits));
                return null;
            }

            attributes.Add(attribute);
            if (!AcceptSeparator(TokenKind.CloseBrace, "`,` or `}`")) return null;
        }

        tokens.Advance();
        return new RecordTypeSyntax(attributes.ToImmutable(), Place(start.To(tokens.Last)));
    }

    /// <summary>One path, or some in brackets.</summary>
    public ImmutableArray<NamedTypeSyntax>? ReadEntityTypeNames(bool mayBeEmpty)
    {
        if (!tokens.Accept(TokenKind.OpenBracket))
            return ReadNamedType(TypeNameKind.Entity) is { } only ? [only] : null;

        var names = ImmutableArray.CreateBuilder<NamedTypeSyntax>();
        while (names.Count == 0 && !mayBeEmpty || !tokens.Is(TokenKind.CloseBracket))
        {
            if (ReadNamedType(TypeNameKind.Entity) is not { } name) return null;
            names.Add(name);
            if (!AcceptSeparator(TokenKind.CloseBracket, "`,` or `]`")) return null;
        }

        tokens.Advance();
        return names.ToImmutable();
    }

    /// <summary>An identifier, or any text in double quotes.</summary>
    public string? ReadName(string expected) =>
        tokens.Is(TokenKind.String) ? tokens.ReadString(expected) : tokens.ReadIdentifier(expected);

    /// <summary>Passes a comma, or stops before what closes the list.</summary>
    public bool AcceptSeparator(TokenKind close, string expected) =>
        tokens.Accept(TokenKind.Comma) || tokens.Is(close) || tokens.FailExpected(expected);

    SetTypeSyntax? ReadSet(int depth)
    {
        var start = tokens.Current.Where;
        if (!IsWithin(depth)) return null;

        tokens.Advance();
        tokens.Advance();
        if (ReadType(depth + 1) is not { } element || !tokens.Expect(TokenKind.Greater, "`>`")) return null;
        return new SetTypeSyntax(element, Place(start.To(tokens.Last)));
    }

    AttributeSyntax? ReadAttribute(int depth)
    {
        if (tokens.ReadAnnotations() is not { } annotations) return null;

        var where = tokens.Current.Where;
        if (ReadName("the name of an attribute, or `}`") is not { } name) return null;

        var isRequired = !tokens.Accept(TokenKind.Question);
        if (!tokens.Expect(TokenKind.Colon, "`:`")) return null;

        return ReadType(depth + 1) is { } type
            ? new AttributeSyntax(name, isRequired, type, annotations, Place(where))
            : null;
    }

    bool IsWithin(int depth) =>
        depth <= limits.Depth || tokens.Fail(FindingCode.Limit, tokens.Current.Where, SchemaInput.TooDeep(limits));

    static SchemaPlace Place(TextSpan where) => new(where, Pointer: null);
}
