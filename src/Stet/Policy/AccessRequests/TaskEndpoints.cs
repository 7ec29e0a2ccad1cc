using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AuthZen;

namespace Stet.Policy.AccessRequests;

/// <summary>What an enforcement point sees of its access request.</summary>
/// <param name="Task">How it stands.</param>
/// <param name="Result">What to do now; null unless it was approved, and once the approval is revoked.</param>
public sealed record TaskAnswer(AccessTask Task, TaskResult? Result)
{
    public static TaskAnswer Of(AccessRequest request, string endpoint, DateTimeOffset now) => new(
        new AccessTask(request.EvaluationId, request.StatusAt(now), $"{endpoint}/{request.EvaluationId:D}", request.ExpiresAt),
        request is { Outcome: AccessStatus.Approved, RevokedAt: null, DecidedAt: { } at, ApprovedUntil: { } until }
            ? new TaskResult("reevaluate", new Approval(request.EvaluationId, at, until))
            : null);
}

/// <summary>A task of the draft.</summary>
/// <param name="Id">The id of the denied decision.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="StatusEndpoint">Where to look again: a URL, or a path where <c>AuthZen:PublicUrl</c> is not set.</param>
/// <param name="ExpiresAt">Until when somebody may decide.</param>
public sealed record AccessTask(Guid Id, AccessStatus Status, string StatusEndpoint, DateTimeOffset ExpiresAt);

/// <summary>What to do after an approval.</summary>
/// <param name="Mode">Always <c>reevaluate</c>: ask for a decision again.</param>
/// <param name="Approval">Goes into the question as <c>context.approval</c>, as it is.</param>
public sealed record TaskResult([property: AllowedValues("reevaluate")] string Mode, Approval Approval);

/// <summary>Names an approval. It grants nothing by itself: Stet looks it up.</summary>
/// <param name="Id">The id of the denied decision.</param>
/// <param name="ApprovedAt">Since when.</param>
/// <param name="ApprovedUntil">The first moment it does not hold any more.</param>
public sealed record Approval(Guid Id, DateTimeOffset ApprovedAt, DateTimeOffset ApprovedUntil);

/// <summary>What enforcement points do with their access requests.</summary>
public static class TaskEndpoints
{
    internal const string Path = "/access/v1/requests";
    const string One = Path + "/{id}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, (HttpContext http, CommandContext context, AccessRequestIntake intake) => intake.PostAsync(http, context))
            .WithSummary("Ask people to allow what was denied")
            .WithDescription("For a denial that offers it, by the enforcement point that was denied, with the draft `access_request` on.")
            .RequirePermission(Scopes.PolicyEvaluate).WithBody<AccessRequestBody>().Produces<TaskAnswer>(202)
            .WithAnswerHeader("Location", 202).ProducesProblem(409);
        routes.MapGet(One, Get).WithSummary("How an access request stands")
            .RequirePermission(Scopes.PolicyEvaluate).Produces<TaskAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
        routes.MapDelete(One, Cancel).WithSummary("Take an access request back")
            .RequirePermission(Scopes.PolicyEvaluate).Produces<TaskAnswer>()
            .ProducesProblem(404).ProducesProblem(409);
    }

    static async Task<IResult> Get(string id, HttpContext http, Caller caller, Store store, AuthZenOptions options, TimeProvider clock)
    {
        AuthZenPaths.AtHome(http, caller);
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (request, position) = await AccessRequestsModule.FindAsync(store, caller.TenantId, AccessRequestsModule.IdOf(id), http.RequestAborted);

        // What another enforcement point has asked for is nobody's business.
        return request is null || request.Pep != caller.Subject
            ? Problems.Answer(AccessRequestProblems.NotFound)
            : JsonAnswer.Read(TaskAnswer.Of(request, Endpoint(http, options), clock.GetUtcNow()), AccessRequestHttpJson.Default.TaskAnswer, position);
    }

    static async Task<IResult> Cancel(string id, HttpContext http, CommandContext context, AccessRequestSteps steps, AuthZenOptions options)
    {
        AuthZenPaths.AtHome(http, context.Caller);
        var (recorded, request, now) = await steps.TakeAsync(
            AccessRequestsModule.IdOf(id), context, $"cancel\n{id}", (before, now) => CancelAccessRequest.Decide(before, context.Caller.Subject, now));
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(200, TaskAnswer.Of(request!, Endpoint(http, options), now), AccessRequestHttpJson.Default.TaskAnswer, recorded.Position);
    }

    /// <summary>Where requests go, under the base URL that the caller has come to; a path when the service does not know its own.</summary>
    internal static string Endpoint(HttpContext http, AuthZenOptions options) => $"{options.PublicUrl}{http.Request.PathBase}{Path}";
}
