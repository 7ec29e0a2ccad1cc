using System.Text.Json.Nodes;

namespace Stet.Client.Api;

/// <summary>Names an entity of the policies' schema.</summary>
/// <param name="Type">Full path of the type, such as <c>Tool</c> or <c>Shop::Tool</c>.</param>
/// <param name="Id">1 to 1,024 bytes of UTF-8.</param>
public sealed record EntityName(string Type, string Id);

/// <summary>An entity, in Cedar's entity JSON.</summary>
/// <param name="Uid">Its name, whose id is not <c>.</c> or <c>..</c>: no path could name it.</param>
public sealed record KnownEntity(EntityName Uid)
{
    /// <summary>
    /// All attributes. Entities are <c>{"__entity": {type, id}}</c> and extension values <c>{"__extn": {fn, arg}}</c>; where
    /// the schema in force says so, their inside is enough.
    /// </summary>
    public JsonObject Attrs { get; init; } = [];

    /// <summary>What it is directly in.</summary>
    public IReadOnlyList<EntityName> Parents { get; init; } = [];

    /// <summary>All tags.</summary>
    public JsonObject Tags { get; init; } = [];
}

/// <summary>What is known of an entity.</summary>
/// <param name="Entity">All of it, with every wrapper.</param>
/// <param name="RecordedAt">Since when; null in the answer to who records what was known before.</param>
/// <param name="Position">Of the event that says so; in that answer, of the log.</param>
public sealed record RecordedEntity(KnownEntity Entity, DateTimeOffset? RecordedAt, long Position);

/// <summary>A page of entities.</summary>
/// <param name="Entities">By their types and ids.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record RecordedEntities(IReadOnlyList<RecordedEntity> Entities, string? NextCursor, long Position);

/// <summary>How an import went.</summary>
/// <param name="Recorded">Entities that are new or changed.</param>
/// <param name="Unchanged">Entities of which all that was known already.</param>
/// <param name="Position">Of the last event; of the log when nothing changed.</param>
public sealed record ImportedEntities(int Recorded, int Unchanged, long Position);

/// <summary>Nothing is known of an entity any more.</summary>
/// <param name="Position">Of the event that says so.</param>
public sealed record RemovedEntity(long Position);

sealed record EntityBody(JsonObject Attrs, IReadOnlyList<EntityName> Parents, JsonObject Tags);
