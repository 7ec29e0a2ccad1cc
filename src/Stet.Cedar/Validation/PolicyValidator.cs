namespace Stet.Cedar;

/// <summary>Validates policies one by one, each in every environment that its scope leaves.</summary>
sealed class PolicyValidator(Schema schema, ValidationWork work)
{
    const int MostFindings = 1_000;

    readonly List<Finding> errors = [];
    readonly List<Finding> warnings = [];

    public Outcome<ValidatedPolicies> Validate(PolicySet policies)
    {
        var linked = policies.Links.Select(link => link.Template).ToHashSet();

        // A template is checked where its links are.
        foreach (var template in policies.Templates)
        {
            if (work.IsSpent) break;
            if (!linked.Contains(template.Id)) ValidateUnlinked(template);
        }

        foreach (var policy in policies.Active)
        {
            if (work.IsSpent || errors.Count >= MostFindings) break;
            Validate(policy);
        }

        if (work.IsSpent && errors.Count < MostFindings) errors.Add(TooMuch());
        return errors.Count > 0
            ? new(null, [.. errors, .. warnings])
            : new(new ValidatedPolicies(policies, schema), [.. warnings]);
    }

    void Validate(Policy policy)
    {
        var names = CheckNames(policy);
        if (names is null) return;

        var (isApplicable, canBeTrue, before) = (false, false, errors.Count);
        var typed = new HashSet<(string?, EntityUid?, string?, RecordType?)>();
        var found = new HashSet<(FindingCode, TextSpan, string)>();

        foreach (var environment in new ScopeTyper(schema, policy, work).Environments())
        {
            isApplicable = true;
            work.Type(1);
            if (work.IsSpent) return;

            // Environments that differ only in what the conditions do not read have the same types.
            var isNew = typed.Add((
                names.Reads(Variable.Principal) ? environment.Principal.Name : null,
                names.Reads(Variable.Action) ? environment.Action : null,
                names.Reads(Variable.Resource) ? environment.Resource.Name : null,
                names.Reads(Variable.Context) ? environment.Context : null));
            if (!isNew) continue;

            var typer = new ExpressionTyper(schema, environment, work, (code, where, message) =>
            {
                if (errors.Count < MostFindings && found.Add((code, where, message)))
                    errors.Add(new Finding(code, policy.Id, where, $"{message} {Described(environment)}"));
            });
            // What is left of one policy in one environment is typed even so: its text is bounded.
            canBeTrue |= typer.TypeOf(policy.Conditions) != BoolType.False;
            if (errors.Count >= MostFindings) return;
        }

        if (work.IsSpent) return;

        if (!isApplicable)
            errors.Add(Inapplicable(policy));
        else if (!canBeTrue && errors.Count == before)
            Warn(
                FindingCode.NeverSatisfied, policy.Id, policy.Source.Where,
                "The conditions of this policy are never true: it does nothing.");
    }

    /// <summary>Refuses what no link could mend: a scope that nothing satisfies, conditions that are typed nowhere.</summary>
    void ValidateUnlinked(Policy template)
    {
        if (CheckNames(template) is null) return;

        List<Finding>? first = null;
        foreach (var environment in new ScopeTyper(schema, template, work).Environments())
        {
            work.Type(1);
            if (work.IsSpent) return;

            var found = new List<Finding>();
            var typer = new ExpressionTyper(schema, environment, work, (code, where, message) =>
                found.Add(new Finding(code, template.Id, where, $"{message} {Described(environment)}")));
            typer.TypeOf(template.Conditions);
            if (found.Count == 0) return;
            first ??= found;
        }

        if (!work.IsSpent) errors.AddRange((first ?? [Inapplicable(template)]).Take(MostFindings - errors.Count));
    }

    Finding TooMuch() => new(
        FindingCode.Limit, Policy: null, default,
        $"These policies are too much to check: their expressions may be typed {schema.Limits.TypedExpressions} times, once in each "
        + "environment they can meet. Name the action and the types (`is`) in their scopes, shorten their conditions, "
        + "or name fewer types with `appliesTo` in the schema.");

    static Finding Inapplicable(Policy policy) => new(
        FindingCode.NoApplicableAction, policy.Id, policy.Principal.Where.To(policy.Resource.Where),
        "No request can satisfy this scope: no action it allows applies to such a principal and resource.");

    void Warn(FindingCode code, PolicyId policy, TextSpan where, string message)
    {
        if (warnings.Count < MostFindings) warnings.Add(new Finding(code, policy, where, message));
    }

    /// <summary>Null when a name is not declared.</summary>
    NameCheck? CheckNames(Policy policy)
    {
        var before = errors.Count;
        var names = new NameCheck(schema, (code, where, message) =>
        {
            if (errors.Count < MostFindings) errors.Add(new Finding(code, policy.Id, where, message));
        });
        names.Check(policy);
        new TextCheck((where, message) => Warn(FindingCode.DeceptiveText, policy.Id, where, message)).Check(policy);

        return errors.Count == before ? names : null;
    }

    static string Described(TypingEnvironment environment) =>
        $"(For the principal `{environment.Principal}`, the action `{ValueText.Shown(environment.Action.ToString())}` "
        + $"and the resource `{environment.Resource}`.)";
}
