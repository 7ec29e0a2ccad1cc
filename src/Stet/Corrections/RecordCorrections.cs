using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Corrections;

/// <summary>The body of <c>POST /v1/corrections/batch</c>.</summary>
/// <param name="Corrections">1 to 500 corrections; the header <c>Idempotency-Key</c> serves those that carry no key.</param>
/// <param name="Atomic">All are recorded or none; else each for itself. Default false.</param>
public sealed record CorrectionsRequest(IReadOnlyList<CorrectionRequest>? Corrections, bool? Atomic = null);

/// <summary>The same, each correction to be read by itself, so that a malformed one is no problem of its neighbours.</summary>
sealed record UnreadCorrections(IReadOnlyList<UnreadJson>? Corrections, bool? Atomic);

/// <summary>One answer per correction, in order.</summary>
/// <param name="Results">In the order of the request.</param>
/// <param name="Recorded">How many stand recorded, now or since an earlier time.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record CorrectionsAnswer(IReadOnlyList<CorrectionAnswer> Results, int Recorded, long Position);

/// <summary>How one correction of a batch went.</summary>
/// <param name="Status">The status it would have been answered with alone.</param>
/// <param name="Correction">The receipt; null when it was not recorded.</param>
/// <param name="Problem">Why it was not recorded; null when it was.</param>
public sealed record CorrectionAnswer(int Status, CorrectionReceipt? Correction, ItemProblem? Problem);

/// <summary>Why one item of a batch was refused.</summary>
public sealed record ItemProblem(string Type, string Title, int Status, string Detail, string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<MemberError>? Errors = null)
{
    public static ItemProblem Of(Problem problem) => new(
        $"urn:stet:problem:{problem.Code}", problem.Title, problem.Status, problem.Detail, problem.Code,
        problem.Errors.Count > 0 ? problem.Errors : null);
}

public static class RecordCorrectionsEndpoint
{
    const int MostCorrections = 500;
    internal const int BodyLimit = 10 * 1024 * 1024; // 500 values of 16 KiB and what surrounds them

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/corrections/batch", Post).WithSummary("Record up to 500 corrections")
            .WithDescription("201 when all are recorded, 200 when some are not or all were before; with `atomic` 409 when one was refused and so none is recorded. "
                + "Where too many commands wait for some of them, `Retry-After` says when to send the batch again. "
                + "Under one `Idempotency-Key` it is the same batch, or a conflict that records nothing.")
            .RequirePermission(Scopes.CorrectionsWrite)
            .Accepts<CorrectionsRequest>("application/json").Produces<CorrectionsAnswer>(201).Produces<CorrectionsAnswer>()
            .Produces<CorrectionsAnswer>(409)
            .WithAnswerHeader("Retry-After", 201, 200, 409);

    static async Task<IResult> Post(HttpContext http, CommandContext context, Commands recorder, Store store)
    {
        var request = await RequestBody.ReadAsync(http, CorrectionsBatchJson.Default.UnreadCorrections, BodyLimit);
        new Validation()
            .Require(request.Corrections is { Count: > 0 and <= MostCorrections }, "/corrections", $"is required, 1 to {MostCorrections} corrections")
            .ThrowIfAny();

        var items = request.Corrections!.Select((item, i) => Read(item, i, context.IdempotencyKey)).ToArray();
        var commands = ToDecide(context.IdempotencyKey, request.Atomic, items);
        var results = request.Atomic == true
            ? await RecordTogetherAsync(context, recorder, items, commands)
            : await RecordEachAsync(context, recorder, items, commands);
        if (IsOfAnother(results)) return Problems.Answer(RequestProblems.OtherRequest);

        if (results.Max(r => r.Problem?.RetryAfterSeconds) is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString();

        var answers = results.Select(AnswerTo).ToArray();
        var position = results.Max(r => r.Position);
        if (position == 0) position = await store.PositionAsync(context.Caller.TenantId, context.Cancel); // none was decided
        var answer = new CorrectionsAnswer(answers, answers.Count(a => a.Problem is null), position);
        var isWhole = answer.Recorded == answers.Length;
        var status = isWhole && answers.Any(a => a.Status == 201) ? 201 : !isWhole && request.Atomic == true ? 409 : 200;
        return JsonAnswer.Write(status, answer, CorrectionsHttpJson.Default.CorrectionsAnswer, answer.Position);
    }

    static Item Read(UnreadJson json, int index, string? headerKey)
    {
        var at = $"/corrections/{index}";
        var (request, problem) = RequestBody.Parse(json.Utf8.Span, CorrectionsHttpJson.Default.CorrectionRequest, at);
        if (request is null || problem is not null) return new Item(null, null, null, problem);

        var (command, key, wrong) = request.Read(request.IdempotencyKey is null && headerKey is not null ? $"{headerKey}#{index}" : null, at);
        return new Item(request, command, key, wrong);
    }

    /// <summary>The commands of the sound items, held together by the header's key.</summary>
    static CommandToDecide[] ToDecide(string? headerKey, bool? atomic, Item[] items)
    {
        (string, byte[])? request = headerKey is null ? null : (headerKey, SHA256.HashData(PayloadOf(atomic, items).Span));
        return [.. items.Where(i => i.Problem is null).Select(i => new CommandToDecide<CorrectedField>(
            CorrectionsModule.FieldOf(i.Command!), i.Key, RecordCorrectionEndpoint.PayloadOf(i.Command!),
            (field, now) => RecordCorrection.Decide(i.Command!, field, CorrectionId.New(now), now)) { Request = request })];
    }

    static ReadOnlyMemory<byte> PayloadOf(bool? atomic, Item[] items) => JsonAnswer.Serialize(
        new CorrectionsRequest([.. items.Select(i => i.Request!)], atomic ?? false), CorrectionsHttpJson.Default.CorrectionsRequest);

    static async Task<Recorded[]> RecordEachAsync(CommandContext context, Commands recorder, Item[] items, CommandToDecide[] commands)
    {
        var decided = await recorder.DecideEachAsync(context, commands);
        var next = 0;
        return [.. items.Select(i => i.Problem is null ? decided[next++] : new Recorded([], 0, false, i.Problem))];
    }

    static async Task<Recorded[]> RecordTogetherAsync(CommandContext context, Commands recorder, Item[] items, CommandToDecide[] commands)
    {
        return commands.Length < items.Length
            ? [.. items.Select(i => new Recorded([], 0, false, i.Problem ?? RequestProblems.NotRecorded))]
            : await recorder.DecideAsync(context, commands);
    }

    /// <summary>Whether the header's key belongs to another request: then nothing of this one was recorded.</summary>
    static bool IsOfAnother(Recorded[] results) =>
        results.All(r => r.Problem is not null) && results.Any(r => r.Problem == RequestProblems.OtherRequest);

    static CorrectionAnswer AnswerTo(Recorded recorded) =>
        recorded.Problem is { } problem
            ? new CorrectionAnswer(problem.Status, null, ItemProblem.Of(problem))
            : new CorrectionAnswer(recorded.Repeated ? 200 : 201, CorrectionReceipt.Of(recorded), null);

    /// <param name="Request">As it was read; null for one that is none.</param>
    /// <param name="Command">What it asks; null when something is wrong with it.</param>
    /// <param name="Key">Its idempotency key.</param>
    /// <param name="Problem">What is wrong with it.</param>
    readonly record struct Item(CorrectionRequest? Request, RecordCorrection? Command, string? Key, Problem? Problem);
}
