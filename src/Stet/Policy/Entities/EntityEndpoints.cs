using System.Text;
using System.Text.Json.Serialization;
using Npgsql;
using Stet.Authentication;
using Stet.Cedar;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.Lifecycle;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Entities;

/// <summary>The body of <c>PUT /v1/policy/entities/{type}/{id}</c>: <c>{attrs?, parents?, tags?}</c> of Cedar's entity JSON.</summary>
public sealed record EntityRequest;

/// <summary>What is known of an entity.</summary>
/// <param name="Entity">In Cedar's entity JSON, with every wrapper.</param>
/// <param name="RecordedAt">Since when; null for one that was known so before the request.</param>
/// <param name="Position">Position of the event that says so, or of the log.</param>
public sealed record EntityAnswer(KnownEntity Entity, DateTimeOffset? RecordedAt, long Position)
{
    public static EntityAnswer Of(EntityRecorded e, long position) => new(e.Entity, e.RecordedAt, position);
}

/// <summary>A page of entities by their types and ids.</summary>
/// <param name="Entities">The page.</param>
/// <param name="NextCursor">Send it as <c>cursor</c> for the next page; null on the last.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record EntitiesAnswer(IReadOnlyList<EntityAnswer> Entities, string? NextCursor, long Position);

/// <summary>The answer to a removal.</summary>
/// <param name="Position">Position of the event that says so.</param>
public sealed record EntityRemovedAnswer(long Position);

public static class EntityEndpoints
{
    const string Path = "/v1/policy/entities";
    const int DefaultPage = 100;
    const int LargestPage = 1_000;

