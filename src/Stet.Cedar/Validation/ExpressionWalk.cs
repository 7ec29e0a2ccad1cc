namespace Stet.Cedar;

/// <summary>Everything that stands in an expression, dead branches included. Recursion follows nesting.</summary>
abstract class ExpressionWalk
{
    protected abstract void Visit(Expression expression);

    protected void Walk(Expression expression)
    {
        Visit(expression);

        switch (expression)
        {
            case Conditional conditional:
                Walk(conditional.Condition);
                Walk(conditional.Then);
                Walk(conditional.Else);
                break;
            case Conjunction conjunction:
                WalkAll(conjunction.Operands);
                break;
            case Disjunction disjunction:
                WalkAll(disjunction.Operands);
                break;
            case Product product:
                WalkAll(product.Factors);
                break;
            case Sum sum:
                Walk(sum.First);
                foreach (var term in sum.Terms) Walk(term.Operand);
                break;
            case Unary unary:
                Walk(unary.Operand);
                break;
            case Binary binary:
                Walk(binary.Left);
                Walk(binary.Right);
                break;
            case AttributeAccess access:
                Walk(access.Target);
                break;
            case Has has:
                Walk(has.Target);
                break;
            case Like like:
                Walk(like.Target);
                break;
            case Is test:
                Walk(test.Target);
                if (test.In is not null) Walk(test.In);
                break;
            case SetExpression set:
                WalkAll(set.Elements);
                break;
            case RecordExpression record:
                foreach (var entry in record.Entries) Walk(entry.Value);
                break;
            case ExtensionCall call:
                WalkAll(call.Arguments);
                break;
        }
    }

    void WalkAll(EquatableArray<Expression> expressions)
    {
        foreach (var expression in expressions) Walk(expression);
    }
}
