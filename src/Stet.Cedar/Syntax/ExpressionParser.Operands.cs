using System.Collections.Immutable;
using System.Globalization;

namespace Stet.Cedar;

sealed partial class ExpressionParser
{
    const int MostPrefixes = 4;

    Expression? ParseUnary()
    {
        if (!tokens.Is(TokenKind.Not) && !tokens.Is(TokenKind.Minus)) return ParseMember();

        var prefix = tokens.Current.Kind;
        var starts = new List<TextSpan>(MostPrefixes);

        while (tokens.Is(prefix))
        {
            if (starts.Count == MostPrefixes)
                return Fail(FindingCode.Syntax, tokens.Current.Where,
                    "At most four of `!` or `-` may follow each other: use parentheses.");

            starts.Add(tokens.Current.Where);
            tokens.Advance();
        }

        if (tokens.Is(TokenKind.Not) || tokens.Is(TokenKind.Minus))
            return Fail(FindingCode.Syntax, tokens.Current.Where, "`!` and `-` may not be mixed: use parentheses.");

        Expression? operand;

        if (prefix == TokenKind.Minus && tokens.Is(TokenKind.Integer)
            && tokens.Peek().Kind is not (TokenKind.Dot or TokenKind.OpenBracket))
        {
            operand = ParseInteger(starts[^1]);
            starts.RemoveAt(starts.Count - 1);
        }
        else operand = ParseMember();

        for (var i = starts.Count - 1; i >= 0 && operand is not null; i--)
            operand = Sized(
                new Unary(prefix == TokenKind.Not ? UnaryOperator.Not : UnaryOperator.Negate, operand, starts[i].To(operand.Where)),
                height + 1);

        return operand;
    }

