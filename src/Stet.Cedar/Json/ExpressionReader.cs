using System.Collections.Immutable;
using System.Text.Json;

namespace Stet.Cedar;

/// <summary>
/// Reads expressions from JSON. Chains, which nest to the left, are loops; recursion follows all other nesting, which
/// <see cref="CedarLimits.Depth"/> bounds.
/// </summary>
sealed partial class ExpressionReader(JsonInput input)
{
    readonly ValueReader values = new(input);
    int level;

    internal Expression? Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || json.GetPropertyCount() != 1)
            return Fail(FindingCode.Json, "An expression is an object with one member, named for what it is.");

        if (level == input.Limits.Depth)
            return Fail(FindingCode.Limit,
                $"Expressions may nest {input.Limits.Depth} levels deep: split this into several conditions.");

        var member = json.EnumerateObject().First();
        level++;
        input.Enter(member.Name);
        var expression = Read(member.Name, member.Value);
        if (expression is null) return null;

        input.Leave();
        level--;
        return expression;
    }

    Expression? Read(string key, JsonElement json)
    {
        switch (key)
        {
            case "Value": return values.Read(json, shape: null) is { } value ? ValueExpression.Of(value) : null;
            case "Var": return ReadVariable(json);
            case "&&": return ReadChain(json, key) is { } operands ? new Conjunction(operands, default) : null;
            case "||": return ReadChain(json, key) is { } alternatives ? new Disjunction(alternatives, default) : null;
            case "*": return ReadChain(json, key) is { } factors ? new Product(factors, default) : null;
            case "+" or "-": return ReadSum(json, key);
            case ".": return ReadAccess(json);
            case "has": return ReadHas(json);
            case "is": return ReadIs(json);
            case "like": return ReadLike(json);
            case "if-then-else": return ReadConditional(json);
            case "Set": return ReadSet(json);
            case "Record": return ReadRecord(json);
        }

        if (UnaryOperators.Of(key) is { } unary)
            return input.Members(json, ["arg"]) is [var arg] && ReadMember("arg", arg) is { } operand
                ? new Unary(unary, operand, default)
                : null;

        if (BinaryOperators.Of(key) is { } binary)
            return ReadPair(json) is var (left, right) ? new Binary(binary, left, right, default) : null;

        if (ExtensionFunction.TryGet(key, out var function))
            return ReadList(json, int.MaxValue) is { } arguments ? Call(function, arguments) : null;

        return Fail(FindingCode.UnknownFunction, $"There is no expression `{ValueText.Shown(key)}`.");
    }

    Expression? Call(ExtensionFunction function, ImmutableArray<Expression> arguments) =>
        function.IsMethod && arguments.IsEmpty
            ? Fail(FindingCode.Arity, $"`{function.Name}` needs the value it is called on as its first argument.")
            : new ExtensionCall(function, new(arguments), default);

    VariableReference? ReadVariable(JsonElement json)
    {
        if (input.String(json, "Var") is not { } name) return null;
        if (Variables.Of(name) is { } variable) return new VariableReference(variable, default);

        Fail(FindingCode.Json,
            $"`{ValueText.Shown(name)}` is no variable: there are `principal`, `action`, `resource` and `context`.");
        return null;
    }

    EquatableArray<Expression>? ReadChain(JsonElement json, string key)
    {
        var pairs = new Stack<JsonElement>();
        if (ReadFirst(json, pairs, name => name == key, _ => { }) is not { } first) return null;

        var operands = ImmutableArray.CreateBuilder<Expression>(pairs.Count + 1);
        operands.Add(first);

        while (pairs.TryPop(out var right))
        {
            if (ReadMember("right", right) is not { } operand) return null;
            operands.Add(operand);
        }

        return new(operands.MoveToImmutable());
    }

    Sum? ReadSum(JsonElement json, string key)
    {
        var pairs = new Stack<JsonElement>();
        var operators = new Stack<string>([key]);
        if (ReadFirst(json, pairs, name => name is "+" or "-", operators.Push) is not { } first) return null;

        var terms = ImmutableArray.CreateBuilder<Term>(pairs.Count);

        while (pairs.TryPop(out var right))
        {
            if (ReadMember("right", right) is not { } operand) return null;
            terms.Add(new Term(operators.Pop() == "-", operand));
        }

        return new Sum(first, new(terms.MoveToImmutable()), default);
    }

    /// <summary>Walks down the left side of a chain: notes the right sides on the way, reads what it begins with.</summary>
    Expression? ReadFirst(JsonElement json, Stack<JsonElement> rights, Predicate<string> isSame, Action<string> note)
    {
        while (true)
        {
            if (input.Members(json, ["left", "right"]) is not [var left, var right]) return null;
            rights.Push(right);

            if (left.ValueKind != JsonValueKind.Object || left.GetPropertyCount() != 1) return ReadMember("left", left);
            var member = left.EnumerateObject().First();
            if (!isSame(member.Name)) return ReadMember("left", left);

            note(member.Name);
            json = member.Value;
        }
    }

    (Expression Left, Expression Right)? ReadPair(JsonElement json) =>
        input.Members(json, ["left", "right"]) is [var left, var right]
        && ReadMember("left", left) is { } one && ReadMember("right", right) is { } other ? (one, other) : null;

    Conditional? ReadConditional(JsonElement json) =>
        input.Members(json, ["if", "then", "else"]) is [var condition, var then, var otherwise]
        && ReadMember("if", condition) is { } test && ReadMember("then", then) is { } one
        && ReadMember("else", otherwise) is { } other ? new Conditional(test, one, other, default) : null;

    Expression? ReadMember(string name, JsonElement json)
    {
        input.Enter(name);
        if (Read(json) is not { } expression) return null;
        input.Leave();
        return expression;
    }

    Expression? Fail(FindingCode code, string problem)
    {
        input.Fail(code, problem);
        return null;
    }
}
