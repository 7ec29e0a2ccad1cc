using Stet.Cedar;
using static Stet.Decision;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.Entities;

/// <summary>Asks that this be known of some entities, in place of all that is known of them: of all or of none.</summary>
public sealed record RecordEntities(IReadOnlyList<EntityInput> Entities)
{
    const int MostErrors = 100;

    static readonly int mostEntities = CedarLimits.Default.Entities;
    static readonly int mostAncestors = CedarLimits.Default.Ancestors;

    public static Decision Decide(
        RecordEntities command, TenantEntities known, CedarSchema? schema, string actor, DateTimeOffset now,
        CancellationToken cancel = default)
    {
        var errors = new List<MemberError>();
        var named = new HashSet<EntityUid>();
        for (var i = 0; i < command.Entities.Count; i++)
            if (!named.Add(command.Entities[i].Uid)) Add(i, $"The entity `{Shown(command.Entities[i].Uid)}` is listed twice: remove one.");

        var staged = known.Trying(command.Entities);
        if (staged.Count > mostEntities) return Refuse(EntityProblems.TooMany(mostEntities));

        var events = new List<object>(command.Entities.Count);
        var risen = new List<(int Index, EntityUid Uid)>();
        for (var i = 0; i < command.Entities.Count && errors.Count < MostErrors; i++)
        {
            cancel.ThrowIfCancellationRequested();
            var input = command.Entities[i];
            foreach (var problem in ProblemsOf(input, staged, schema)) Add(i, problem);
            if (IsInMore(input, known, staged)) risen.Add((i, input.Uid));

            if (!IsKnown(input, known)) events.Add(new EntityRecorded(KnownEntity.Of(input), actor, now));
        }

        // What an entity is put into, everything below it is in as well.
        foreach (var (uid, index) in errors.Count < MostErrors ? known.Below(risen) : [])
        {
            cancel.ThrowIfCancellationRequested();
            if (!named.Contains(uid) && staged.TryGetInput(uid, out var below) && staged.AncestorsOf(below.Parents).Count > mostAncestors)
                Add(index, TooManyAncestors(uid));
        }

        return errors.Count > 0 ? Refuse(EntityProblems.Refused(errors)) : Record(events);

        void Add(int index, string problem)
        {
            if (errors.Count < MostErrors) errors.Add(new MemberError($"/{index}", problem));
        }
    }

    static IEnumerable<string> ProblemsOf(EntityInput input, TenantEntities staged, CedarSchema? schema)
    {
        var ancestors = staged.AncestorsOf(input.Parents);
        if (ancestors.Contains(input.Uid)) return [$"The entity `{Shown(input.Uid)}` would be its own ancestor: remove a parent."];
        if (ancestors.Count > mostAncestors) return [TooManyAncestors(input.Uid)];

        return schema is null
            ? []
            : schema.Check(new Entity(input.Uid, input.Attributes, [.. ancestors], input.Tags)).Select(finding => finding.Message);
    }

    /// <summary>Whether it would be in anything that it is not in by now.</summary>
    static bool IsInMore(EntityInput input, TenantEntities known, TenantEntities staged)
    {
        var before = known.TryGetInput(input.Uid, out var then) ? known.AncestorsOf(then.Parents) : [];
        return !before.IsSupersetOf(staged.AncestorsOf(input.Parents));
    }

    static string TooManyAncestors(EntityUid uid) => $"The entity `{Shown(uid)}` would have more than {mostAncestors} ancestors.";

    static bool IsKnown(EntityInput input, TenantEntities known) =>
        known.TryGetInput(input.Uid, out var before) && before.Attributes.Equals(input.Attributes)
        && before.Tags.Equals(input.Tags) && before.Parents.AsSpan().SequenceEqual(input.Parents.AsSpan());

    static string Shown(EntityUid uid)
    {
        var name = uid.ToString();
        return name.Length <= 200 ? name : $"{name[..200]}...";
    }
}

/// <summary>Asks that nothing be known of an entity any more.</summary>
public sealed record RemoveEntity(EntityUid Entity)
{
    public static Decision Decide(RemoveEntity command, TenantEntities known, string actor, DateTimeOffset now) =>
        known.TryGetInput(command.Entity, out _)
            ? Record(new EntityRemoved(command.Entity.Type, command.Entity.Id, actor, now))
            : Refuse(EntityProblems.NotFound(command.Entity));
}
