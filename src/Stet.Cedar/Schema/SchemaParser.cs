using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>Reads the schema language up to its first mistake; names are resolved afterwards.</summary>
sealed class SchemaParser
{
    readonly TokenReader tokens;
    readonly CedarLimits limits;
    readonly SchemaTypeParser types;

    // What stands outside of namespaces may be interrupted by them.
    readonly SchemaDeclarations outside = new();
    readonly ImmutableArray<NamespaceSyntax>.Builder namespaces = ImmutableArray.CreateBuilder<NamespaceSyntax>();

    SchemaParser(string text, CedarLimits limits)
    {
        this.limits = limits;
        tokens = new TokenReader(text);
        types = new SchemaTypeParser(tokens, limits);
    }

    /// <summary>The schema as written; null and the finding when it does not follow the grammar.</summary>
    public static (SchemaSyntax? Syntax, Finding? Failure) Parse(string text, CedarLimits limits)
    {
        if (SchemaInput.Refuse(text, limits) is { } refused) return (null, refused);

        var parser = new SchemaParser(text, limits);
        return (parser.ReadSchema(), parser.tokens.Failure);
    }

    SchemaSyntax? ReadSchema()
    {
        while (!tokens.Is(TokenKind.End))
        {
            if (tokens.ReadAnnotations() is not { } annotations) return null;

            var isRead = tokens.IsWord("namespace") ? ReadNamespace(annotations) : ReadDeclaration(annotations, outside);
            if (!isRead) return null;
        }

        namespaces.Insert(0, outside.ToNamespace("", [], default));
        return new SchemaSyntax(namespaces.ToImmutable());
    }

    bool ReadNamespace(ImmutableArray<Annotation> annotations)
    {
        tokens.Advance();
        var where = tokens.Current.Where;
        if (tokens.ReadPath("the name of the namespace") is not { } name) return false;
        if (!tokens.Expect(TokenKind.OpenBrace, "`{` after the name of the namespace")) return false;

        var inside = new SchemaDeclarations();
        while (!tokens.Accept(TokenKind.CloseBrace))
            if (tokens.ReadAnnotations() is not { } next || !ReadDeclaration(next, inside)) return false;

        namespaces.Add(inside.ToNamespace(name, annotations, Place(where)));
        return true;
    }

    bool ReadDeclaration(ImmutableArray<Annotation> annotations, SchemaDeclarations into)
    {
        if (tokens.AcceptWord("entity")) return ReadEntityTypes(annotations, into);
        if (tokens.AcceptWord("action")) return ReadActions(annotations, into);
        if (tokens.AcceptWord("type")) return ReadCommonType(annotations, into);
        return tokens.FailExpected("`entity`, `action` or `type`");
    }

    bool ReadEntityTypes(ImmutableArray<Annotation> annotations, SchemaDeclarations into)
    {
        var names = new List<(string Name, SchemaPlace Place)>();
        do
        {
            var where = tokens.Current.Where;
            if (tokens.ReadIdentifier("the name of an entity type") is not { } name) return false;
            names.Add((name, Place(where)));
        }
        while (tokens.Accept(TokenKind.Comma));

        if (ReadEntityType() is not { } declared || !ExpectSemicolon()) return false;

        foreach (var (name, place) in names)
            into.EntityTypes.Add(declared with { Name = name, Annotations = annotations, Place = place });
        return true;
    }

    /// <summary>What stands behind the names, under no name yet.</summary>
    EntityTypeSyntax? ReadEntityType()
    {
        if (tokens.AcceptWord("enum"))
            return ReadEnumIds() is { } ids ? new EntityTypeSyntax("", [], null, null, ids, [], default) : null;

        ImmutableArray<NamedTypeSyntax> parents = [];
        if (tokens.AcceptWord("in"))
        {
            if (types.ReadEntityTypeNames(mayBeEmpty: true) is not { } read) return null;
            parents = read;
        }

        TypeSyntax? shape = null, tags = null;
        if (tokens.Accept(TokenKind.Assign) || tokens.Is(TokenKind.OpenBrace))
        {
            shape = types.ReadRecord(depth: 1);
            if (shape is null) return null;
        }

        if (tokens.AcceptWord("tags"))
        {
            tags = types.ReadType(depth: 1);
            if (tags is null) return null;
        }

        return new EntityTypeSyntax("", parents, shape, tags, EnumIds: null, [], default);
    }

    ImmutableArray<string>? ReadEnumIds()
    {
        if (!tokens.Expect(TokenKind.OpenBracket, "`[` and the ids of the entities")) return null;

        var ids = ImmutableArray.CreateBuilder<string>();
        do
        {
            if (ids.Count > 0 && tokens.Is(TokenKind.CloseBracket)) break;
            if (tokens.ReadString("the id of an entity in double quotes") is not { } id) return null;
            ids.Add(id);
        }
        while (tokens.Accept(TokenKind.Comma));

        if (!tokens.Expect(TokenKind.CloseBracket, "`,` or `]`")) return null;
        return ids.ToImmutable();
    }

