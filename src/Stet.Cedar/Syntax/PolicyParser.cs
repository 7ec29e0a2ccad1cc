using System.Collections.Immutable;
using System.Text;

namespace Stet.Cedar;

/// <summary>Parses the text of policies. Ids are the caller's.</summary>
sealed class PolicyParser(string text, CedarLimits limits, bool takesAnyAction = false)
{
    readonly TokenReader tokens = new(text);

    internal List<TextSpan> Comments => tokens.Comments;

    /// <summary>
    /// Reads all policies of the text; behind one that is refused it goes on after the next semicolon. The ids come from
    /// the position.
    /// </summary>
    internal void ParseAll(Func<int, PolicyId> idAt, ICollection<Policy> policies, ICollection<Finding> findings)
    {
        if (!UnicodeText.IsWellFormed(text))
        {
            findings.Add(new Finding(FindingCode.Syntax, null, default,
                "The text holds a surrogate without its other half: send valid Unicode."));
            return;
        }

        for (var position = 0; !tokens.Is(TokenKind.End); position++)
        {
            var id = idAt(position);
            var begin = tokens.Last.End;

            if (Parse(id) is not { } policy)
            {
                findings.Add(tokens.Failure! with { Policy = id });
                tokens.Recover(TokenKind.Semicolon);
            }
            else if (!FitsLimit(begin))
                findings.Add(new Finding(FindingCode.Limit, id, policy.Source.Where,
                    $"A policy may have {limits.PolicyBytes} bytes: split it."));
            else policies.Add(policy);
        }
    }

    Policy? Parse(PolicyId id)
    {
        var start = tokens.Current.Where;

        if (tokens.ReadAnnotations() is not { } annotations || ParseEffect() is not { } effect
            || !tokens.Expect(TokenKind.OpenParenthesis, "`(`")
            || ParsePrincipalOrResource("principal") is not { } principal || !tokens.Expect(TokenKind.Comma, "`,`")
            || ParseAction() is not { } action || !tokens.Expect(TokenKind.Comma, "`,`")
            || ParsePrincipalOrResource("resource") is not { } resource) return null;

        tokens.Accept(TokenKind.Comma);

        if (!tokens.Expect(TokenKind.CloseParenthesis, "`)`") || ParseConditions() is not { } conditions
            || !tokens.Expect(TokenKind.Semicolon, "`when`, `unless` or `;`")) return null;

        return new Policy(
            id, effect, new(annotations), principal, action, resource, new(conditions),
            new PolicySource(text, start.To(tokens.Last)));
    }

    // From the end of the policy before, so that comments count.
    bool FitsLimit(int begin)
    {
        var end = tokens.Is(TokenKind.End) ? text.Length : tokens.Last.End;
        return Encoding.UTF8.GetByteCount(text.AsSpan(begin, end - begin)) <= limits.PolicyBytes;
    }

    Effect? ParseEffect()
    {
        if (tokens.AcceptWord("permit")) return Effect.Permit;
        if (tokens.AcceptWord("forbid")) return Effect.Forbid;

        tokens.FailExpected("`permit` or `forbid`");
        return null;
    }

    ScopeConstraint? ParsePrincipalOrResource(string variable)
    {
        var start = tokens.Current.Where;
        if (!tokens.ExpectWord(variable)) return null;

        if (tokens.Accept(TokenKind.Equal))
            return ParseReference(variable) is { } same ? new ScopeEqual(same, start.To(tokens.Last)) : null;

        if (tokens.AcceptWord("in"))
            return ParseReference(variable) is { } group ? new ScopeIn(group, start.To(tokens.Last)) : null;

        if (!tokens.AcceptWord("is")) return new ScopeAny(start);
        if (tokens.ReadPath("an entity type") is not { } type) return null;
        if (!tokens.AcceptWord("in")) return new ScopeIs(type, In: null, start.To(tokens.Last));

        return ParseReference(variable) is { } typed ? new ScopeIs(type, typed, start.To(tokens.Last)) : null;
    }

    ScopeConstraint? ParseAction()
    {
        var start = tokens.Current.Where;
        if (!tokens.ExpectWord("action")) return null;

        if (tokens.Accept(TokenKind.Equal))
            return ParseActionUid() is { } same ? new ScopeEqual(new EntityReference(same), start.To(tokens.Last)) : null;

        if (!tokens.AcceptWord("in")) return new ScopeAny(start);

        if (!tokens.Accept(TokenKind.OpenBracket))
            return ParseActionUid() is { } group ? new ScopeIn(new EntityReference(group), start.To(tokens.Last)) : null;

        return ParseEntities() is { } actions ? new ScopeInList(new(actions), start.To(tokens.Last)) : null;
    }

    ImmutableArray<EntityUid>? ParseEntities()
    {
        var entities = ImmutableArray.CreateBuilder<EntityUid>();

        while (!tokens.Accept(TokenKind.CloseBracket))
        {
            if (entities.Count == limits.SetElements)
            {
                tokens.Fail(FindingCode.Limit, tokens.Current.Where,
                    $"A set may have {limits.SetElements} elements: name a group of actions.");
                return null;
            }

            if (ParseActionUid() is not { } entity) return null;
            entities.Add(entity);
            if (!tokens.Accept(TokenKind.Comma) && !tokens.Is(TokenKind.CloseBracket))
            {
                tokens.FailExpected("`,` or `]`");
                return null;
            }
        }

        return entities.ToImmutable();
    }

    EntityReference? ParseReference(string variable)
    {
        if (!tokens.Is(TokenKind.Question)) return ParseEntity() is { } entity ? new EntityReference(entity) : null;

        var start = tokens.Current.Where;
        tokens.Advance();
        if (tokens.IsWord(variable) && tokens.Current.Where.Start == start.End)
        {
            tokens.Advance();
            return new EntityReference(Uid: null);
        }

        tokens.Fail(FindingCode.Syntax, start, $"The slot of `{variable}` is `?{variable}`.");
        return null;
    }

    EntityUid? ParseEntity() =>
        tokens.ReadPath("an entity such as `User::\"ada\"`") is { } type
        && tokens.Expect(TokenKind.PathSeparator, "`::`")
        && tokens.ReadString("the id of an entity in double quotes") is { } id ? new EntityUid(type, id) : null;

    EntityUid? ParseActionUid()
    {
        var start = tokens.Current.Where;
        if (ParseEntity() is not { } uid) return null;
        if (takesAnyAction || uid.IsOfAction) return uid;

        tokens.Fail(FindingCode.Syntax, start.To(tokens.Last), ScopeConstraint.NoAction);
        return null;
    }

    ImmutableArray<Condition>? ParseConditions()
    {
        var conditions = ImmutableArray.CreateBuilder<Condition>();

        while (tokens.IsWord("when") || tokens.IsWord("unless"))
        {
            var start = tokens.Current.Where;
            var isUnless = tokens.IsWord("unless");
            tokens.Advance();

            if (!tokens.Expect(TokenKind.OpenBrace, "`{`") || new ExpressionParser(tokens, limits).Parse() is not { } body
                || !tokens.Expect(TokenKind.CloseBrace, "an operator or `}`")) return null;

            conditions.Add(new Condition(isUnless, body, start.To(tokens.Last)));
        }

        return conditions.ToImmutable();
    }
}
