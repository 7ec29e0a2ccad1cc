using System.Text;

namespace Stet.Cedar;

/// <summary>
/// Writes expressions as text, with the parentheses that are needed and no others. What does not fit a line is broken at
/// its outermost operator first.
/// </summary>
sealed partial class ExpressionPrinter(StringBuilder text)
{
    internal const int Width = 100;
    internal const int Indent = 4;

    /// <summary>Appends an expression at the end of the text.</summary>
    /// <param name="expression">What to write.</param>
    /// <param name="least">How tight it has to bind; what binds looser gets parentheses.</param>
    /// <param name="indent">Where its further lines begin.</param>
    internal void Write(Expression expression, Binding least, int indent)
    {
        var flat = new StringBuilder();
        new ExpressionPrinter(flat).WriteFlat(expression, least);

        if (Column() + flat.Length <= Width) text.Append(flat);
        else if (BindingOf(expression) >= least) WriteBroken(expression, indent);
        else
        {
            NewLine(text.Append('('), indent + Indent);
            Write(expression, Binding.Any, indent + Indent);
            NewLine(text, indent).Append(')');
        }
    }

    void WriteBroken(Expression expression, int indent)
    {
        switch (expression)
        {
            case Conjunction e: WriteChain(e.Operands, " &&", Binding.Relation, indent); break;
            case Disjunction e: WriteChain(e.Operands, " ||", Binding.Conjunction, indent); break;
            case Product e: WriteChain(e.Factors, " *", Binding.Prefix, indent); break;
            case Sum e: WriteSum(e, indent); break;
            case Conditional e: WriteConditional(e, indent); break;
            case Unary { Operator: not UnaryOperator.IsEmpty } e: WritePrefix(e, indent); break;
            case Unary e: WriteTarget(e.Operand, indent).Append(".isEmpty()"); break;
            case AttributeAccess e: AppendAccess(WriteTarget(e.Target, indent), e.Name); break;
            case SetExpression e: WriteItems("[", e.Elements.Items.AsSpan(), "]", indent); break;
            case RecordExpression e: WriteRecord(e, indent); break;
            case ExtensionCall e: WriteCall(e, indent); break;

            case Binary e when BinaryOperators.IsMethod(e.Operator):
                WriteTarget(e.Left, indent);
                WriteItems($".{BinaryOperators.NameOf(e.Operator)}(", [e.Right], ")", indent);
                break;

            case Binary e:
                Write(e.Left, Binding.Sum, indent);
                NewLine(text, indent + Indent).Append(BinaryOperators.NameOf(e.Operator)).Append(' ');
                Write(e.Right, Binding.Sum, indent + Indent);
                break;

            case Has e:
                Write(e.Target, Binding.Sum, indent);
                AppendHas(text, e);
                break;

            case Like e:
                Write(e.Target, Binding.Sum, indent);
                AppendLike(text, e);
                break;

            case Is e:
                Write(e.Target, Binding.Sum, indent);
                text.Append(" is ").Append(e.EntityType);
                if (e.In is null) break;
                NewLine(text, indent + Indent).Append("in ");
                Write(e.In, Binding.Sum, indent + Indent);
                break;

            default:
                WriteFlat(expression, Binding.Any);
                break;
        }
    }

    void WriteChain(EquatableArray<Expression> operands, string behind, Binding least, int indent)
    {
        for (var i = 0; i < operands.Count; i++)
        {
            if (i > 0) NewLine(text.Append(behind), indent);
            Write(operands[i], least, indent);
        }
    }

    void WriteSum(Sum sum, int indent)
    {
        Write(sum.First, Binding.Product, indent);

        foreach (var (isSubtracted, operand) in sum.Terms)
        {
            NewLine(text.Append(isSubtracted ? " -" : " +"), indent);
            Write(operand, Binding.Product, indent);
        }
    }

    void WriteConditional(Conditional conditional, int indent)
    {
        text.Append("if ");
        Write(conditional.Condition, Binding.Any, indent + Indent);
        NewLine(text, indent).Append("then ");
        Write(conditional.Then, Binding.Any, indent + Indent);
        NewLine(text, indent).Append("else ");
        Write(conditional.Else, Binding.Any, indent + Indent);
    }

    void WritePrefix(Unary unary, int indent)
    {
        var operand = AppendPrefixes(text, unary, out var least);
        Write(operand, least, indent);
    }

    StringBuilder WriteTarget(Expression target, int indent)
    {
        Write(target, Binding.Member, indent);
        return text;
    }

    void WriteCall(ExtensionCall call, int indent)
    {
        var arguments = call.Arguments.Items.AsSpan();

        if (call.Function.IsMethod)
        {
            WriteTarget(arguments[0], indent).Append('.');
            arguments = arguments[1..];
        }

        WriteItems($"{call.Function.Name}(", arguments, ")", indent);
    }

    void WriteItems(string open, ReadOnlySpan<Expression> items, string close, int indent)
    {
        var flat = new StringBuilder();
        new ExpressionPrinter(flat).WriteFlatItems(open, items, close);

        if (Column() + flat.Length <= Width)
        {
            text.Append(flat);
            return;
        }

        text.Append(open);

        foreach (var item in items)
        {
            NewLine(text, indent + Indent);
            Write(item, Binding.Any, indent + Indent);
            text.Append(',');
        }

        if (!items.IsEmpty) NewLine(text, indent);
        text.Append(close);
    }

    void WriteRecord(RecordExpression record, int indent)
    {
        text.Append('{');

        foreach (var (key, value) in record.Entries)
        {
            ValueText.AppendKey(NewLine(text, indent + Indent), key);
            text.Append(": ");
            Write(value, Binding.Any, indent + Indent);
            text.Append(',');
        }

        NewLine(text, indent).Append('}');
    }

    int Column()
    {
        var column = 0;
        while (column < text.Length && column <= Width && text[text.Length - 1 - column] != '\n') column++;
        return column;
    }

    static StringBuilder NewLine(StringBuilder text, int indent) => text.Append('\n').Append(' ', indent);
}

/// <summary>How tight an expression binds, the loosest first; nothing binds as tight as the last asks for.</summary>
enum Binding
{
    Any, Disjunction, Conjunction, Relation, Sum, Product, Prefix, Member, Enclosed,
}
