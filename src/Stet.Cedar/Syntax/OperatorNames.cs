namespace Stet.Cedar;

/// <summary>Operators and methods with two operands, by the names they have in JSON; in text they have the same.</summary>
static class BinaryOperators
{
    internal static string NameOf(BinaryOperator operation) => operation switch
    {
        BinaryOperator.Equal => "==",
        BinaryOperator.NotEqual => "!=",
        BinaryOperator.Less => "<",
        BinaryOperator.LessOrEqual => "<=",
        BinaryOperator.Greater => ">",
        BinaryOperator.GreaterOrEqual => ">=",
        BinaryOperator.In => "in",
        BinaryOperator.Contains => "contains",
        BinaryOperator.ContainsAll => "containsAll",
        BinaryOperator.ContainsAny => "containsAny",
        BinaryOperator.HasTag => "hasTag",
        _ => "getTag",
    };

    internal static BinaryOperator? Of(string name)
    {
        foreach (var operation in Enum.GetValues<BinaryOperator>())
            if (NameOf(operation) == name) return operation;

        return null;
    }

    internal static bool IsMethod(BinaryOperator operation) => operation >= BinaryOperator.Contains;
}

/// <summary>Operators and methods with one operand, by the names they have in JSON.</summary>
static class UnaryOperators
{
    internal static string NameOf(UnaryOperator operation) => operation switch
    {
        UnaryOperator.Not => "!",
        UnaryOperator.Negate => "neg",
        _ => BuiltInMethods.IsEmpty,
    };

    internal static UnaryOperator? Of(string name) => name switch
    {
        "!" => UnaryOperator.Not,
        "neg" => UnaryOperator.Negate,
        BuiltInMethods.IsEmpty => UnaryOperator.IsEmpty,
        _ => null,
    };
}

/// <summary>The variables by their names.</summary>
static class Variables
{
    internal static string NameOf(Variable variable) => variable switch
    {
        Variable.Principal => "principal",
        Variable.Action => "action",
        Variable.Resource => "resource",
        _ => "context",
    };

    internal static Variable? Of(string name) => name switch
    {
        "principal" => Variable.Principal,
        "action" => Variable.Action,
        "resource" => Variable.Resource,
        "context" => Variable.Context,
        _ => null,
    };
}
