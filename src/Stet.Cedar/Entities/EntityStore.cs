using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Stet.Cedar;

/// <summary>An entity as it is loaded: with its direct parents.</summary>
public readonly record struct EntityInput(
    EntityUid Uid, RecordValue Attributes, ImmutableArray<EntityUid> Parents, RecordValue Tags);

/// <summary>A loaded set of entities, with everything each of them is in. Immutable.</summary>
public sealed class EntityStore : IEntities
{
    readonly Dictionary<EntityUid, Entity> entities;

    internal EntityStore(Dictionary<EntityUid, Entity> entities) => this.entities = entities;

    /// <summary>No entity at all.</summary>
    public static EntityStore Empty { get; } = new([]);

    /// <summary>How many entities there are.</summary>
    public int Count => entities.Count;

    /// <summary>The entities, in no particular order.</summary>
    public IReadOnlyCollection<Entity> All => entities.Values;

    /// <inheritdoc/>
    public bool TryGet(EntityUid uid, [NotNullWhen(true)] out Entity? entity) => entities.TryGetValue(uid, out entity);

    /// <summary>Finds the ancestors of entities from their parents. A parent need not be listed itself.</summary>
    /// <returns>
    /// The set; or one finding, of code <see cref="FindingCode.DuplicateEntity"/>, <see cref="FindingCode.EntityCycle"/> or
    /// <see cref="FindingCode.Limit"/>.
    /// </returns>
    public static Outcome<EntityStore> Load(ReadOnlySpan<EntityInput> entities, CedarLimits limits) =>
        new EntityLoader(limits).Load(entities);

    /// <summary>
    /// Reads a list of <c>{uid, attrs, parents, tags?}</c>. Parents may be the direct ones or all there are.
    /// </summary>
    /// <param name="utf8">The JSON text.</param>
    /// <param name="limits">How large it may be.</param>
    /// <param name="shapes">What a schema expects, so that wrappers may be left out; null without one.</param>
    /// <returns>The set, or the first finding. No text causes an exception.</returns>
    public static Outcome<EntityStore> ParseJson(ReadOnlySpan<byte> utf8, CedarLimits limits, IEntityShapes? shapes = null)
    {
        var input = new JsonInput(limits);
        if (!input.TryParse(utf8, out var root) || !input.IsArray(root, "entities")) return new(null, [input.Failure!]);

        if (root.GetArrayLength() > limits.Entities) return new(null, [EntityLoader.TooMany(limits)]);

        var reader = new EntityReader(input, shapes);
        var listed = new EntityInput[root.GetArrayLength()];
        var i = 0;

        foreach (var json in root.EnumerateArray())
        {
            input.Enter(i);
            if (reader.Read(json) is not { } entity) return new(null, [input.Failure!]);
            input.Leave();
            listed[i++] = entity;
        }

        return Load(listed, limits);
    }
}

/// <summary>Reads one entity from JSON.</summary>
sealed class EntityReader(JsonInput input, IEntityShapes? shapes)
{
    readonly ValueReader values = new(input);

    internal EntityInput? Read(JsonElement json)
    {
        if (input.Members(json, ["uid", "attrs", "parents"], "tags") is not [var name, var attributes, var parents, var tags])
            return null;

        input.Enter("uid");
        if (values.ReadUid(name) is not { } uid) return null;
        input.Leave();

        var (shape, tag) = (shapes?.Attributes(uid.Type), shapes?.Tag(uid.Type));
        input.Enter("attrs");
        if (values.ReadRecord(attributes, key => shape?.Attribute(key)) is not { } record) return null;
        input.Leave();

        input.Enter("tags");
        var tagged = tags.ValueKind == JsonValueKind.Undefined ? RecordValue.Empty : values.ReadRecord(tags, _ => tag);
        if (tagged is null) return null;
        input.Leave();

        return ReadParents(parents) is { } uids ? new EntityInput(uid, record, uids, tagged) : null;
    }

    ImmutableArray<EntityUid>? ReadParents(JsonElement json)
    {
        if (!input.IsArray(json, "parents")) return null;
        input.Enter("parents");
        var parents = ImmutableArray.CreateBuilder<EntityUid>(json.GetArrayLength());

        foreach (var parent in json.EnumerateArray())
        {
            input.Enter(parents.Count);
            if (values.ReadUid(parent) is not { } uid) return null;
            input.Leave();
            parents.Add(uid);
        }

        input.Leave();
        return parents.MoveToImmutable();
    }
}
