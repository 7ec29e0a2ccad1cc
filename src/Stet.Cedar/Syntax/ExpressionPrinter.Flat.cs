using System.Text;

namespace Stet.Cedar;

sealed partial class ExpressionPrinter
{
    const int MostPrefixes = 4;

    static Binding BindingOf(Expression expression) => expression switch
    {
        Conditional => Binding.Any,
        Disjunction => Binding.Disjunction,
        Conjunction => Binding.Conjunction,
        Has or Like or Is => Binding.Relation,
        Binary e => BinaryOperators.IsMethod(e.Operator) ? Binding.Member : Binding.Relation,
        Sum => Binding.Sum,
        Product => Binding.Product,
        Unary e => e.Operator == UnaryOperator.IsEmpty ? Binding.Member : Binding.Prefix,
        Literal { Value: LongValue { Value: < 0 } } => Binding.Prefix,
        _ => Binding.Member,
    };

    void WriteFlat(Expression expression, Binding least)
    {
        var isEnclosed = BindingOf(expression) < least;
        if (isEnclosed) text.Append('(');

        switch (expression)
        {
            case Literal e: ValueText.Append(text, e.Value); break;
            case VariableReference e: text.Append(Variables.NameOf(e.Variable)); break;
            case Conjunction e: WriteFlat(e.Operands, " && ", Binding.Relation); break;
            case Disjunction e: WriteFlat(e.Operands, " || ", Binding.Conjunction); break;
            case Product e: WriteFlat(e.Factors, " * ", Binding.Prefix); break;
            case SetExpression e: WriteFlatItems("[", e.Elements.Items.AsSpan(), "]"); break;
            case AttributeAccess e: AppendAccess(WriteFlatTarget(e.Target), e.Name); break;
            case Unary { Operator: UnaryOperator.IsEmpty } e: WriteFlatTarget(e.Operand).Append(".isEmpty()"); break;
            case Unary e: WriteFlat(AppendPrefixes(text, e, out var operand), operand); break;
            case Binary e: WriteFlat(e); break;
            case Sum e: WriteFlat(e); break;
            case RecordExpression e: WriteFlat(e); break;
            case ExtensionCall e: WriteFlat(e); break;

            case Conditional e:
                WriteFlat(e.Condition, "if ", Binding.Any);
                WriteFlat(e.Then, " then ", Binding.Any);
                WriteFlat(e.Else, " else ", Binding.Any);
                break;

            case Has e:
                WriteFlat(e.Target, Binding.Sum);
                AppendHas(text, e);
                break;

            case Like e:
                WriteFlat(e.Target, Binding.Sum);
                AppendLike(text, e);
                break;

            case Is e:
                WriteFlat(e.Target, Binding.Sum);
                text.Append(" is ").Append(e.EntityType);
                if (e.In is not null) WriteFlat(e.In, " in ", Binding.Sum);
                break;
        }

        if (isEnclosed) text.Append(')');
    }

    void WriteFlat(Expression expression, string before, Binding least)
    {
        text.Append(before);
        WriteFlat(expression, least);
    }

    void WriteFlat(EquatableArray<Expression> chain, string between, Binding least)
    {
        for (var i = 0; i < chain.Count; i++) WriteFlat(chain[i], i == 0 ? "" : between, least);
    }

    void WriteFlat(Binary binary)
    {
        if (BinaryOperators.IsMethod(binary.Operator))
        {
            WriteFlatTarget(binary.Left);
            WriteFlatItems($".{BinaryOperators.NameOf(binary.Operator)}(", [binary.Right], ")");
            return;
        }

        WriteFlat(binary.Left, Binding.Sum);
        WriteFlat(binary.Right, $" {BinaryOperators.NameOf(binary.Operator)} ", Binding.Sum);
    }

    void WriteFlat(Sum sum)
    {
        WriteFlat(sum.First, Binding.Product);

        foreach (var (isSubtracted, operand) in sum.Terms)
            WriteFlat(operand, isSubtracted ? " - " : " + ", Binding.Product);
    }

    void WriteFlat(RecordExpression record)
    {
        text.Append('{');

        for (var i = 0; i < record.Entries.Count; i++)
        {
            ValueText.AppendKey(i == 0 ? text : text.Append(", "), record.Entries[i].Key);
            WriteFlat(record.Entries[i].Value, ": ", Binding.Any);
        }

        text.Append('}');
    }

    void WriteFlat(ExtensionCall call)
    {
        var arguments = call.Arguments.Items.AsSpan();

        if (call.Function.IsMethod)
        {
            WriteFlatTarget(arguments[0]).Append('.');
            arguments = arguments[1..];
        }

        WriteFlatItems($"{call.Function.Name}(", arguments, ")");
    }

    StringBuilder WriteFlatTarget(Expression target)
    {
        WriteFlat(target, Binding.Member);
        return text;
    }

    void WriteFlatItems(string open, ReadOnlySpan<Expression> items, string close)
    {
        text.Append(open);
        for (var i = 0; i < items.Length; i++) WriteFlat(items[i], i == 0 ? "" : ", ", Binding.Any);
        text.Append(close);
    }

    /// <summary>Appends the prefixes of which up to four may follow each other; answers what they stand before.</summary>
    static Expression AppendPrefixes(StringBuilder text, Unary unary, out Binding least)
    {
        var prefix = unary.Operator == UnaryOperator.Not ? '!' : '-';
        var count = 1;
        var operand = unary.Operand;
        text.Append(prefix);

        for (; count < MostPrefixes && operand is Unary next && next.Operator == unary.Operator; count++)
        {
            operand = next.Operand;
            text.Append(prefix);
        }

        // A minus right before digits would become part of the number, and one before that one more prefix.
        least = (prefix, operand) switch
        {
            ('-', Literal { Value: LongValue { Value: >= 0 } }) => Binding.Enclosed,
            ('-', Literal { Value: LongValue }) when count < MostPrefixes => Binding.Prefix,
            _ => Binding.Member,
        };

        return operand;
    }

    static void AppendAccess(StringBuilder text, string name)
    {
        if (EntityTypeName.IsIdentifier(name)) text.Append('.').Append(name);
        else ValueText.AppendQuoted(text.Append('['), name).Append(']');
    }

    static void AppendHas(StringBuilder text, Has has)
    {
        text.Append(" has ");
        if (has.Path.Count == 1) ValueText.AppendKey(text, has.Path[0]);
        else text.AppendJoin('.', has.Path.Items);
    }

    static void AppendLike(StringBuilder text, Like like)
    {
        text.Append(" like \"");

        for (var i = 0; i < like.Pattern.Pieces.Count; i++)
        {
            if (i > 0) text.Append('*');
            var piece = new StringBuilder();
            ValueText.AppendEscaped(piece, like.Pattern.Pieces[i]);
            text.Append(piece.Replace("*", @"\*"));
        }

        text.Append('"');
    }
}
