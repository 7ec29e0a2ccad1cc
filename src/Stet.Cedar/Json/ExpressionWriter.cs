namespace Stet.Cedar;

/// <summary>Writes expressions as JSON. Chains are loops; recursion follows nesting.</summary>
sealed class ExpressionWriter(CanonicalWriter json)
{
    internal void Write(Expression expression)
    {
        switch (expression)
        {
            case Conjunction e: WriteChain("&&", e.Operands); break;
            case Disjunction e: WriteChain("||", e.Operands); break;
            case Product e: WriteChain("*", e.Factors); break;
            case Sum e: WriteSum(e); break;
            case Binary e: WritePair(BinaryOperators.NameOf(e.Operator), e.Left, e.Right); break;
            case Unary e: WriteUnary(e); break;
            case Conditional e: WriteConditional(e); break;
            case AttributeAccess e: WriteAccess(e); break;
            case Has e: WriteHas(e); break;
            case Like e: WriteLike(e); break;
            case Is e: WriteIs(e); break;
            case SetExpression e: WriteList("Set", e.Elements); break;
            case RecordExpression e: WriteRecord(e); break;
            case ExtensionCall e: WriteList(e.Function.Name, e.Arguments); break;
            case VariableReference e: json.Raw("{\"Var\":"u8).String(Variables.NameOf(e.Variable)).Raw("}"u8); break;

            case Literal e:
                ValueWriter.Write(json.Raw("{\"Value\":"u8), e.Value);
                json.Raw("}"u8);
                break;
        }
    }

    void WriteChain(string key, EquatableArray<Expression> operands)
    {
        for (var i = 1; i < operands.Count; i++) Open(key).Raw("{\"left\":"u8);
        Write(operands[0]);

        for (var i = 1; i < operands.Count; i++)
        {
            json.Raw(",\"right\":"u8);
            Write(operands[i]);
            json.Raw("}}"u8);
        }
    }

    void WriteSum(Sum sum)
    {
        for (var i = sum.Terms.Count - 1; i >= 0; i--) Open(sum.Terms[i].Subtracted ? "-" : "+").Raw("{\"left\":"u8);
        Write(sum.First);

        foreach (var term in sum.Terms)
        {
            json.Raw(",\"right\":"u8);
            Write(term.Operand);
            json.Raw("}}"u8);
        }
    }

    void WritePair(string key, Expression left, Expression right)
    {
        Open(key).Raw("{\"left\":"u8);
        Write(left);
        json.Raw(",\"right\":"u8);
        Write(right);
        json.Raw("}}"u8);
    }

    void WriteUnary(Unary unary)
    {
        Open(UnaryOperators.NameOf(unary.Operator)).Raw("{\"arg\":"u8);
        Write(unary.Operand);
        json.Raw("}}"u8);
    }

    void WriteConditional(Conditional conditional)
    {
        Open("if-then-else").Raw("{\"else\":"u8);
        Write(conditional.Else);
        json.Raw(",\"if\":"u8);
        Write(conditional.Condition);
        json.Raw(",\"then\":"u8);
        Write(conditional.Then);
        json.Raw("}}"u8);
    }

    void WriteAccess(AttributeAccess access)
    {
        Open(".").Raw("{\"attr\":"u8).String(access.Name).Raw(",\"left\":"u8);
        Write(access.Target);
        json.Raw("}}"u8);
    }

    void WriteHas(Has has)
    {
        Open("has").Raw("{\"attr\":"u8);

        if (has.Path.Count == 1) json.String(has.Path[0]);
        else
        {
            json.Raw("["u8);
            var isFirst = true;
            foreach (var name in has.Path) Separate(ref isFirst).String(name);
            json.Raw("]"u8);
        }

        json.Raw(",\"left\":"u8);
        Write(has.Target);
        json.Raw("}}"u8);
    }

    void WriteLike(Like like)
    {
        Open("like").Raw("{\"left\":"u8);
        Write(like.Target);
        json.Raw(",\"pattern\":["u8);
        var isFirst = true;

        for (var i = 0; i < like.Pattern.Pieces.Count; i++)
        {
            if (i > 0) Separate(ref isFirst).String("Wildcard");
            var piece = like.Pattern.Pieces[i];
            if (piece.Length > 0) Separate(ref isFirst).Raw("{\"Literal\":"u8).String(piece).Raw("}"u8);
        }

        json.Raw("]}}"u8);
    }

    void WriteIs(Is e)
    {
        Open("is").Raw("{\"entity_type\":"u8).String(e.EntityType);

        if (e.In is not null)
        {
            json.Raw(",\"in\":"u8);
            Write(e.In);
        }

        json.Raw(",\"left\":"u8);
        Write(e.Target);
        json.Raw("}}"u8);
    }

    void WriteList(string key, EquatableArray<Expression> items)
    {
        Open(key).Raw("["u8);
        var isFirst = true;

        foreach (var item in items)
        {
            Separate(ref isFirst);
            Write(item);
        }

        json.Raw("]}"u8);
    }

    void WriteRecord(RecordExpression record)
    {
        Open("Record").Raw("{"u8);
        var isFirst = true;

        foreach (var (key, value) in record.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            Separate(ref isFirst).String(key).Raw(":"u8);
            Write(value);
        }

        json.Raw("}}"u8);
    }

    CanonicalWriter Open(string key) => json.Raw("{"u8).String(key).Raw(":"u8);

    CanonicalWriter Separate(ref bool isFirst)
    {
        if (!isFirst) json.Raw(","u8);
        isFirst = false;
        return json;
    }
}
