using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Corrections;

/// <summary>Asks that a value stand, in place of whatever stands or of exactly the correction it names.</summary>
public sealed record RecordCorrection(
    Subject Subject, string FieldKey, FieldValue Value, CorrectionClass Class, Permissions Permissions, Actor Actor,
    CorrectionId? Supersedes, DateTimeOffset? EffectiveFrom, DateTimeOffset? EffectiveTo, string? Reason)
{
    public static Decision Decide(RecordCorrection command, CorrectedField? field, CorrectionId id, DateTimeOffset now)
    {
        var standing = field?.Standing;

        if (command.Supersedes is { } named && named != standing)
            return Refuse(CorrectionProblems.SupersedesNotActive(named));

        var recorded = new CorrectionRecorded(
            id, command.Subject, command.FieldKey, command.Value, command.Class, command.Permissions, standing,
            command.Actor, command.EffectiveFrom, command.EffectiveTo, command.Reason, now);

        // Both facts are recorded: what stopped standing, and what stands now.
        return standing is { } ended ? Record(new CorrectionSuperseded(ended, id), recorded) : Record(recorded);
    }
}

/// <summary>The body of <c>POST /v1/corrections</c>.</summary>
/// <param name="Subject">Whose field: a type and an id, 1 to 200 characters each.</param>
/// <param name="FieldKey">Dotted path within the subject, 1 to 200 characters.</param>
/// <param name="Value">Any JSON that survives storage unchanged, at most 16 KiB.</param>
/// <param name="Class">FACT or DISCARDABLE.</param>
/// <param name="Permissions">Who may read it; readers or scopes are needed.</param>
/// <param name="Actor">Who says so.</param>
/// <param name="IdempotencyKey">1 to 200 characters; the header <c>Idempotency-Key</c> may carry it instead.</param>
/// <param name="Supersedes">The correction that has to be the one standing; null: whatever stands.</param>
/// <param name="EffectiveFrom">RFC 3339; null: at once.</param>
/// <param name="EffectiveTo">RFC 3339, after <paramref name="EffectiveFrom"/>; null: for good.</param>
/// <param name="Reason">At most 500 characters.</param>
public sealed record CorrectionRequest(
    Subject? Subject, [property: StringLength(200, MinimumLength = 1)] string? FieldKey, FieldValue? Value,
    CorrectionClass? Class, PermissionsRequest? Permissions, Actor? Actor,
    [property: StringLength(200, MinimumLength = 1)] string? IdempotencyKey = null, string? Supersedes = null,
    DateTimeOffset? EffectiveFrom = null, DateTimeOffset? EffectiveTo = null, [property: StringLength(500)] string? Reason = null)
{
    /// <summary>The command and its key, or what is wrong with the request.</summary>
    /// <param name="headerKey">The <c>Idempotency-Key</c> header, null without one.</param>
    /// <param name="at">Pointer of the request within the body; empty for the whole.</param>
    public (RecordCorrection? Command, string? Key, Problem? Problem) Read(string? headerKey, string at = "")
    {
        CorrectionId? supersedes = CorrectionId.TryParse(Supersedes, out var id) ? id : null;
        var problem = new Validation(at)
            .Require(Subject is not null, "/subject", "is required: {type, id}")
            .Text(Subject is null ? "-" : Subject.Type, "/subject/type").Text(Subject is null ? "-" : Subject.Id, "/subject/id")
            .Text(FieldKey, "/field_key").Listable(FieldKey is null ? [] : [FieldKey], "/field_key")
            .Require(Value is not null, "/value", "is required; it may be null but not missing")
            .Require(Class is not null, "/class", "is required: FACT or DISCARDABLE")
            .Require(Permissions is { Readers.Count: > 0 } or { Scopes.Count: > 0 }, "/permissions", "needs readers or scopes: somebody must be able to read the correction")
            .Texts(Permissions?.Readers, "/permissions/readers").Texts(Permissions?.Scopes, "/permissions/scopes")
            .Listable(Permissions?.Scopes ?? StringSet.Empty, "/permissions/scopes")
            .Texts(Permissions?.DenyList, "/permissions/deny_list")
            .Require(Actor is not null, "/actor", "is required: {type, id}")
            .Text(Actor is null ? "-" : Actor.Type, "/actor/type").Text(Actor is null ? "-" : Actor.Id, "/actor/id")
            .Text(headerKey is null ? IdempotencyKey : IdempotencyKey ?? "-", "/idempotency_key")
            .Require(headerKey is null || IdempotencyKey is null || headerKey == IdempotencyKey, "/idempotency_key", "differs from the header Idempotency-Key")
            .Require(Supersedes is null || supersedes is not null, "/supersedes", "must be the id of a correction, a UUID")
            .Require(EffectiveFrom is null || EffectiveTo is null || EffectiveFrom < EffectiveTo, "/effective_to", "must be after effective_from")
            .OptionalText(Reason, "/reason")
            .Problem;
        if (problem is not null) return (null, null, problem);

        var command = new RecordCorrection(
            Subject!, FieldKey!, Value!, Class!.Value,
            new Permissions(Permissions!.Readers ?? StringSet.Empty, Permissions.Scopes ?? StringSet.Empty, Permissions.DenyList ?? StringSet.Empty),
            Actor!, supersedes, EffectiveFrom, EffectiveTo, Reason);
        return (command, IdempotencyKey ?? headerKey, null);
    }
}

