using System.Text.Json;
using Stet.Cedar;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.AccessRequests;

/// <summary>The body of <c>POST /access/v1/requests</c>; the description of what is read by hand.</summary>
/// <param name="Subject">As it was denied.</param>
/// <param name="Action">As it was denied.</param>
/// <param name="Resource">As it was denied.</param>
/// <param name="Context">As it was denied.</param>
/// <param name="Denial">The denial.</param>
public sealed record AccessRequestBody(
    AuthZenEntity Subject, AuthZenActionName Action, AuthZenEntity Resource, JsonElement? Context, DenialReference Denial);

/// <summary>Names a denial, in its own words.</summary>
/// <param name="EvaluationId"><c>context.evaluation_id</c> of the answer.</param>
/// <param name="ExpiresAt"><c>context.access_request.expires_at</c> of the answer.</param>
public sealed record DenialReference(Guid EvaluationId, DateTimeOffset ExpiresAt);

/// <summary>Takes access requests of enforcement points.</summary>
sealed class AccessRequestIntake(
    Store store, Commands commands, PoliciesInForce policies, PepSettings peps, AccessRequestSteps steps, AuthZenOptions options,
    PolicyEntities entities, ContextCatalog contexts)
{
    public async Task<IResult> PostAsync(HttpContext http, CommandContext context)
    {
        AuthZenPaths.AtHome(http, context.Caller);
        using var body = await AuthZenBody.ReadAsync(http);
        if (new AskedReader(body.RootElement, default).Read(out var asked) is { } problem) throw AuthZenBody.Bad(problem.Pointer, problem.Message);

        var (id, expiresAt) = DenialIn(body.RootElement);
        var (command, refusal) = await CommandAsync(context, asked, id, expiresAt);
        if (command is null) return Problems.Answer(refusal!);

        var (recorded, request, now) = await steps.TakeAsync(
            id, context, $"request\n{id}", (before, now) => RequestAccess.Decide(command, before, now));
        return recorded.Problem is { } refused
            ? Problems.Answer(refused)
            : JsonAnswer.Write(
                202, TaskAnswer.Of(request!, TaskEndpoints.Endpoint(http, options), now), AccessRequestHttpJson.Default.TaskAnswer, recorded.Position,
                $"{TaskEndpoints.Path}/{id:D}");
    }

    /// <summary>What is to be decided: the request has to be for the very question that was denied, as the log has it.</summary>
    async Task<(RequestAccess? Command, Problem? Problem)> CommandAsync(
        CommandContext context, AskedEvaluation asked, Guid id, DateTimeOffset expiresAt)
    {
        var caller = context.Caller;
        if (await commands.TenantAsync(context) is not { } tenant) return (null, RequestProblems.UnknownTenant);
        if ((await peps.RefreshAsync(tenant, context.Cancel)).Registry.Find(caller.Subject) is not { } pep
            || !pep.Drafts.Contains(RegisteredPep.AccessRequestDraft)) return (null, AccessRequestProblems.Off);

        var (row, _) = await DecisionQueries.FindAsync(store, tenant.Id, id, context.Cancel);
        if (row is null) return (null, AccessRequestProblems.InvalidBinding("no such denial is on record"));

        var denied = DecisionQueries.DecisionOf(row, contexts);
        if (denied.Pep.Id != caller.Subject) return (null, AccessRequestProblems.InvalidBinding("no such denial is on record"));
        if (expiresAt != denied.Request.Now + AccessRequest.Requestable)
            return (null, AccessRequestProblems.InvalidBinding("`denial.expires_at` is not the one that was given out"));

        var policy = await policies.AsOfAsync(tenant.Id, row.Position, denied.Request.Now, context.Cancel);
        var known = await entities.AtPositionAsync(tenant.Id, denied.EntityPosition, context.Cancel);
        if (AccessOffer.Of(policy, denied.Request, known, denied.Pep, denied.Raw, denied.Effective) is not { } lifetime
            || AccessOffer.ScopeOf(denied.Request, denied.Sources) is not { } scope) return (null, AccessRequestProblems.NotRequestable);

        var again = RequestTranslation.Of(policy!.Schema, EntityStore.Empty, asked, denied.Request.Now);
        return AccessOffer.ScopeOf(again, asked) is { } whole && scope.Covers(whole)
            ? (new RequestAccess(id, whole, StringSet.Of(denied.Raw!.Determining), lifetime, caller.Subject, denied.Request.Now), null)
            : (null, AccessRequestProblems.InvalidBinding("another question was denied"));
    }

    static (Guid Id, DateTimeOffset ExpiresAt) DenialIn(JsonElement body)
    {
        if (!body.TryGetProperty("denial", out var denial) || denial.ValueKind != JsonValueKind.Object)
            throw AuthZenBody.Bad("/denial", "is required: {evaluation_id, expires_at} of the denial");
        if (!denial.TryGetProperty("evaluation_id", out var id) || id.ValueKind != JsonValueKind.String || !id.TryGetGuid(out var named))
            throw AuthZenBody.Bad("/denial/evaluation_id", "is required, a UUID");

        return denial.TryGetProperty("expires_at", out var expires) && expires.ValueKind == JsonValueKind.String
            && UtcTimeConverter.TryParse(expires.GetString()!, out var time)
                ? (named, time)
                : throw AuthZenBody.Bad("/denial/expires_at", "is required, an RFC 3339 time");
    }
}
