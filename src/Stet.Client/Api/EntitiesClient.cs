namespace Stet.Client.Api;

/// <summary>
/// What policies know of identities, tools, groups, data. Recording takes the scope <c>policy:admin</c>, reading
/// <c>policy:read</c>.
/// </summary>
/// <remarks>The schema in force checks what is recorded. <c>.</c> and <c>..</c> are ids that only an import can name.</remarks>
public sealed class EntitiesClient
{
    const string Path = "v1/policy/entities";

    readonly Connection connection;

    internal EntitiesClient(Connection connection) => this.connection = connection;

    /// <summary>Records what is known of an entity, in place of all that was; repeating it changes nothing.</summary>
    /// <exception cref="StetException">
    /// <c>entity_refused</c>: the schema or the hierarchy forbids it; <c>too_many_entities</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<RecordedEntity>> RecordAsync(
        KnownEntity entity, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return connection.WriteAsync(
            HttpMethod.Put, Of(entity.Uid), new EntityBody(entity.Attrs, entity.Parents, entity.Tags), connection.Json.EntityBody,
            connection.Json.RecordedEntity, options, cancel);
    }

    /// <summary>Records what is known of up to 10,000 entities, 8 MiB of JSON: of all or of none.</summary>
    /// <exception cref="StetException">
    /// <c>entity_refused</c> or <c>invalid_request</c>, whose pointers begin with the place of the entity, from 0;
    /// <c>too_many_entities</c>, <c>body_too_large</c>.
    /// </exception>
    public Task<Written<ImportedEntities>> ImportAsync(
        IReadOnlyList<KnownEntity> entities, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target($"{Path}/import"), entities, connection.Json.IReadOnlyListKnownEntity,
            connection.Json.ImportedEntities, options, cancel);

    /// <summary>The same from a list in Cedar's JSON, such as a file holds.</summary>
    /// <inheritdoc cref="ImportAsync"/>
    public Task<Written<ImportedEntities>> ImportJsonAsync(
        ReadOnlyMemory<byte> entities, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target($"{Path}/import"), entities, connection.Json.ImportedEntities, options, cancel);

    /// <summary>Forgets all that is known of an entity. Repeating it is refused: nothing is known then.</summary>
    /// <exception cref="StetException">
    /// <c>entity_not_found</c>, which also ends a call whose answer was lost and that was sent again.
    /// </exception>
    public Task<Written<RemovedEntity>> RemoveAsync(
        EntityName name, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Delete, Of(name), connection.Json.RemovedEntity, options, cancel);

    /// <summary>What is known of an entity.</summary>
    /// <exception cref="StetException"><c>entity_not_found</c>.</exception>
    public Task<Reading<RecordedEntity>> FindAsync(
        EntityName name, Reading<RecordedEntity>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Of(name), connection.Json.RecordedEntity, known, cancel);

    /// <summary>All entities, by their types and ids.</summary>
    /// <param name="type">Of this type alone; null: of all.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<RecordedEntity> ListAsync(string? type = null, CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => ListPageAsync(type, cursor, cancel: token), static page => (page.Entities, page.NextCursor), cancel);

    /// <summary>One page of the entities.</summary>
    /// <param name="type">Of this type alone; null: of all.</param>
    /// <param name="cursor">Where the page before ended; null: from the start.</param>
    /// <param name="limit">1 to 1,000; null: 100.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<RecordedEntities>> ListPageAsync(
        string? type = null, string? cursor = null, int? limit = null, Reading<RecordedEntities>? known = null,
        CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target(Path).With("type", type).Page(cursor, limit), connection.Json.RecordedEntities, known, cancel);

    static Target Of(EntityName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Target.Of(Target.Of(Path, name.Type).ToString(), name.Id);
    }
}
