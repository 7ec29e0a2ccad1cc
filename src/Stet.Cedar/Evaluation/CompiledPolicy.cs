namespace Stet.Cedar;

/// <summary>A policy ready to be tested.</summary>
sealed class CompiledPolicy
{
    readonly ScopeTest principal;
    readonly ScopeTest action;
    readonly ScopeTest resource;
    readonly Node[] conditions;

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
        var compiler = new ExpressionCompiler(pool);
        conditions = new Node[policy.Conditions.Count];

        for (var i = 0; i < conditions.Length; i++)
        {
            var body = compiler.Compile(policy.Conditions[i].Body);
            conditions[i] = policy.Conditions[i].IsUnless ? new NotNode(body, body.Where) : body;
        }
    }

    internal Policy Policy { get; }

    internal int Rank { get; }

    internal bool IsForbid { get; }

    /// <summary>Whether the policy is satisfied. The scope is tested first, then the conditions in their order.</summary>
    internal Truth Test(ref Evaluation evaluation)
    {
        if (!principal.Matches(evaluation.Request.Principal, evaluation.Principal)) return Truth.False;
        if (!action.Matches(evaluation.Request.Action, evaluation.Action)) return Truth.False;
        if (!resource.Matches(evaluation.Request.Resource, evaluation.Resource)) return Truth.False;

        foreach (var condition in conditions)
            if (condition.Test(ref evaluation) is var truth and not Truth.True) return truth;

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

        foreach (var condition in conditions)
        {
            switch (condition.Test(ref evaluation))
            {
                case Truth.False: return Failed(Clause.Condition, (condition as ConjunctionNode)?.FirstFalse(ref evaluation) ?? condition.Where);
                case Truth.Error: return new(Policy.Id, Policy.Effect, Clause.Condition, evaluation.Error!.Where, evaluation.Error);
            }
        }

        return new(Policy.Id, Policy.Effect, FirstFailing: null, default, Error: null);
    }

    PolicyExplanation Failed(Clause clause, TextSpan where) => new(Policy.Id, Policy.Effect, clause, where, Error: null);
}
