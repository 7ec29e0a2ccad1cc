using System.Runtime.InteropServices;
using System.Text.Json;
using Stet.Authentication;
using Stet.Cedar;
using Stet.Http;
using Stet.Policy.Lifecycle;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.Entities;

/// <summary>The answer to an import.</summary>
/// <param name="Recorded">Entities that are new or changed.</param>
/// <param name="Unchanged">Entities of which all that was known already.</param>
/// <param name="Position">Position of the last event, or that of the log when nothing changed.</param>
public sealed record EntityImportAnswer(int Recorded, int Unchanged, long Position);

public static class ImportEntitiesEndpoint
{
    const int MostBytes = 8 * 1024 * 1024;
    const int MostEntities = 10_000;
    const int MostErrors = 100;
    const string Lines = "application/x-ndjson";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/entities/import", Post).WithSummary("Record what is known of many entities")
            .WithDescription(
                $"A list, or a line for each (`{Lines}`): at most {MostEntities} entities and 8 MiB. All are recorded or none; "
                + "the problem tells what is wrong with which, by its place from 0.")
            .RequirePermission(Scopes.PolicyAdmin)
            .Accepts<IReadOnlyList<KnownEntity>>("application/json", Lines).Produces<EntityImportAnswer>().ProducesProblem(409).ProducesProblem(413);

    static async Task<IResult> Post(
        HttpContext http, CommandContext context, EntityRecorder recorder, PoliciesInForce policies)
    {
        var body = await RequestBody.ReadBytesAsync(http, MostBytes, Lines);
        var schema = (await policies.NowAsync(context.Caller.TenantId, context.Cancel))?.Schema;
        var isLines = RequestBody.IsOf(http.Request.ContentType, Lines);
        var command = new RecordEntities(isLines ? ReadLines(body, schema) : ReadList(body, schema));

        var recorded = await recorder.DecideAsync(context, body, (known, current, now) =>
            RecordEntities.Decide(command, known, current, context.Caller.Subject, now, context.Cancel));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var answer = new EntityImportAnswer(recorded.Events.Count, command.Entities.Count - recorded.Events.Count, recorded.Position);
        return JsonAnswer.Write(200, answer, EntityHttpJson.Default.EntityImportAnswer, recorded.Position);
    }

    static List<EntityInput> ReadLines(byte[] body, CedarSchema? schema)
    {
        var reading = new Reading(schema);
        foreach (var range in body.AsSpan().Split((byte)'\n'))
        {
            var line = body.AsSpan(range).Trim(" \t\r"u8);
            if (!line.IsEmpty) reading.Take(line);
        }

        return reading.Result();
    }

    static List<EntityInput> ReadList(byte[] body, CedarSchema? schema)
    {
        var reading = new Reading(schema);
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
            if (json.RootElement.ValueKind != JsonValueKind.Array)
                throw new BadRequestException(RequestProblems.Invalid("", "must be a list of entities"));
            foreach (var entity in json.RootElement.EnumerateArray()) reading.Take(JsonMarshal.GetRawUtf8Value(entity));
        }
        catch (JsonException)
        {
            throw new BadRequestException(RequestProblems.Invalid("", "is not valid JSON here"));
        }

        return reading.Result();
    }

    /// <summary>Reads entity after entity, and remembers what is wrong with which.</summary>
    sealed class Reading(CedarSchema? schema)
    {
        readonly List<EntityInput> entities = [];
        readonly List<MemberError> errors = [];
        int count;

        public void Take(ReadOnlySpan<byte> utf8)
        {
            var index = count++;
            if (index >= MostEntities)
                throw new BadRequestException(RequestProblems.Invalid("", $"may hold at most {MostEntities} entities"));
            if (EntityBody.Read(utf8, schema, out var entity) is not { } error) entities.Add(entity!.Value);
            else if (errors.Count < MostErrors) errors.Add(error with { Pointer = $"/{index}{error.Pointer}" });
        }

        public List<EntityInput> Result() =>
            errors.Count > 0 ? throw new BadRequestException(RequestProblems.Invalid(errors)) : entities;
    }
}