/// <summary>Who may read a correction: at least one reader or scope.</summary>
public sealed record PermissionsRequest(StringSet? Readers = null, StringSet? Scopes = null, StringSet? DenyList = null);

/// <summary>The answer to a correction that was recorded, now or the first time.</summary>
/// <param name="CorrectionId">Names the correction from now on.</param>
/// <param name="Status">ACTIVE: as it was recorded.</param>
/// <param name="Supersedes">The correction that it took the place of; null when none stood.</param>
/// <param name="CreatedAt">When it was recorded, by the server's clock.</param>
/// <param name="Position">Its position in the tenant's log.</param>
public sealed record CorrectionReceipt(
    CorrectionId CorrectionId, CorrectionStatus Status, CorrectionId? Supersedes, DateTimeOffset CreatedAt, long Position)
{
    public static CorrectionReceipt Of(Recorded recorded)
    {
        var last = recorded.Events[^1];
        var e = (CorrectionRecorded)last.Data;
        return new CorrectionReceipt(e.CorrectionId, CorrectionStatus.Active, e.Supersedes, e.RecordedAt, last.Position);
    }
}

public static class RecordCorrectionEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/corrections", Post).WithSummary("Record a correction").RequirePermission(Scopes.CorrectionsWrite)
            .Accepts<CorrectionRequest>("application/json").Produces<CorrectionReceipt>(201).Produces<CorrectionReceipt>()
            .ProducesProblem(409).WithAnswerHeader("Location", 201, 200)
            .WithExample("""
                {"subject":{"type":"patient","id":"p-1"},"field_key":"address.city","value":"Lyon","class":"FACT",
                 "permissions":{"readers":["care-agent"]},"actor":{"type":"human","id":"ada"},"idempotency_key":"example-1"}
                """);

    static async Task<IResult> Post(HttpContext http, CommandContext context, Commands commands)
    {
        var request = await RequestBody.ReadAsync(http, CorrectionsHttpJson.Default.CorrectionRequest);
        var (command, key, problem) = request.Read(context.IdempotencyKey);
        if (problem is not null) return Problems.Answer(problem);

        var recorded = await commands.DecideAsync(
            context, CorrectionsModule.FieldOf(command!), key, PayloadOf(command!),
            (field, now) => RecordCorrection.Decide(command!, field, CorrectionId.New(now), now));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var receipt = CorrectionReceipt.Of(recorded);
        return JsonAnswer.Write(
            recorded.Repeated ? 200 : 201, receipt, CorrectionsHttpJson.Default.CorrectionReceipt, receipt.Position,
            $"/v1/corrections/{receipt.CorrectionId}");
    }

    internal static ReadOnlyMemory<byte> PayloadOf(RecordCorrection command) =>
        JsonAnswer.Serialize(command, CorrectionsHttpJson.Default.RecordCorrection);
}
