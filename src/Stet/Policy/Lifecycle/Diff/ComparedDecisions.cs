using System.Runtime.InteropServices;
using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;

namespace Stet.Policy.Lifecycle;

/// <summary>Recorded decisions that differ in nothing but their time, under what is in force and under a candidate.</summary>
sealed class ComparedDecisions
{
    const string Other = "(other)";

    readonly RepeatedQuestion? before;
    readonly RepeatedQuestion after;
    readonly ReplayedResult recorded;
    readonly DecisionChanges changes;
    readonly string action;
    readonly string subjectType;
    readonly string resourceType;
    DecisionChange? change;

    /// <param name="baseline">What is in force; null: nothing is.</param>
    /// <param name="candidate">What may come.</param>
    /// <param name="decision">The first of them.</param>
    /// <param name="known">The entities that it was made by.</param>
    /// <param name="changes">Those that were found already.</param>
    public ComparedDecisions(
        PolicyInForce? baseline, PolicyInForce candidate, DecisionRecorded decision, TenantEntities known, DecisionChanges changes)
    {
        this.changes = changes;
        Subject = (decision.Request.Subject.Type, decision.Request.Subject.Id);
        Resource = (decision.Request.Resource.Type, decision.Request.Resource.Id);
        Agent = AgentIn(decision.Request.Context);
        var (schemaBefore, schemaAfter) = (baseline is null ? null : AuthZenSchema.Of(baseline.Schema), AuthZenSchema.Of(candidate.Schema));
        var request = decision.Request with { Layer = DecisionPoint.Layer }; // the question is what would be decided now

        // What the baseline itself decided needs no second evaluation: the self-audit holds recorded decisions to their inputs.
        recorded = new ReplayedResult(decision.Raw, decision.Effective);
        if (baseline is null || decision.PolicySetDigest != baseline.PolicySetDigest || decision.SchemaDigest != baseline.SchemaDigest)
            before = DecisionPoint.Repeat(baseline, request, known, decision.Pep);
        after = DecisionPoint.Repeat(candidate, request, known, decision.Pep);

        // Names that no schema knows are whatever somebody sent: they are no rows of a table.
        action = schemaAfter.HasAction(request.Action) || (schemaBefore?.HasAction(request.Action) ?? false) ? request.Action : Other;
        subjectType = TypeOf(request.Subject.Type);
        resourceType = TypeOf(request.Resource.Type);

        string TypeOf(string name) =>
            schemaAfter.TryGetType(name, out _) || (schemaBefore?.TryGetType(name, out _) ?? false) ? name : Other;
    }

    /// <summary>Who asked.</summary>
    public (string Type, string Id) Subject { get; }

    /// <summary>What was asked for.</summary>
    public (string Type, string Id) Resource { get; }

    /// <summary>Which agent asked; null when the context names none.</summary>
    public (string Type, string Id)? Agent { get; }

    /// <summary>What would change for one of them.</summary>
    public DecisionChange At(DateTimeOffset now)
    {
        if (change is not null && after.IsSettled && (before is null || before.IsSettled)) return change;

        var (was, comes) = (before is null ? recorded : new ReplayedResult(before.At(now)), new ReplayedResult(after.At(now)));
        return change is not null && change.Compared.Before!.Value.Equals(was) && change.Compared.After!.Value.Equals(comes)
            ? change
            : change = changes.Of(DecisionComparison.Of(was, comes), action, subjectType, resourceType);
    }

    static (string Type, string Id)? AgentIn(RecordValue context) => context.TryGet("agent", out var agent)
        ? agent switch
        {
            StringValue { Value: var name } => ("agent", name),
            EntityUid uid => (uid.Type, uid.Id),
            _ => null,
        }
        : null;
}

/// <summary>What would change for decisions, each change once: they are few, whoever asks about whatever. For one thread at a time.</summary>
sealed class DecisionChanges
{
    readonly Dictionary<(DecisionComparison, string, string, string), DecisionChange> known = [];

    public DecisionChange Of(in DecisionComparison compared, string action, string subjectType, string resourceType)
    {
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(known, (compared, action, subjectType, resourceType), out _);
        return change ??= new DecisionChange(compared, action, subjectType, resourceType);
    }
}

/// <summary>What would change for some decisions.</summary>
/// <param name="compared">Both results.</param>
/// <param name="action">The action that was asked for; <c>(other)</c>: one that no schema knows.</param>
/// <param name="subjectType">Likewise.</param>
/// <param name="resourceType">Likewise.</param>
sealed class DecisionChange(DecisionComparison compared, string action, string subjectType, string resourceType)
{
    /// <summary>A decision that cannot be read.</summary>
    public static DecisionChange Unreplayable { get; } =
        new(new DecisionComparison(DiffClass.Unreplayable, null, null), "(other)", "(other)", "(other)");

    /// <summary>Both results.</summary>
    public DecisionComparison Compared => compared;

    /// <summary>One of <see cref="DiffClass"/>.</summary>
    public string Class => compared.Class;

    /// <summary>The action that was asked for.</summary>
    public string Action => action;

    /// <summary>The type of the subject.</summary>
    public string SubjectType => subjectType;

    /// <summary>The type of the resource.</summary>
    public string ResourceType => resourceType;

    /// <summary>The kind of change; null: there is none.</summary>
    public DiffKind? Kind { get; } = compared.Class == DiffClass.Same
        ? null
        : new DiffKind(compared.Class, action, compared.Before?.Determining ?? default, compared.After?.Determining ?? default);

    /// <summary>The line of the report, before and after the position: written once.</summary>
    public (byte[] Start, byte[] End) Line => line ??= DiffLines.Of(this);

    (byte[], byte[])? line;
}
