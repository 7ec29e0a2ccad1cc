using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Decisions;

/// <summary>A recorded decision.</summary>
/// <param name="Position">Its position in the log.</param>
/// <param name="RecordedAt">When it was recorded.</param>
/// <param name="Decision">The event as it is stored.</param>
public sealed record RecordedDecisionAnswer(long Position, DateTimeOffset RecordedAt, JsonElement Decision);

/// <summary>A page of recorded decisions, newest first.</summary>
/// <param name="Decisions">The page; it may be short, and even empty, while there is a next one.</param>
/// <param name="NextCursor">Send it as <c>cursor</c> for the next page; null on the last.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record RecordedDecisionsAnswer(IReadOnlyList<RecordedDecisionAnswer> Decisions, string? NextCursor, long Position);

/// <summary>
/// Recorded decisions are read where they stand: by their subject's stream, by the time that an id tells, or along an
/// index of them. No table of theirs has to be kept while thousands are recorded in a second.
/// </summary>
static class DecisionQueries
{
    const string Path = "/v1/policy/decisions";
    const int DefaultPage = 50;
    const int LargestPage = 500;

    /// <summary>Decisions that one page looks at.</summary>
    const int MostExamined = 10_000;

    /// <summary>Of a type or an id.</summary>
    const int MostCharacters = 1_024;