    static readonly Cursor cursor = new("entities");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(Path + "/{type}/{**id}", Put).WithSummary("Record what is known of an entity")
            .WithDescription("In place of all that was known of it. Checked against the schema in force, when there is one.")
            .RequirePermission(Scopes.PolicyAdmin)
            .Accepts<EntityRequest>("application/json").Produces<EntityAnswer>(201).Produces<EntityAnswer>().ProducesProblem(409);
        routes.MapDelete(Path + "/{type}/{**id}", Delete).WithSummary("Know nothing of an entity any more")
            .RequirePermission(Scopes.PolicyAdmin).Produces<EntityRemovedAnswer>().ProducesProblem(404).ProducesProblem(409);
        routes.MapGet(Path + "/{type}/{**id}", Get).WithSummary("What is known of an entity")
            .RequirePermission(Scopes.PolicyRead).Produces<EntityAnswer>().Produces(304).ProducesProblem(404).WithQuery(MinPosition.Parameter);
        routes.MapGet(Path, List).WithSummary("The entities that are known")
            .RequirePermission(Scopes.PolicyRead).Produces<EntitiesAnswer>().Produces(304)
            .WithQuery(
                ("type", "Entities of this type alone", false), QueryParameter.Cursor,
                QueryParameter.Limit(LargestPage, DefaultPage), MinPosition.Parameter);
    }

    static async Task<IResult> Put(
        string type, string id, HttpContext http, CommandContext context, EntityRecorder recorder, PoliciesInForce policies)
    {
        var uid = UidOf(type, id);
        var body = await RequestBody.ReadBytesAsync(http, RequestBody.DefaultLimit);
        var schema = (await policies.NowAsync(context.Caller.TenantId, context.Cancel))?.Schema;
        var input = EntityBody.Read(body, uid, schema);
        var isNew = false;
        var recorded = await recorder.DecideAsync(context, [.. Encoding.UTF8.GetBytes($"put\n{uid}\n"), .. body], (known, current, now) =>
        {
            isNew = !known.TryGetInput(uid, out _);
            return RecordEntities.Decide(new RecordEntities([input]), known, current, context.Caller.Subject, now, context.Cancel);
        });
        if (recorded.Problem is { } refusal)
            return Problems.Answer(refusal with { Errors = [.. refusal.Errors.Select(e => e with { Pointer = "" })] });

        return recorded.Events is [{ Data: EntityRecorded e } stored]
            ? JsonAnswer.Write(isNew && !recorded.Repeated ? 201 : 200, EntityAnswer.Of(e, stored.Position), EntityHttpJson.Default.EntityAnswer, recorded.Position)
            : JsonAnswer.Write(
                200, new EntityAnswer(KnownEntity.Of(input), null, recorded.Position),
                EntityHttpJson.Default.EntityAnswer, recorded.Position);
    }

    static async Task<IResult> Delete(string type, string id, CommandContext context, EntityRecorder recorder)
    {
        var uid = UidOf(type, id);
        var recorded = await recorder.DecideAsync(
            context, Encoding.UTF8.GetBytes($"delete\n{uid}"), (known, _, now) => RemoveEntity.Decide(new RemoveEntity(uid), known, context.Caller.Subject, now));
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(200, new EntityRemovedAnswer(recorded.Position), EntityHttpJson.Default.EntityRemovedAnswer, recorded.Position);
    }

    static async Task<IResult> Get(string type, string id, HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        var uid = UidOf(type, id);
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (found, position) = await store.QueryAsync(
            caller.TenantId,
            """
            select p.position, e.data
            from (select position from stet.policy_entity where tenant_id = $1 and type = $2 and id = $3) p
            cross join lateral (select data from stet.mt_events where tenant_id = $1 and seq_id = p.position limit 1) e
            """,
            [Scalar(caller.TenantId), Scalar(uid.Type), Scalar(uid.Id)],
            async (rows, position, cancel) => (await ReadAsync(rows, contexts.Catalog, cancel), position), http.RequestAborted);
        return found is [var entity]
            ? JsonAnswer.Read(entity, EntityHttpJson.Default.EntityAnswer, position)
            : Problems.Answer(EntityProblems.NotFound(uid));
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, ContextCatalog contexts)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        var type = query.Optional("type", EntityBody.MostTypeCharacters);
        var (afterType, afterId) = CursorOf(http.Request.Query) ?? (type ?? "", "");
        if (type is not null && afterType != type) throw Cursor.NotACursor();
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (page, position) = await store.QueryAsync(
            caller.TenantId,
            $"""
            select p.position, e.data
            from (select type, id, position from stet.policy_entity
                  where tenant_id = $1 and {(type is null ? "(type, id) > ($2, $3)" : "type = $2 and id > $3")}
                  order by type, id limit $4) p
            cross join lateral (select data from stet.mt_events where tenant_id = $1 and seq_id = p.position limit 1) e
            order by p.type, p.id
            """,
            [Scalar(caller.TenantId), Scalar(afterType), Scalar(afterId), Scalar(limit + 1)],
            async (rows, position, cancel) => (await ReadAsync(rows, contexts.Catalog, cancel), position), http.RequestAborted);

        var next = Cursor.Next(
            page, limit, row => cursor.Of(Encoding.UTF8.GetBytes($"{row.Entity.Uid.Type}\0{row.Entity.Uid.Id}")));

        return JsonAnswer.Read(new EntitiesAnswer(page, next, position), EntityHttpJson.Default.EntitiesAnswer, position);
    }

    static async Task<List<EntityAnswer>> ReadAsync(NpgsqlDataReader rows, EventCatalog events, CancellationToken cancel)
    {
        var read = new List<EntityAnswer>();
        while (await rows.ReadAsync(cancel))
            read.Add(EntityAnswer.Of((EntityRecorded)events.Read("entity_recorded", rows.GetFieldValue<byte[]>(1)), rows.GetInt64(0)));
        return read;
    }

    static EntityUid UidOf(string type, string id)
    {
        if (!EntityUid.TryCreate(type, id, out var uid))
            throw new BadRequestException(RequestProblems.Invalid("type", "must be identifiers joined by `::`"));
        return EntityBody.ErrorOf(uid) is { } error ? throw EntityBody.Refused(error) : uid;
    }

    static (string Type, string Id)? CursorOf(IQueryCollection query)
    {
        if (!query.TryGetValue("cursor", out var values)) return null;
        if (values is [{ Length: <= 4_096 } text] && Encoding.UTF8.GetString(cursor.ReadBytes(text)).Split('\0') is [var type, var id])
            return (type, id);

        throw Cursor.NotACursor();
    }
}

/// <summary>Shapes of bodies and answers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 64, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(EntityRequest))]
[JsonSerializable(typeof(EntityAnswer))]
[JsonSerializable(typeof(EntitiesAnswer))]
[JsonSerializable(typeof(EntityRemovedAnswer))]
[JsonSerializable(typeof(IReadOnlyList<KnownEntity>))]
[JsonSerializable(typeof(EntityImportAnswer))]
sealed partial class EntityHttpJson : JsonSerializerContext;