    bool ReadActions(ImmutableArray<Annotation> annotations, SchemaDeclarations into)
    {
        var names = new List<(string Name, SchemaPlace Place)>();
        do
        {
            var where = tokens.Current.Where;
            if (types.ReadName("the name of an action") is not { } name) return false;
            names.Add((name, Place(where)));
        }
        while (tokens.Accept(TokenKind.Comma));

        ImmutableArray<ActionReferenceSyntax> parents = [];
        if (tokens.AcceptWord("in"))
        {
            if (ReadActionReferences() is not { } read) return false;
            parents = read;
        }

        AppliesToSyntax? appliesTo = null;
        if (tokens.AcceptWord("appliesTo"))
        {
            appliesTo = ReadAppliesTo();
            if (appliesTo is null) return false;
        }

        if (!ExpectSemicolon()) return false;

        foreach (var (name, place) in names)
            into.Actions.Add(new ActionSyntax(name, parents, appliesTo, annotations, place));
        return true;
    }

    ImmutableArray<ActionReferenceSyntax>? ReadActionReferences()
    {
        var references = ImmutableArray.CreateBuilder<ActionReferenceSyntax>();

        if (!tokens.Accept(TokenKind.OpenBracket))
        {
            if (ReadActionReference() is not { } only) return null;
            return [only];
        }

        while (!tokens.Accept(TokenKind.CloseBracket))
        {
            if (ReadActionReference() is not { } reference) return null;
            references.Add(reference);
            if (!types.AcceptSeparator(TokenKind.CloseBracket, "`,` or `]`")) return null;
        }

        return references.ToImmutable();
    }

    /// <summary><c>name</c>, <c>"name"</c> or <c>Path::Action::"name"</c>.</summary>
    ActionReferenceSyntax? ReadActionReference()
    {
        var start = tokens.Current.Where;
        if (tokens.Is(TokenKind.String))
            return types.ReadName("an action") is { } id ? new ActionReferenceSyntax(null, id, Place(start)) : null;

        if (tokens.ReadPath("an action") is not { } path) return null;

        if (tokens.Accept(TokenKind.PathSeparator))
            return tokens.ReadString("the id of an action in double quotes") is { } id
                ? new ActionReferenceSyntax(path, id, Place(start.To(tokens.Last)))
                : null;

        var at = path.LastIndexOf("::", StringComparison.Ordinal);
        return new ActionReferenceSyntax(
            at < 0 ? null : path[..at], at < 0 ? path : path[(at + 2)..], Place(start.To(tokens.Last)));
    }

    AppliesToSyntax? ReadAppliesTo()
    {
        if (!tokens.Expect(TokenKind.OpenBrace, "`{`")) return null;

        ImmutableArray<NamedTypeSyntax>? principals = null, resources = null;
        TypeSyntax? context = null;

        while (!tokens.Is(TokenKind.CloseBrace))
        {
            var isFirst = tokens.CurrentText switch
            {
                "principal" => principals is null,
                "resource" => resources is null,
                "context" => context is null,
                _ => tokens.FailExpected("`principal`, `resource` or `context`"),
            };
            if (!isFirst)
            {
                tokens.Fail(
                    FindingCode.Syntax, tokens.Current.Where, $"`{tokens.CurrentText}` is given twice: keep one of them.");
                return null;
            }

            var part = tokens.CurrentText[0];
            tokens.Advance();
            if (!tokens.Expect(TokenKind.Colon, "`:`")) return null;

            if (part == 'p') principals = types.ReadEntityTypeNames(mayBeEmpty: false);
            else if (part == 'r') resources = types.ReadEntityTypeNames(mayBeEmpty: false);
            else context = tokens.Is(TokenKind.OpenBrace) ? types.ReadRecord(depth: 1) : types.ReadNamedType(TypeNameKind.Any);

            if (tokens.Failure is not null) return null;
            if (!types.AcceptSeparator(TokenKind.CloseBrace, "`,` or `}`")) return null;
        }

        if (principals is null || resources is null)
        {
            tokens.FailExpected(principals is null ? "`principal: ...`" : "`resource: ...`");
            return null;
        }

        tokens.Advance();
        return new AppliesToSyntax(principals.Value, resources.Value, context);
    }

    bool ReadCommonType(ImmutableArray<Annotation> annotations, SchemaDeclarations into)
    {
        var where = tokens.Current.Where;
        if (tokens.ReadIdentifier("the name of a type") is not { } name) return false;
        if (!tokens.Expect(TokenKind.Assign, "`=`")) return false;
        if (types.ReadType(depth: 1) is not { } type || !ExpectSemicolon()) return false;

        into.CommonTypes.Add(new CommonTypeSyntax(name, type, annotations, Place(where)));
        return true;
    }

    bool ExpectSemicolon() => tokens.Expect(TokenKind.Semicolon, "`;`");

    static SchemaPlace Place(TextSpan where) => new(where, Pointer: null);
}

/// <summary>Declarations of a namespace while it is read.</summary>
sealed class SchemaDeclarations
{
    public ImmutableArray<CommonTypeSyntax>.Builder CommonTypes { get; } = ImmutableArray.CreateBuilder<CommonTypeSyntax>();

    public ImmutableArray<EntityTypeSyntax>.Builder EntityTypes { get; } = ImmutableArray.CreateBuilder<EntityTypeSyntax>();

    public ImmutableArray<ActionSyntax>.Builder Actions { get; } = ImmutableArray.CreateBuilder<ActionSyntax>();

    public NamespaceSyntax ToNamespace(string name, ImmutableArray<Annotation> annotations, SchemaPlace place) => new(
        name, annotations, CommonTypes.ToImmutable(), EntityTypes.ToImmutable(), Actions.ToImmutable(), place);
}
