namespace Stet.Cedar;

/// <summary>Finds everything an entity is in. It does not recurse, however long a chain of parents is.</summary>
sealed class EntityLoader(CedarLimits limits)
{
    readonly Dictionary<EntityUid, EntityInput> inputs = [];
    readonly Dictionary<EntityUid, Entity> loaded = [];
    readonly Dictionary<EntityUid, EntityUid> names = [];
    readonly HashSet<EntityUid> open = [];

    internal static Finding TooMany(CedarLimits limits) =>
        new(FindingCode.Limit, null, default, $"A set of entities may have {limits.Entities} of them.");

    internal Outcome<EntityStore> Load(ReadOnlySpan<EntityInput> entities)
    {
        if (entities.Length > limits.Entities) return new(null, [TooMany(limits)]);

        foreach (var entity in entities)
            if (!inputs.TryAdd(Named(entity.Uid), entity))
                return Refused(FindingCode.DuplicateEntity,
                    $"The entity `{Shown(entity.Uid)}` is listed twice: remove one.");

        foreach (var entity in entities)
            if (Close(entity.Uid) is { } finding) return new(null, [finding]);

        return new(new EntityStore(loaded), []);
    }

    /// <summary>Loads an entity, and whatever it is in before it.</summary>
    Finding? Close(EntityUid start)
    {
        if (loaded.ContainsKey(start)) return null;
        var pending = new Stack<EntityUid>([start]);

        while (pending.TryPeek(out var uid))
        {
            if (loaded.ContainsKey(uid))
            {
                pending.Pop();
                continue;
            }

            var isReady = !open.Add(uid);

            if (!isReady)
            {
                foreach (var parent in inputs[uid].Parents)
                {
                    if (open.Contains(parent) && !loaded.ContainsKey(parent))
                        return Found(FindingCode.EntityCycle,
                            $"The entity `{Shown(parent)}` is its own ancestor: remove a parent.");

                    if (inputs.ContainsKey(parent) && !loaded.ContainsKey(parent)) pending.Push(parent);
                }

                continue;
            }

            pending.Pop();
            if (Finish(inputs[uid]) is { } finding) return finding;
        }

        return null;
    }

    /// <summary>Loads an entity whose parents are loaded, as far as they are listed.</summary>
    Finding? Finish(EntityInput input)
    {
        var ancestors = new HashSet<EntityUid>();

        foreach (var parent in input.Parents)
        {
            ancestors.Add(Named(parent));
            if (loaded.TryGetValue(parent, out var entity)) ancestors.UnionWith(entity.Ancestors.ToArray());

            if (ancestors.Count > limits.Ancestors)
                return Found(FindingCode.Limit,
                    $"The entity `{Shown(input.Uid)}` has more than {limits.Ancestors} ancestors.");
        }

        loaded.Add(Named(input.Uid), new Entity(Named(input.Uid), input.Attributes, [.. ancestors], input.Tags));
        return null;
    }

    /// <summary>One object for each name: names that are the same object compare at once.</summary>
    EntityUid Named(EntityUid uid)
    {
        if (names.TryGetValue(uid, out var known)) return known;
        names.Add(uid, uid);
        return uid;
    }

    static string Shown(EntityUid uid) => ValueText.Shown(uid.ToString(), most: 200);

    static Finding Found(FindingCode code, string message) => new(code, null, default, message);

    static Outcome<EntityStore> Refused(FindingCode code, string message) => new(null, [Found(code, message)]);
}
