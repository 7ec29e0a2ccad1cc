using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Microsoft.OpenApi;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>A question (AuthZEN 1.0, section 6); the description of what is read by hand.</summary>
/// <param name="Subject">Who wants something.</param>
/// <param name="Action">What it wants to do.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances: an object.</param>
/// <param name="Options">How to answer.</param>
public sealed record EvaluationRequest(
    AuthZenEntity Subject, AuthZenActionName Action, AuthZenEntity Resource, JsonElement? Context = null,
    EvaluationOptions? Options = null);

/// <summary>Questions, with defaults for what they leave out (AuthZEN 1.0, section 7).</summary>
/// <param name="Subject">For items without one.</param>
/// <param name="Action">For items without one.</param>
/// <param name="Resource">For items without one.</param>
/// <param name="Context">For items without one.</param>
/// <param name="Evaluations">At most 1,000; without them it is a single question.</param>
/// <param name="Options">How to answer.</param>
public sealed record EvaluationsRequest(
    AuthZenEntity? Subject = null, AuthZenActionName? Action = null, AuthZenEntity? Resource = null, JsonElement? Context = null,
    [property: MaxLength(1_000)] IReadOnlyList<EvaluationItem>? Evaluations = null, EvaluationOptions? Options = null);

/// <summary>A question of a batch: with the batch's defaults it has a subject, an action and a resource.</summary>
/// <param name="Subject">In place of the batch's.</param>
/// <param name="Action">In place of the batch's.</param>
/// <param name="Resource">In place of the batch's.</param>
/// <param name="Context">In place of the batch's: an object.</param>
public sealed record EvaluationItem(
    AuthZenEntity? Subject = null, AuthZenActionName? Action = null, AuthZenEntity? Resource = null, JsonElement? Context = null);

/// <summary>A subject or a resource.</summary>
/// <param name="Type">1 to 1,024 bytes of UTF-8.</param>
/// <param name="Id">1 to 1,024 bytes of UTF-8.</param>
/// <param name="Properties">An object.</param>
public sealed record AuthZenEntity(string Type, string Id, JsonElement? Properties = null);

/// <summary>Subjects or resources that are searched for.</summary>
/// <param name="Type">1 to 1,024 bytes of UTF-8.</param>
/// <param name="Properties">An object.</param>
public sealed record AuthZenKind(string Type, JsonElement? Properties = null);

/// <summary>An action.</summary>
/// <param name="Name">1 to 1,024 bytes of UTF-8.</param>
/// <param name="Properties">An object; policies see it in <c>context.action</c>.</param>
public sealed record AuthZenActionName(string Name, JsonElement? Properties = null);

/// <summary>How questions are answered.</summary>
/// <param name="EvaluationsSemantic"><c>execute_all</c>, <c>deny_on_first_deny</c> or <c>permit_on_first_permit</c>.</param>
/// <param name="Explain">Whether the answer says why.</param>
public sealed record EvaluationOptions(
    [property: AllowedValues("execute_all", "deny_on_first_deny", "permit_on_first_permit")] string? EvaluationsSemantic = null,
    bool? Explain = null);

/// <summary>A decision.</summary>
/// <param name="Decision">Whether the enforcement point may go on.</param>
/// <param name="Context">What else there is to say; left out when there is nothing.</param>
public sealed record EvaluationAnswer(bool Decision, JsonElement? Context = null);

/// <summary>Decisions in the order of the questions.</summary>
/// <param name="Evaluations">One for each item that was evaluated.</param>
public sealed record EvaluationsAnswer(IReadOnlyList<EvaluationAnswer> Evaluations);

static class EvaluationEndpoints
{
    public const string Single = "/access/v1/evaluation";
    public const string Batch = "/access/v1/evaluations";
    public const string AsOf = "/as-of/{position}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Single, (HttpContext http, Caller caller, Evaluations evaluations) =>
                evaluations.AnswerAsync(http, caller, asOf: null))
            .WithSummary("Decide one question (AuthZEN)")
            .WithDescription("A deny is a 200, too. The answer goes out when the decision is durable; `Stet-Evaluation-Id` names it.")
            .RequirePermission(Scopes.PolicyEvaluate).WithBody<EvaluationRequest>().Produces<EvaluationAnswer>()
            .WithMetadata(new RequestHeaders(RequestHeaders.OfWrites)).WithAnswerHeader("Stet-Evaluation-Id", 200)
            .WithExample("""{"subject":{"type":"user","id":"ada"},"action":{"name":"read"},"resource":{"type":"document","id":"7"}}""");
        routes.MapPost(Batch, (HttpContext http, Caller caller, Evaluations evaluations) =>
                evaluations.AnswerAllAsync(http, caller, asOf: null))
            .WithSummary("Decide a batch of questions (AuthZEN)")
            .RequirePermission(Scopes.PolicyEvaluate).WithBody<EvaluationsRequest>().Produces<EvaluationsAnswer>().OrSingle()
            .WithMetadata(new RequestHeaders(RequestHeaders.OfWrites)).WithAnswerHeader("Stet-Evaluation-Id", 200);
        routes.MapPost(AsOf + Single, (string position, HttpContext http, Caller caller, Evaluations evaluations) =>
                evaluations.AnswerAsync(http, caller, PositionOf(position)))
            .WithSummary("Decide one question as it would have been at a position of the log")
            .RequirePermission(Scopes.PolicyAudit).WithBody<EvaluationRequest>().Produces<EvaluationAnswer>().ProducesProblem(404)
            .WithQuery(PastDecisions.Pep).WithAnswerHeader("Stet-As-Of", 200);
        routes.MapPost(AsOf + Batch, (string position, HttpContext http, Caller caller, Evaluations evaluations) =>
                evaluations.AnswerAllAsync(http, caller, PositionOf(position)))
            .WithSummary("Decide a batch of questions as it would have been at a position of the log")
            .RequirePermission(Scopes.PolicyAudit).WithBody<EvaluationsRequest>().Produces<EvaluationsAnswer>().OrSingle()
            .ProducesProblem(404).WithQuery(PastDecisions.Pep).WithAnswerHeader("Stet-As-Of", 200);
    }

    /// <exception cref="BadRequestException">It is no position: 404.</exception>
    public static long PositionOf(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) && position > 0
            ? position
            : throw new BadRequestException(AuthZenProblems.NoPosition(text));

    /// <summary>A batch without items is answered as a single question.</summary>
    static RouteHandlerBuilder OrSingle(this RouteHandlerBuilder route) => route.AddOpenApiOperationTransformer((operation, context, _) =>
    {
        var answer = operation.Responses!["200"].Content!["application/json"];
        answer.Schema = new OpenApiSchema { OneOf = [answer.Schema!, new OpenApiSchemaReference(nameof(EvaluationAnswer), context.Document)] };
        return Task.CompletedTask;
    });
}
