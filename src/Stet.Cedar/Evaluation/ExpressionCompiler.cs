namespace Stet.Cedar;

/// <summary>
/// Turns expressions into nodes. Extension constructors over literals, sets and records of constants are evaluated here,
/// once; what cannot succeed becomes a node that fails.
/// </summary>
/// <param name="pool">
/// Where nodes are shared; they then know no places. Null for nodes of one's own, which know theirs.
/// </param>
sealed class ExpressionCompiler(ConstantPool? pool)
{
    internal Node Compile(Expression expression)
    {
        if (pool is not null && pool.TryGet(expression, out var known)) return known;

        var node = Create(expression);
        pool?.Add(expression, node);
        return node;
    }

    Node Create(Expression expression)
    {
        var where = Place(expression);

        return expression switch
        {
            Literal e => Constant(e.Value, where),
            VariableReference e => new VariableNode(e.Variable, where),
            Conditional e => new ConditionalNode(Compile(e.Condition), Compile(e.Then), Compile(e.Else), where),
            Conjunction e => new ConjunctionNode(CompileAll(e.Operands), where),
            Disjunction e => new DisjunctionNode(CompileAll(e.Operands), where),
            Sum e => new SumNode(Compile(e.First), CompileTerms(e.Terms), where),
            Product e => new ProductNode(CompileAll(e.Factors), where),
            Unary e => CompileUnary(e),
            Binary e => CompileBinary(e, Compile(e.Left), Compile(e.Right)),
            AttributeAccess e => new AttributeNode(Compile(e.Target), Name(e.Name), where),
            Has e => new HasNode(Compile(e.Target), [.. e.Path.Items.Select(Name)], where),
            Like e => new LikeNode(Compile(e.Target), e.Pattern, where),
            Is e => new IsNode(Compile(e.Target), Name(e.EntityType), e.In is null ? null : Compile(e.In), where),
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
        UnaryOperator.Not => new NotNode(Compile(e.Operand), Place(e)),
        UnaryOperator.Negate => new NegateNode(Compile(e.Operand), Place(e)),
        _ => new IsEmptyNode(Compile(e.Operand), Place(e)),
    };

    Node CompileBinary(Binary e, Node left, Node right) => e.Operator switch
    {
        BinaryOperator.Equal => new EqualNode(left, right, isNegated: false, Place(e)),
        BinaryOperator.NotEqual => new EqualNode(left, right, isNegated: true, Place(e)),
        BinaryOperator.In => new InNode(left, right, Place(e)),
        BinaryOperator.Contains => new ContainsNode(left, right, Place(e)),
        BinaryOperator.ContainsAll => new ContainsAllNode(left, right, Place(e)),
        BinaryOperator.ContainsAny => new ContainsAnyNode(left, right, Place(e)),
        BinaryOperator.HasTag => new HasTagNode(left, right, Place(e)),
        BinaryOperator.GetTag => new GetTagNode(left, right, Place(e)),
        _ => new OrderNode(e.Operator, left, right, Place(e)),
    };

    Node CompileSet(SetExpression e)
    {
        var nodes = CompileAll(e.Elements);
        return TryConstants(nodes, out var values)
            ? Constant(new SetValue(values), Place(e))
            : new SetNode(nodes, Place(e));
    }

    Node CompileRecord(RecordExpression e)
    {
        var keys = new string[e.Entries.Count];
        var nodes = new Node[keys.Length];
        for (var i = 0; i < keys.Length; i++) (keys[i], nodes[i]) = (e.Entries[i].Key, Compile(e.Entries[i].Value));

        if (!TryConstants(nodes, out var values)) return new RecordNode(keys, nodes, Place(e));

        var entries = new KeyValuePair<string, Value>[keys.Length];
        for (var i = 0; i < keys.Length; i++) entries[i] = new(keys[i], values[i]);
        return Constant(new RecordValue(entries), Place(e));
    }

    Node CompileCall(ExtensionCall e)
    {
        var (function, nodes) = (e.Function, CompileAll(e.Arguments));

        // Whether an argument fails first or the call does for its arity: it is an error of the policy.
        if (nodes.Length != function.Parameters.Length)
            return new FailingNode(new EvaluationError(EvaluationErrorKind.Arity, Place(e), Name: function.Name));

        if (function.IsMethod) return new MethodNode(function, nodes[0], nodes.Length > 1 ? nodes[1] : null, Place(e));
        if (nodes[0] is not ConstantNode { Value: StringValue { Value: var text } })
            return new ConstructorNode(function, nodes[0], Place(e));

        return Extensions.TryConstruct(function.Operation, text, out var value)
            ? Constant(value, Place(e))
            : new FailingNode(ConstructorNode.Refused(function, Place(e)));
    }

    TextSpan Place(Expression expression) => pool is null ? expression.Where : default;

    string Name(string name) => pool is null ? name : pool.Shared(name);

    ConstantNode Constant(Value value, TextSpan where) => new(pool is null ? value : pool.Shared(value), where);

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
