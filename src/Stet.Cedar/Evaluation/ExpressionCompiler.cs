namespace Stet.Cedar;

/// <summary>
/// Turns expressions into nodes. Extension constructors over literals, sets and records of constants are evaluated here,
/// once; what cannot succeed becomes a node that fails.
/// </summary>
sealed class ExpressionCompiler(ConstantPool pool)
{
    internal Node Compile(Expression expression)
    {
        var where = expression.Where;

        return expression switch
        {
            Literal literal => Constant(literal.Value, where),
            VariableReference reference => new VariableNode(reference.Variable, where),
            Conditional e => new ConditionalNode(Compile(e.Condition), Compile(e.Then), Compile(e.Else), where),
            Conjunction e => new ConjunctionNode(CompileAll(e.Operands), where),
            Disjunction e => new DisjunctionNode(CompileAll(e.Operands), where),
            Sum e => new SumNode(Compile(e.First), CompileTerms(e.Terms), where),
            Product e => new ProductNode(CompileAll(e.Factors), where),
            Unary e => CompileUnary(e),
            Binary e => CompileBinary(e, Compile(e.Left), Compile(e.Right)),
            AttributeAccess e => new AttributeNode(Compile(e.Target), pool.Shared(e.Name), where),
            Has e => new HasNode(Compile(e.Target), [.. e.Path.Items.Select(pool.Shared)], where),
            Like e => new LikeNode(Compile(e.Target), e.Pattern, where),
            Is e => new IsNode(Compile(e.Target), pool.Shared(e.EntityType), e.In is null ? null : Compile(e.In), where),
            SetExpression e => CompileSet(e),
            RecordExpression e => CompileRecord(e),
            ExtensionCall e => CompileCall(e),
            _ => throw new ArgumentException($"An expression of type {expression.GetType().Name} is not known.", nameof(expression)),
        };
    }

    Node[] CompileAll(EquatableArray<Expression> expressions)
    {
        var nodes = new Node[expressions.Count];
        for (var i = 0; i < nodes.Length; i++) nodes[i] = Compile(expressions[i]);
        return nodes;
    }

    (bool IsSubtracted, Node Operand)[] CompileTerms(EquatableArray<Term> terms)
    {
        var nodes = new (bool, Node)[terms.Count];
        for (var i = 0; i < nodes.Length; i++) nodes[i] = (terms[i].Subtracted, Compile(terms[i].Operand));
        return nodes;
    }

    Node CompileUnary(Unary e) => e.Operator switch
    {
        UnaryOperator.Not => new NotNode(Compile(e.Operand), e.Where),
        UnaryOperator.Negate => new NegateNode(Compile(e.Operand), e.Where),
        _ => new IsEmptyNode(Compile(e.Operand), e.Where),
    };

    static Node CompileBinary(Binary e, Node left, Node right) => e.Operator switch
    {
        BinaryOperator.Equal => new EqualNode(left, right, isNegated: false, e.Where),
        BinaryOperator.NotEqual => new EqualNode(left, right, isNegated: true, e.Where),
        BinaryOperator.In => new InNode(left, right, e.Where),
        BinaryOperator.Contains => new ContainsNode(left, right, e.Where),
        BinaryOperator.ContainsAll => new ContainsAllNode(left, right, e.Where),
        BinaryOperator.ContainsAny => new ContainsAnyNode(left, right, e.Where),
        BinaryOperator.HasTag => new HasTagNode(left, right, e.Where),
        BinaryOperator.GetTag => new GetTagNode(left, right, e.Where),
        _ => new OrderNode(e.Operator, left, right, e.Where),
    };

    Node CompileSet(SetExpression e)
    {
        var nodes = CompileAll(e.Elements);
        return TryConstants(nodes, out var values) ? Constant(new SetValue(values), e.Where) : new SetNode(nodes, e.Where);
    }

    Node CompileRecord(RecordExpression e)
    {
        var keys = new string[e.Entries.Count];
        var nodes = new Node[keys.Length];
        for (var i = 0; i < keys.Length; i++) (keys[i], nodes[i]) = (e.Entries[i].Key, Compile(e.Entries[i].Value));

        if (!TryConstants(nodes, out var values)) return new RecordNode(keys, nodes, e.Where);

        var entries = new KeyValuePair<string, Value>[keys.Length];
        for (var i = 0; i < keys.Length; i++) entries[i] = new(keys[i], values[i]);
        return Constant(new RecordValue(entries), e.Where);
    }

    Node CompileCall(ExtensionCall e)
    {
        var (function, nodes) = (e.Function, CompileAll(e.Arguments));

        // Whether an argument fails first or the call does for its arity: it is an error of the policy.
        if (nodes.Length != function.Parameters.Length)
            return new FailingNode(new EvaluationError(EvaluationErrorKind.Arity, e.Where, Name: function.Name));

        if (function.IsMethod) return new MethodNode(function, nodes[0], nodes.Length > 1 ? nodes[1] : null, e.Where);
        if (nodes[0] is not ConstantNode { Value: StringValue { Value: var text } }) return new ConstructorNode(function, nodes[0], e.Where);

        return Extensions.TryConstruct(function.Operation, text, out var value)
            ? Constant(value, e.Where)
            : new FailingNode(ConstructorNode.Refused(function, e.Where));
    }

    ConstantNode Constant(Value value, TextSpan where) => new(pool.Shared(value), where);

    static bool TryConstants(Node[] nodes, out Value[] values)
    {
        values = new Value[nodes.Length];

        for (var i = 0; i < nodes.Length; i++)
        {
            if (nodes[i] is not ConstantNode { Value: var value }) return false;
            values[i] = value;
        }

        return true;
    }
}
