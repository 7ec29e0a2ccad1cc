namespace Stet.Cedar;

/// <summary>A policy ready to be tested.</summary>
sealed class CompiledPolicy
{
    readonly ScopeTest principal;
    readonly ScopeTest action;
    readonly ScopeTest resource;
    readonly Node[] tests;

    // The conditions once more, with nodes that know their places: made when an error or an explanation asks for one.
    Node[]? placed;

    /// <param name="policy">Without slots.</param>
    /// <param name="rank">Its place among the policies of the snapshot, in the order of ids.</param>
    /// <param name="pool">What the policies of the snapshot share.</param>
    internal CompiledPolicy(Policy policy, int rank, ConstantPool pool)
    {
        Policy = policy;
        Rank = rank;
        IsForbid = policy.Effect == Effect.Forbid;
        principal = new ScopeTest(policy.Principal, pool);
        action = new ScopeTest(policy.Action, pool);
        resource = new ScopeTest(policy.Resource, pool);
        tests = [.. Compile(new ExpressionCompiler(pool)).SelectMany(ConjunctionNode.Operands)];
    }

    internal Policy Policy { get; }

    internal int Rank { get; }

    internal bool IsForbid { get; }

    /// <summary>What has to be among the <see cref="Evaluation.PrincipalBits"/> for the policy to be satisfied.</summary>
    internal ulong PrincipalBit => principal.Bit;

    /// <summary>What is tested first when the scope is satisfied; null when nothing is.</summary>
    internal Node? FirstTest => tests.Length == 0 ? null : tests[0];

    /// <summary>Whether the policy is satisfied. The scope is tested first, then the conditions in their order.</summary>
    internal Truth Test(ref Evaluation evaluation) =>
        action.Matches(evaluation.Request.Action, evaluation.Action) && resource.Matches(evaluation.Request.Resource, evaluation.Resource)
            ? TestFound(firstTest: 0, ref evaluation)
            : Truth.False;

    /// <summary>The same of a policy found by its action, and by its resource or the type of that, if it names them.</summary>
    /// <param name="firstTest">The bit of <see cref="FirstTest"/> among the <see cref="SharedTests"/>; 0 when it has none.</param>
    /// <param name="evaluation">Where what comes of the first test is noted.</param>
    internal Truth TestFound(ulong firstTest, ref Evaluation evaluation)
    {
        if (!principal.Matches(evaluation.Request.Principal, evaluation.Principal)) return Truth.False;
        if (!resource.HasType(evaluation.Request.Resource)) return Truth.False;

        for (var i = (evaluation.TrueTests & firstTest) != 0 ? 1 : 0; i < tests.Length; i++)
        {
            var truth = tests[i].Test(ref evaluation);
            if (i == 0) evaluation.Note(firstTest, truth);
            if (truth == Truth.Error) Locate(ref evaluation);
            if (truth != Truth.True) return truth;
        }

        return Truth.True;
    }

    /// <summary>The same, with the first clause that is not satisfied.</summary>
    internal PolicyExplanation Explain(ref Evaluation evaluation)
    {
        if (!principal.Matches(evaluation.Request.Principal, evaluation.Principal))
            return Failed(Clause.Principal, Policy.Principal.Where);
        if (!action.Matches(evaluation.Request.Action, evaluation.Action))
            return Failed(Clause.Action, Policy.Action.Where);
        if (!resource.Matches(evaluation.Request.Resource, evaluation.Resource))
            return Failed(Clause.Resource, Policy.Resource.Where);

        foreach (var condition in Placed())
        {
            switch (condition.Test(ref evaluation))
            {
                case Truth.False: return Failed(Clause.Condition, (condition as ConjunctionNode)?.FirstFalse(ref evaluation) ?? condition.Where);
                case Truth.Error: return new(Policy.Id, Policy.Effect, Clause.Condition, evaluation.Error!.Where, evaluation.Error);
            }
        }

        return new(Policy.Id, Policy.Effect, FirstFailing: null, default, Error: null);
    }

    /// <summary>
    /// Evaluates up to the error again, for its place: shared nodes have none. Evaluation is a function of the request
    /// and the entities, so the error is the same.
    /// </summary>
    void Locate(ref Evaluation evaluation)
    {
        foreach (var condition in Placed())
            if (condition.Test(ref evaluation) != Truth.True) return;
    }

    Node[] Placed() => placed ??= Compile(new ExpressionCompiler(pool: null));

    Node[] Compile(ExpressionCompiler compiler)
    {
        var nodes = new Node[Policy.Conditions.Count];

        for (var i = 0; i < nodes.Length; i++)
        {
            var body = Policy.Conditions[i].Body;
            nodes[i] = compiler.Compile(Policy.Conditions[i].IsUnless ? new Unary(UnaryOperator.Not, body, body.Where) : body);
        }

        return nodes;
    }

    PolicyExplanation Failed(Clause clause, TextSpan where) =>
        new(Policy.Id, Policy.Effect, clause, where, Error: null);
}
