using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// Parses expressions by recursive descent. Chains are loops; recursion follows nesting, which
/// <see cref="CedarLimits.Depth"/> bounds.
/// </summary>
sealed partial class ExpressionParser(TokenReader tokens, CedarLimits limits)
{
    // Parentheses and the like around what is being parsed, and the levels of what was parsed last.
    int nesting;
    int height;

    internal Expression? Parse()
    {
        if (nesting == limits.Depth) return FailDepth(tokens.Current.Where);

        nesting++;
        var expression = tokens.IsWord("if") ? ParseConditional() : ParseDisjunction();
        nesting--;
        return expression;
    }

    Conditional? ParseConditional()
    {
        var start = tokens.Current.Where;
        tokens.Advance();

        if (Parse() is not { } condition) return null;
        var top = height;
        if (!tokens.ExpectWord("then") || Parse() is not { } then) return null;
        top = Math.Max(top, height);
        if (!tokens.ExpectWord("else") || Parse() is not { } otherwise) return null;

        return Sized(new Conditional(condition, then, otherwise, start.To(otherwise.Where)), Math.Max(top, height) + 1);
    }

    Expression? ParseDisjunction()
    {
        var first = ParseConjunction();
        if (first is null || !tokens.Is(TokenKind.Or)) return first;

        var operands = ImmutableArray.CreateBuilder<Expression>();
        var top = Start(operands, first, (first as Disjunction)?.Operands);

        while (tokens.Accept(TokenKind.Or))
        {
            if (ParseConjunction() is not { } next) return null;
            operands.Add(next);
            top = Math.Max(top, height);
        }

        return Sized(new Disjunction(new(operands.ToImmutable()), first.Where.To(operands[^1].Where)), top + 1);
    }

    Expression? ParseConjunction()
    {
        var first = ParseRelation();
        if (first is null || !tokens.Is(TokenKind.And)) return first;

        var operands = ImmutableArray.CreateBuilder<Expression>();
        var top = Start(operands, first, (first as Conjunction)?.Operands);

        while (tokens.Accept(TokenKind.And))
        {
            if (ParseRelation() is not { } next) return null;
            operands.Add(next);
            top = Math.Max(top, height);
        }

        return Sized(new Conjunction(new(operands.ToImmutable()), first.Where.To(operands[^1].Where)), top + 1);
    }

    Expression? ParseRelation()
    {
        if (ParseSum() is not { } left) return null;
        if (!IsRelation()) return left;

        var relation = ParseRelationOf(left);
        if (relation is not null && IsRelation())
            return Fail(FindingCode.Syntax, tokens.Current.Where,
                "Comparisons do not chain: put the one that comes first in parentheses.");

        return relation;
    }

    Expression? ParseRelationOf(Expression left)
    {
        var top = height;

        if (tokens.AcceptWord("has")) return ParseHas(left, top);

        if (tokens.AcceptWord("like"))
            return tokens.ReadPattern() is { } pattern
                ? Sized(new Like(left, pattern, left.Where.To(tokens.Last)), top + 1)
                : null;

        if (tokens.AcceptWord("is"))
        {
            if (tokens.ReadPath("an entity type") is not { } type) return null;
            var where = left.Where.To(tokens.Last);
            if (!tokens.AcceptWord("in")) return Sized(new Is(left, type, In: null, where), top + 1);

            return ParseSum() is { } group
                ? Sized(new Is(left, type, group, left.Where.To(group.Where)), Math.Max(top, height) + 1)
                : null;
        }

        var comparison = RelationOperator()!.Value;
        tokens.Advance();

        return ParseSum() is { } right
            ? Sized(new Binary(comparison, left, right, left.Where.To(right.Where)), Math.Max(top, height) + 1)
            : null;
    }

    Has? ParseHas(Expression target, int top)
    {
        if (tokens.Is(TokenKind.String))
            return tokens.ReadString("an attribute") is { } quoted
                ? Sized(new Has(target, [quoted], target.Where.To(tokens.Last)), top + 1)
                : null;

        var path = ImmutableArray.CreateBuilder<string>();

        do
        {
            if (tokens.ReadIdentifier("the name of an attribute") is not { } name) return null;
            path.Add(name);
        }
        while (tokens.Accept(TokenKind.Dot));

        return Sized(new Has(target, new(path.ToImmutable()), target.Where.To(tokens.Last)), top + path.Count);
    }

    bool IsRelation() =>
        RelationOperator() is not null || tokens.IsWord("has") || tokens.IsWord("like") || tokens.IsWord("is");

    BinaryOperator? RelationOperator() => tokens.Current.Kind switch
    {
        TokenKind.Equal => BinaryOperator.Equal,
        TokenKind.NotEqual => BinaryOperator.NotEqual,
        TokenKind.Less => BinaryOperator.Less,
        TokenKind.LessOrEqual => BinaryOperator.LessOrEqual,
        TokenKind.Greater => BinaryOperator.Greater,
        TokenKind.GreaterOrEqual => BinaryOperator.GreaterOrEqual,
        TokenKind.Identifier when tokens.IsWord("in") => BinaryOperator.In,
        _ => null,
    };

    Expression? ParseSum()
    {
        var first = ParseProduct();
        if (first is null || !(tokens.Is(TokenKind.Plus) || tokens.Is(TokenKind.Minus))) return first;

        var terms = ImmutableArray.CreateBuilder<Term>();
        var top = height;
        var start = first.Where;

        if (first is Sum sum)
        {
            terms.AddRange(sum.Terms.Items);
            (first, top) = (sum.First, top - 1);
        }

        while (tokens.Is(TokenKind.Plus) || tokens.Is(TokenKind.Minus))
        {
            var isSubtracted = tokens.Is(TokenKind.Minus);
            tokens.Advance();
            if (ParseProduct() is not { } next) return null;
            terms.Add(new Term(isSubtracted, next));
            top = Math.Max(top, height);
        }

        return Sized(new Sum(first, new(terms.ToImmutable()), start.To(terms[^1].Operand.Where)), top + 1);
    }

    Expression? ParseProduct()
    {
        var first = ParseUnary();
        if (first is null || !tokens.Is(TokenKind.Star)) return first;

        var factors = ImmutableArray.CreateBuilder<Expression>();
        var top = Start(factors, first, (first as Product)?.Factors);

        while (tokens.Accept(TokenKind.Star))
        {
            if (ParseUnary() is not { } next) return null;
            factors.Add(next);
            top = Math.Max(top, height);
        }

        return Sized(new Product(new(factors.ToImmutable()), first.Where.To(factors[^1].Where)), top + 1);
    }
}
