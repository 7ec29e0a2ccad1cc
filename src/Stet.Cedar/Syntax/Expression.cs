namespace Stet.Cedar;

/// <summary>
/// An expression as it was written. Expressions are equal when they have the same structure, wherever they stand.
/// </summary>
/// <param name="Where">Its place in the policy's text; for chains, from the first operand to the last.</param>
public abstract record Expression(TextSpan Where)
{
    /// <summary>Whether the other has the same structure; <see cref="Where"/> does not matter.</summary>
    public virtual bool Equals(Expression? other) => other is not null && EqualityContract == other.EqualityContract;

    /// <inheritdoc/>
    public override int GetHashCode() => EqualityContract.GetHashCode();
}

/// <summary>A Bool, Long, String or entity UID written out.</summary>
public sealed record Literal(Value Value, TextSpan Where) : Expression(Where);

/// <summary>One of the four things a request is made of.</summary>
public sealed record VariableReference(Variable Variable, TextSpan Where) : Expression(Where);

/// <summary><c>if c then t else e</c>.</summary>
public sealed record Conditional(Expression Condition, Expression Then, Expression Else, TextSpan Where)
    : Expression(Where);

/// <summary><c>a &amp;&amp; b &amp;&amp; c</c>: two or more operands, the first of which is no conjunction itself.</summary>
public sealed record Conjunction(EquatableArray<Expression> Operands, TextSpan Where) : Expression(Where);

/// <summary><c>a || b || c</c>: two or more operands, the first of which is no disjunction itself.</summary>
public sealed record Disjunction(EquatableArray<Expression> Operands, TextSpan Where) : Expression(Where);

/// <summary><c>a + b - c</c>: one or more terms after the first operand, which is no sum itself.</summary>
public sealed record Sum(Expression First, EquatableArray<Term> Terms, TextSpan Where) : Expression(Where);

/// <summary>What is added to or taken from a <see cref="Sum"/>.</summary>
public sealed record Term(bool Subtracted, Expression Operand);

/// <summary><c>a * b * c</c>: two or more factors, the first of which is no product itself.</summary>
public sealed record Product(EquatableArray<Expression> Factors, TextSpan Where) : Expression(Where);

/// <summary>An operator or built-in method with one operand.</summary>
public sealed record Unary(UnaryOperator Operator, Expression Operand, TextSpan Where) : Expression(Where);

/// <summary>A comparison, <c>in</c>, or a built-in method with one argument.</summary>
public sealed record Binary(BinaryOperator Operator, Expression Left, Expression Right, TextSpan Where)
    : Expression(Where);

/// <summary><c>e.name</c> or <c>e["name"]</c>.</summary>
public sealed record AttributeAccess(Expression Target, string Name, TextSpan Where) : Expression(Where);

/// <summary>
/// <c>e has a.b.c</c>, which means <c>e has a &amp;&amp; e.a has b &amp;&amp; e.a.b has c</c>.
/// </summary>
/// <param name="Target">Evaluated once.</param>
/// <param name="Path">One name or more; when more, each is an identifier.</param>
/// <param name="Where">Its place in the policy's text.</param>
public sealed record Has(Expression Target, EquatableArray<string> Path, TextSpan Where) : Expression(Where);

/// <summary><c>e like "pattern"</c>.</summary>
public sealed record Like(Expression Target, Pattern Pattern, TextSpan Where) : Expression(Where);

/// <summary><c>e is T</c> or <c>e is T in x</c>.</summary>
/// <param name="Target">The entity that is asked about.</param>
/// <param name="EntityType">Full type path, such as <c>App::User</c>.</param>
/// <param name="In">What it must be in as well; null when nothing is said.</param>
/// <param name="Where">Its place in the policy's text.</param>
public sealed record Is(Expression Target, string EntityType, Expression? In, TextSpan Where) : Expression(Where);

/// <summary><c>[a, b]</c>.</summary>
public sealed record SetExpression(EquatableArray<Expression> Elements, TextSpan Where) : Expression(Where);

/// <summary><c>{a: 1, "b": 2}</c>; no key occurs twice.</summary>
public sealed record RecordExpression(EquatableArray<RecordEntry> Entries, TextSpan Where) : Expression(Where);

/// <summary>A key and its value in a <see cref="RecordExpression"/>.</summary>
public sealed record RecordEntry(string Key, Expression Value);

/// <summary>
/// A call of an extension function or method. The number of arguments is whatever was written: a wrong one is an error
/// of evaluation and of validation, not of syntax.
/// </summary>
/// <param name="Function">What is called.</param>
/// <param name="Arguments">The receiver of a method comes first.</param>
/// <param name="Where">Its place in the policy's text.</param>
public sealed record ExtensionCall(
    ExtensionFunction Function, EquatableArray<Expression> Arguments, TextSpan Where) : Expression(Where);

/// <summary>What a request is made of.</summary>
public enum Variable
{
    /// <summary>Who asks.</summary>
    Principal,

    /// <summary>What is to be done.</summary>
    Action,

    /// <summary>To what.</summary>
    Resource,

    /// <summary>The circumstances: a record.</summary>
    Context,
}

/// <summary>Operators and built-in methods with one operand.</summary>
public enum UnaryOperator
{
    /// <summary><c>!e</c></summary>
    Not,

    /// <summary><c>-e</c></summary>
    Negate,

    /// <summary><c>e.isEmpty()</c></summary>
    IsEmpty,
}

/// <summary>Operators and built-in methods with two operands that do not form chains.</summary>
public enum BinaryOperator
{
    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>e in x</c></summary>
    In,

    /// <summary><c>s.contains(e)</c></summary>
    Contains,

    /// <summary><c>s.containsAll(t)</c></summary>
    ContainsAll,

    /// <summary><c>s.containsAny(t)</c></summary>
    ContainsAny,

    /// <summary><c>e.hasTag(s)</c></summary>
    HasTag,

    /// <summary><c>e.getTag(s)</c></summary>
    GetTag,
}
