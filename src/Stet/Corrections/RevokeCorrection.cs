using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Corrections;

/// <summary>Asks that a correction no longer stand, with nothing in its place.</summary>
public sealed record RevokeCorrection(CorrectionId CorrectionId, RevocationReason Reason, string? Note, Actor Actor)
{
    public static Decision Decide(RevokeCorrection command, CorrectedField? field, DateTimeOffset now)
    {
        if (field?.Standing == command.CorrectionId)
            return Record(new CorrectionRevoked(command.CorrectionId, command.Reason, command.Note, command.Actor, now));

        return field?.Revoked == command.CorrectionId ? Nothing : Refuse(CorrectionProblems.NotActive(command.CorrectionId));
    }
}

/// <summary>The body of <c>POST /v1/corrections/{id}/revoke</c>.</summary>
/// <param name="Reason">WITHDRAWN, REFUTED, ENTERED_IN_ERROR or EXPIRED.</param>
/// <param name="Actor">Who takes it back.</param>
/// <param name="Note">At most 500 characters.</param>
public sealed record RevocationRequest(RevocationReason? Reason, Actor? Actor, [property: StringLength(500)] string? Note = null);

/// <summary>The answer to a revocation, the same however often it is asked for.</summary>
/// <param name="CorrectionId">The correction.</param>
/// <param name="Status">REVOKED.</param>
/// <param name="Reason">Why, as it was recorded.</param>
/// <param name="RevokedAt">When it was recorded, by the server's clock.</param>
/// <param name="Position">The position of the revocation in the tenant's log.</param>
public sealed record RevocationReceipt(
    CorrectionId CorrectionId, CorrectionStatus Status, RevocationReason Reason, DateTimeOffset RevokedAt, long Position);

public static class RevokeCorrectionEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/corrections/{correction_id}/revoke", Post).WithSummary("Take a correction back")
            .RequirePermission(Scopes.CorrectionsWrite)
            .Accepts<RevocationRequest>("application/json").Produces<RevocationReceipt>().ProducesProblem(404).ProducesProblem(409);

    static async Task<IResult> Post(
        string correction_id, HttpContext http, CommandContext context, Commands commands, Store store)
    {
        var request = await RequestBody.ReadAsync(http, CorrectionsHttpJson.Default.RevocationRequest);
        new Validation()
            .Require(request.Reason is not null, "/reason", "is required: WITHDRAWN, REFUTED, ENTERED_IN_ERROR or EXPIRED")
            .Require(request.Actor is not null, "/actor", "is required: {type, id}")
            .Text(request.Actor is null ? "-" : request.Actor.Type, "/actor/type")
            .Text(request.Actor is null ? "-" : request.Actor.Id, "/actor/id")
            .OptionalText(request.Note, "/note")
            .ThrowIfAny();

        if (!CorrectionId.TryParse(correction_id, out var id)) return Problems.Answer(CorrectionProblems.NotFound);
        var row = await RevocableCorrection.FindAsync(store, context.Caller.TenantId, id, context.Cancel);
        if (row is null) return Problems.Answer(CorrectionProblems.NotFound);
        if (row.Revocation is { } before && context.IdempotencyKey is null) return Answer(before);

        var command = new RevokeCorrection(id, request.Reason!.Value, request.Note, request.Actor!);
        var recorded = await commands.DecideAsync(
            context, CorrectionsModule.FieldOf(row.Subject, row.FieldKey), context.IdempotencyKey,
            context.IdempotencyKey is null ? default : JsonAnswer.Serialize(command, CorrectionsHttpJson.Default.RevokeCorrection),
            (field, now) => RevokeCorrection.Decide(command, field, now));
        if (recorded.Events is [{ Data: CorrectionRevoked e } stored])
            return Answer(new RevocationReceipt(id, CorrectionStatus.Revoked, e.Reason, e.RevokedAt, stored.Position));
        if (recorded.Problem == RequestProblems.IdempotencyConflict) return Problems.Answer(recorded.Problem);

        // Somebody else was faster: what they recorded is the answer.
        var after = await RevocableCorrection.FindAsync(store, context.Caller.TenantId, id, context.Cancel);
        return after?.Revocation is { } revocation ? Answer(revocation) : Problems.Answer(recorded.Problem!);
    }

    static IResult Answer(RevocationReceipt receipt) =>
        JsonAnswer.Write(200, receipt, CorrectionsHttpJson.Default.RevocationReceipt, receipt.Position);
}
