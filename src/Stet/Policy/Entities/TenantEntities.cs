using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Stet.Cedar;
using Stet.EventStore;

namespace Stet.Policy.Entities;

/// <summary>
/// All entities of a tenant as of one position of its log. Immutable: what comes after makes another one, which shares
/// what has not changed. Ancestors are found when an entity is first asked for.
/// </summary>
public sealed class TenantEntities : IEntities
{
    readonly ImmutableDictionary<EntityUid, EntityInput> inputs;
    readonly ConcurrentDictionary<EntityUid, Entity> closed = new();
    readonly ConcurrentDictionary<string, string[]> idsByType = new(StringComparer.Ordinal);

    // By parent; null until something is looked for below others, and kept up from then on.
    ImmutableDictionary<EntityUid, ImmutableHashSet<EntityUid>>? children;

    TenantEntities(ImmutableDictionary<EntityUid, EntityInput> inputs, long version, long position) =>
        (this.inputs, Version, Position) = (inputs, version, position);

    /// <summary>Nothing was ever recorded.</summary>
    public static TenantEntities Empty { get; } = new(ImmutableDictionary<EntityUid, EntityInput>.Empty, 0, 0);

    /// <summary>Version of the stream that holds the tenant's entity events; 0: there are none.</summary>
    public long Version { get; }

    /// <summary>Position of the newest of those events; 0: there are none.</summary>
    public long Position { get; }

    /// <summary>How many entities there are.</summary>
    public int Count => inputs.Count;

    /// <summary>The entities after some more events of the stream.</summary>
    public TenantEntities With(IReadOnlyList<StoredEvent> events)
    {
        if (events.Count == 0) return this;

        var changed = inputs.ToBuilder();
        var moved = children?.ToBuilder();
        foreach (var stored in events) Apply(changed, moved, stored.Data);
        return new TenantEntities(changed.ToImmutable(), events[^1].Version, events[^1].Position) { children = moved?.ToImmutable() };
    }

    /// <summary>The entities as they would be with some more; what they were is not changed.</summary>
    internal TenantEntities Trying(IEnumerable<EntityInput> recorded)
    {
        var changed = inputs.ToBuilder();
        foreach (var input in recorded) changed[input.Uid] = input;
        return new TenantEntities(changed.ToImmutable(), Version, Position);
    }

    /// <inheritdoc />
    public bool TryGet(EntityUid uid, [NotNullWhen(true)] out Entity? entity)
    {
        if (closed.TryGetValue(uid, out entity)) return true;
        if (!inputs.TryGetValue(uid, out var input)) return false;

        entity = closed.GetOrAdd(input.Uid, Close(input));
        return true;
    }

    /// <summary>An entity with its direct parents, as it was recorded.</summary>
    public bool TryGetInput(EntityUid uid, out EntityInput input) => inputs.TryGetValue(uid, out input);

    /// <summary>The ids of a type's entities, in ordinal order.</summary>
    public ReadOnlySpan<string> IdsOf(string entityType) => idsByType.GetOrAdd(
        entityType,
        static (type, all) => [.. all.Keys.Where(uid => uid.Type == type).Select(uid => uid.Id).Order(StringComparer.Ordinal)], inputs);

    /// <summary>Everything that something with these parents would be in; itself among it, if they lead back to it.</summary>
    internal HashSet<EntityUid> AncestorsOf(ImmutableArray<EntityUid> parents)
    {
        var found = new HashSet<EntityUid>();
        var pending = new Stack<EntityUid>(parents);
        while (pending.TryPop(out var next))
            if (found.Add(next) && inputs.TryGetValue(next, out var input))
                foreach (var parent in input.Parents) pending.Push(parent);

        return found;
    }

    /// <summary>Every entity that has one of these for an ancestor, once, with the index of the first that leads to it.</summary>
    internal Dictionary<EntityUid, int> Below(IReadOnlyList<(int Index, EntityUid Uid)> above)
    {
        var found = new Dictionary<EntityUid, int>();
        if (above.Count == 0) return found;

        var known = children ??= ChildrenOf(inputs.Values);
        foreach (var (index, uid) in above)
        {
            var pending = new Stack<EntityUid>([uid]);
            while (pending.TryPop(out var next))
                foreach (var child in known.GetValueOrDefault(next) ?? [])
                    if (found.TryAdd(child, index)) pending.Push(child);
        }

        return found;
    }

    static ImmutableDictionary<EntityUid, ImmutableHashSet<EntityUid>> ChildrenOf(IEnumerable<EntityInput> inputs) => inputs
        .SelectMany(input => input.Parents, (input, parent) => (input.Uid, Parent: parent))
        .GroupBy(edge => edge.Parent, edge => edge.Uid)
        .ToImmutableDictionary(edges => edges.Key, edges => edges.ToImmutableHashSet());

    Entity Close(in EntityInput input) => new(
        input.Uid, input.Attributes, input.Parents.IsEmpty ? [] : [.. AncestorsOf(input.Parents)], input.Tags);

    static void Apply(
        ImmutableDictionary<EntityUid, EntityInput>.Builder inputs,
        ImmutableDictionary<EntityUid, ImmutableHashSet<EntityUid>>.Builder? children, object data)
    {
        switch (data)
        {
            case EntityRecorded e:
                // Remove first: the key, which lends its string to every look-up, stays that of the newest event.
                Remove(e.Entity.Uid);
                var input = e.Entity.ToInput();
                inputs.Add(input.Uid, input);
                foreach (var parent in children is null ? [] : input.Parents)
                    children![parent] = (children.GetValueOrDefault(parent) ?? []).Add(input.Uid);
                break;
            case EntityRemoved e:
                Remove(e.Uid);
                break;
        }

        void Remove(EntityUid uid)
        {
            if (inputs.TryGetValue(uid, out var before) && children is not null)
                foreach (var parent in before.Parents) children[parent] = children[parent].Remove(uid);
            inputs.Remove(uid);
        }
    }
}