    const string Columns = "e.seq_id, e.timestamp, e.data, e.version";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path + "/{evaluation_id}", Get).WithSummary("A recorded decision")
            .RequirePermission(Scopes.PolicyRead).Produces<RecordedDecisionAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
        routes.MapGet(Path, List).WithSummary("Recorded decisions, newest first")
            .WithDescription($"By class or policy, a page looks at {MostExamined} decisions at most.")
            .RequirePermission(Scopes.PolicyRead).Produces<RecordedDecisionsAnswer>().Produces(304)
            .WithQuery(
                ("subject_type", "Decisions about this subject; with `subject_id`", false), ("subject_id", "With `subject_type`", false),
                QueryParameter.OneOf("class", "Decisions of this class", "allow", "forbidden", "not_permitted", "error"),
                ("policy", "Id of a determining policy", false),
                QueryParameter.Cursor, QueryParameter.Limit(LargestPage, DefaultPage),
                MinPosition.Parameter);
    }

    /// <summary>A recorded decision by its id; null when there is none.</summary>
    public static async Task<(RecordedRow? Row, long Position)> FindAsync(
        Store store, string tenantId, Guid evaluationId, CancellationToken cancel)
    {
        if (TimeOf(evaluationId) is not { } time) return (null, await store.PositionAsync(tenantId, cancel));

        return await store.QueryAsync(
            tenantId,
            $"""
            select {Columns} from stet.mt_events e
            where e.tenant_id = $1 and e.seq_id >= (select stet.position_at($1, $2)) and e.seq_id < (select stet.position_at($1, $3))
                and e.type = 'decision_recorded' and e.data ->> 'evaluation_id' = $4
            """,
            [Scalar(tenantId), Scalar(time.UtcDateTime), Scalar(time.AddMilliseconds(1).UtcDateTime), Scalar(evaluationId.ToString())],
            static async (rows, position, token) => ((await ReadAsync(rows, token)).FirstOrDefault(), position), cancel);
    }

    /// <summary>The id of a decision as a path names it; any other text is a 400.</summary>
    internal static Guid IdOf(string evaluationId) =>
        Uuids.TryParse(evaluationId, out var id) ? id : throw RequestQuery.Bad("evaluation_id", "must be a UUID");

    static async Task<IResult> Get(string evaluation_id, HttpContext http, Caller caller, Store store)
    {
        var id = IdOf(evaluation_id);
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (row, position) = await FindAsync(store, caller.TenantId, id, http.RequestAborted);
        return row is null
            ? Problems.Answer(NotFound(id))
            : JsonAnswer.Read(Json(json => Write(json, row)), "application/json", position);
    }

    /// <summary>The decision of a row.</summary>
    /// <exception cref="BadRequestException">It cannot be read.</exception>
    internal static DecisionRecorded DecisionOf(RecordedRow row, ContextCatalog contexts)
    {
        try
        {
            return (DecisionRecorded)contexts.Catalog.Read("decision_recorded", row.Json);
        }
        catch (UnreadableEventException)
        {
            throw new BadRequestException(Unreadable(row.Position));
        }
    }

    static Problem Unreadable(long position) => new(
        "decision_unreadable", 409, "The decision cannot be read",
        string.Create(CultureInfo.InvariantCulture, $"what the log has at position {position} is not what a decision records"));

    internal static Problem NotFound(Guid evaluationId) => new(
        "decision_not_found", 404, "There is no such decision", $"no decision `{evaluationId}` is on record in this tenant's log");

    static async Task<IResult> List(HttpContext http, Caller caller, Store store)
    {
        var query = new RequestQuery(http.Request.Query);
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        var (type, id) = (query.Optional("subject_type", MostCharacters), query.Optional("subject_id", MostCharacters));
        if (type is null != id is null) throw RequestQuery.Bad(type is null ? "subject_type" : "subject_id", "is needed with the other one");

        var kind = query.OneOf("class", "", "allow", "forbidden", "not_permitted", "error");
        var policy = query.Optional("policy");

        // All decisions go by positions, those of a subject by the versions of its stream.
        var cursor = new Cursor(type is null ? "decisions" : $"decisions\0{type}\0{id}");
        var before = cursor.Read(query.Optional("cursor"));
        await MinPosition.WaitAsync(http, caller.TenantId);
        var stream = type is not null && await store.FindTenantAsync(caller.TenantId, http.RequestAborted) is { } tenant
            ? DecisionRecorder.StreamOf(tenant, type, id!)
            : (Guid?)null;

        var (rows, next, position) = await PageAsync(store, caller.TenantId, stream, kind, policy, before, limit, http.RequestAborted);
        return JsonAnswer.Read(
            Json(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("decisions"u8);
                foreach (var row in rows) Write(json, row);
                json.WriteEndArray();
                if (next is { } more) json.WriteString("next_cursor"u8, cursor.Of(more));
                else json.WriteNull("next_cursor"u8);
                json.WriteNumber("position"u8, position);
                json.WriteEndObject();
            }),
            "application/json", position);
    }

    /// <summary>Goes back along a stream by versions, or along all decisions by positions; a page looks at so many at most.</summary>
    static async Task<(List<RecordedRow> Rows, long? Next, long Position)> PageAsync(
        Store store, string tenantId, Guid? stream, string kind, string? policy, long? before, int limit, CancellationToken cancel)
    {
        var (place, scope) = stream is null
            ? ("seq_id", "tenant_id = $1 and type = 'decision_recorded'")
            : ("version", "tenant_id = $1 and stream_id = $6 and type = 'decision_recorded'");

        // Where a page that finds little ends. One that takes whatever comes has its end by itself.
        var edge = kind.Length > 0 || policy is not null
            ? $"select {place} from stet.mt_events where {scope} and {place} < $2 order by {place} desc offset {MostExamined - 1} limit 1"
            : "select null::bigint";
        var ((rows, end), position) = await store.QueryAsync(
            tenantId,
            $"""
            with edge as (select ({edge}) as place)
            select {Columns}, edge.place from edge
            left join lateral (
                select seq_id, timestamp, data, version from stet.mt_events
                where {scope} and {place} < $2 and {place} >= coalesce(edge.place, 0)
                    and ($3 = '' or data -> 'effective' ->> 'class' = $3)
                    and ($4 = '' or data -> 'raw' -> 'determining' @> to_jsonb($4::text))
                order by {place} desc limit $5) e on true
            order by e.{place} desc
            """,
            [
                Scalar(tenantId), Scalar(before ?? long.MaxValue), Scalar(kind), Scalar(policy ?? ""), Scalar(limit + 1),
                .. stream is { } id ? [Scalar(id)] : Array.Empty<NpgsqlParameter>(),
            ],
            static async (rows, position, token) =>
            {
                var (read, end) = (new List<RecordedRow>(), (long?)null);
                while (await rows.ReadAsync(token))
                {
                    end = rows.IsDBNull(4) ? null : rows.GetInt64(4);
                    if (!rows.IsDBNull(0)) read.Add(Read(rows));
                }

                return ((read, end), position);
            },
            cancel);

        if (rows.Count <= limit) return (rows, end, position);

        rows.RemoveAt(limit);
        return (rows, stream is null ? rows[^1].Position : rows[^1].Version, position);
    }

    internal static async Task<List<RecordedRow>> ReadAsync(NpgsqlDataReader rows, CancellationToken cancel)
    {
        var read = new List<RecordedRow>();
        while (await rows.ReadAsync(cancel)) read.Add(Read(rows));
        return read;
    }

    static RecordedRow Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetFieldValue<byte[]>(2), row.GetInt64(3));

    static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(4_096);
        using (var json = new Utf8JsonWriter(body, JsonAnswer.Readable)) write(json);
        return body.WrittenMemory;
    }

    static void Write(Utf8JsonWriter json, RecordedRow row)
    {
        json.WriteStartObject();
        json.WriteNumber("position"u8, row.Position);
        json.WriteString("recorded_at"u8, UtcTimeConverter.Format(row.RecordedAt));
        json.WritePropertyName("decision"u8);
        json.WriteRawValue(row.Json, skipInputValidation: true);
        json.WriteEndObject();
    }

    /// <summary>The millisecond that a version-7 UUID (RFC 9562) was made in, which another follows; null for any other.</summary>
    static DateTimeOffset? TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
        return id.Version == 7 && milliseconds < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
    }
}

/// <summary>A recorded decision as it stands in the log.</summary>
sealed record RecordedRow(long Position, DateTimeOffset RecordedAt, byte[] Json, long Version);

/// <summary>Shapes of bodies and answers: unknown and repeated members are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 32, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(PepRequest))]
[JsonSerializable(typeof(PepAnswer))]
[JsonSerializable(typeof(PepsAnswer))]
[JsonSerializable(typeof(RecordedDecisionAnswer))]
[JsonSerializable(typeof(RecordedDecisionsAnswer))]
[JsonSerializable(typeof(ChangesRequest))]
[JsonSerializable(typeof(UnreadChanges))]
[JsonSerializable(typeof(ChangesAnswer))]
sealed partial class DecisionHttpJson : JsonSerializerContext;