    Literal? ParseInteger(TextSpan? minus)
    {
        var where = minus?.To(tokens.Current.Where) ?? tokens.Current.Where;

        // The sign is parsed with the digits: 2^63 is a number only below zero.
        var signed = $"{(minus is null ? "" : "-")}{tokens.CurrentText}";

        if (!long.TryParse(signed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            tokens.Fail(FindingCode.IntegerRange, where,
                "This number does not fit 64 bits: -9223372036854775808 to 9223372036854775807.");
            return null;
        }

        tokens.Advance();
        return Sized(new Literal(new LongValue(number), where), 1);
    }

    Expression? ParseMember()
    {
        var expression = ParsePrimary();

        while (expression is not null)
        {
            if (tokens.Accept(TokenKind.Dot)) expression = ParseDot(expression);
            else if (tokens.Accept(TokenKind.OpenBracket)) expression = ParseIndex(expression);
            else break;
        }

        return expression;
    }

    AttributeAccess? ParseIndex(Expression target)
    {
        if (tokens.ReadString("the name of an attribute in double quotes") is not { } name
            || !tokens.Expect(TokenKind.CloseBracket, "`]`")) return null;

        return Sized(new AttributeAccess(target, name, target.Where.To(tokens.Last)), height + 1);
    }

    Expression? ParseDot(Expression target)
    {
        if (tokens.ReadIdentifier("the name of an attribute or method") is not { } name) return null;
        var where = tokens.Last;

        if (!tokens.Is(TokenKind.OpenParenthesis))
            return Sized(new AttributeAccess(target, name, target.Where.To(where)), height + 1);

        var top = height;
        if (ParseArguments() is not { } arguments) return null;
        top = Math.Max(top, height);
        return ParseMethod(target, name, where, arguments) is { } call ? Sized(call, top + 1) : null;
    }

    Expression? ParseMethod(Expression target, string name, TextSpan nameAt, ImmutableArray<Expression> arguments)
    {
        var where = target.Where.To(tokens.Last);

        if (name == BuiltInMethods.IsEmpty)
            return arguments.IsEmpty
                ? new Unary(UnaryOperator.IsEmpty, target, where)
                : Fail(FindingCode.Arity, where, $"`{name}` takes no argument.");

        if (BuiltInMethods.WithArgument(name) is { } method)
            return arguments is [var argument]
                ? new Binary(method, target, argument, where)
                : Fail(FindingCode.Arity, where, $"`{name}` takes one argument, not {arguments.Length}.");

        if (!ExtensionFunction.TryGet(name, out var function))
            return Fail(FindingCode.UnknownFunction, nameAt, $"There is no method `{name}`.");

        if (!function.IsMethod)
            return Fail(FindingCode.UnknownFunction, nameAt, $"`{name}` is a function: write `{name}(...)`.");

        return new ExtensionCall(function, [target, .. arguments], where);
    }

    Expression? ParsePrimary()
    {
        switch (tokens.Current.Kind)
        {
            case TokenKind.Integer: return ParseInteger(minus: null);
            case TokenKind.String: return ParseString();
            case TokenKind.OpenBracket: return ParseSet();
            case TokenKind.OpenBrace: return ParseRecord();
            case TokenKind.Identifier: return ParseNamed();
            case TokenKind.OpenParenthesis: break;

            case TokenKind.Question:
                return Fail(FindingCode.Syntax, tokens.Current.Where,
                    "A slot stands only in the scope: name the variable here.");

            default:
                tokens.FailExpected("an expression");
                return null;
        }

        var start = tokens.Current.Where;
        tokens.Advance();

        return Parse() is { } inner && tokens.Expect(TokenKind.CloseParenthesis, "`)`")
            ? inner with { Where = start.To(tokens.Last) }
            : null;
    }

    Literal? ParseString() =>
        tokens.ReadString("a string") is { } content
            ? Sized(new Literal(new StringValue(content), tokens.Last), 1)
            : null;

    Expression? ParseNamed()
    {
        var where = tokens.Current.Where;

        if (tokens.AcceptWord("true")) return Sized(new Literal(BoolValue.True, where), 1);
        if (tokens.AcceptWord("false")) return Sized(new Literal(BoolValue.False, where), 1);

        if (tokens.IsWord("if"))
            return Fail(FindingCode.Syntax, where, "An `if` within an operation needs parentheses around it.");

        if (tokens.ReadPath("a name") is not { } path) return null;
        var pathAt = where.To(tokens.Last);

        if (tokens.Accept(TokenKind.PathSeparator))
            return tokens.ReadString("the id of an entity in double quotes") is { } id
                ? Sized(new Literal(new EntityUid(path, id), where.To(tokens.Last)), 1)
                : null;

        if (tokens.Is(TokenKind.OpenParenthesis)) return ParseFunction(path, pathAt);

        return Variables.Of(path) is { } known
            ? Sized(new VariableReference(known, pathAt), 1)
            : Fail(FindingCode.Syntax, pathAt,
                $"`{path}` is no variable: there are `principal`, `action`, `resource` and `context`.");
    }

    Expression? ParseFunction(string name, TextSpan nameAt)
    {
        if (BuiltInMethods.IsName(name) || (ExtensionFunction.TryGet(name, out var function) && function.IsMethod))
            return Fail(FindingCode.UnknownFunction, nameAt, $"`{name}` is a method: write `value.{name}(...)`.");

        if (function is null) return Fail(FindingCode.UnknownFunction, nameAt, $"There is no function `{name}`.");

        return ParseArguments() is { } arguments
            ? Sized(new ExtensionCall(function, new(arguments), nameAt.To(tokens.Last)), height + 1)
            : null;
    }

    /// <summary>Reads arguments and their parentheses; the height is that of the highest.</summary>
    ImmutableArray<Expression>? ParseArguments()
    {
        tokens.Advance();
        return ParseList(TokenKind.CloseParenthesis, "`)`", int.MaxValue);
    }

    SetExpression? ParseSet()
    {
        var start = tokens.Current.Where;
        tokens.Advance();

        return ParseList(TokenKind.CloseBracket, "`]`", limits.SetElements) is { } elements
            ? Sized(new SetExpression(new(elements), start.To(tokens.Last)), height + 1)
            : null;
    }

    ImmutableArray<Expression>? ParseList(TokenKind close, string closing, int most)
    {
        var items = ImmutableArray.CreateBuilder<Expression>();
        var top = 0;

        while (!tokens.Accept(close))
        {
            if (items.Count == most)
            {
                tokens.Fail(FindingCode.Limit, tokens.Current.Where, $"A set may have {most} elements.");
                return null;
            }

            if (Parse() is not { } item) return null;
            items.Add(item);
            top = Math.Max(top, height);
            if (!tokens.Accept(TokenKind.Comma) && !tokens.Is(close))
            {
                tokens.FailExpected($"`,` or {closing}");
                return null;
            }
        }

        height = top;
        return items.ToImmutable();
    }

    RecordExpression? ParseRecord()
    {
        var start = tokens.Current.Where;
        tokens.Advance();
        var entries = ImmutableArray.CreateBuilder<RecordEntry>();
        var keys = new HashSet<string>();
        var top = 0;

        while (!tokens.Accept(TokenKind.CloseBrace))
        {
            if (ParseEntry(keys) is not { } entry) return null;
            entries.Add(entry);
            top = Math.Max(top, height);
            if (!tokens.Accept(TokenKind.Comma) && !tokens.Is(TokenKind.CloseBrace))
            {
                tokens.FailExpected("`,` or `}`");
                return null;
            }
        }

        return Sized(new RecordExpression(new(entries.ToImmutable()), start.To(tokens.Last)), top + 1);
    }

    RecordEntry? ParseEntry(HashSet<string> keys)
    {
        var where = tokens.Current.Where;
        var key = tokens.Is(TokenKind.String) ? tokens.ReadString("a key") : tokens.ReadIdentifier("a key");
        if (key is null) return null;

        if (keys.Count == limits.RecordKeys)
            tokens.Fail(FindingCode.Limit, where, $"A record may have {limits.RecordKeys} keys.");
        if (!keys.Add(key))
            tokens.Fail(FindingCode.DuplicateKey, where,
                $"The key `{ValueText.Shown(key)}` occurs twice in this record: remove one.");
        if (tokens.Failure is not null || !tokens.Expect(TokenKind.Colon, "`:`")) return null;

        return Parse() is { } value ? new RecordEntry(key, value) : null;
    }

    /// <summary>Begins a chain; one in parentheses at its start is the same chain. Answers the levels so far.</summary>
    int Start(ImmutableArray<Expression>.Builder chain, Expression first, EquatableArray<Expression>? same)
    {
        if (same is not { } operands)
        {
            chain.Add(first);
            return height;
        }

        chain.AddRange(operands.Items);
        return height - 1;
    }

    T? Sized<T>(T expression, int levels) where T : Expression
    {
        height = levels;
        if (levels <= limits.Depth) return expression;

        FailDepth(expression.Where);
        return null;
    }

    Expression? FailDepth(TextSpan where) =>
        Fail(FindingCode.Limit, where,
            $"Expressions may nest {limits.Depth} levels deep: split this into several conditions.");

    Expression? Fail(FindingCode code, TextSpan where, string message)
    {
        tokens.Fail(code, where, message);
        return null;
    }
}
