using System.Text.Json;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>A search for subjects (AuthZEN 1.0, section 8); these are descriptions of what is read by hand.</summary>
/// <param name="Subject">Which ones.</param>
/// <param name="Action">What they want to do.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances: an object.</param>
/// <param name="Page">Where to go on, and how far.</param>
public sealed record SubjectSearchRequest(
    AuthZenKind Subject, AuthZenActionName Action, AuthZenEntity Resource, JsonElement? Context = null, SearchPageRequest? Page = null);

/// <summary>A search for resources.</summary>
/// <param name="Subject">Who.</param>
/// <param name="Action">What it wants to do.</param>
/// <param name="Resource">With which ones.</param>
/// <param name="Context">Under which circumstances: an object.</param>
/// <param name="Page">Where to go on, and how far.</param>
public sealed record ResourceSearchRequest(
    AuthZenEntity Subject, AuthZenActionName Action, AuthZenKind Resource, JsonElement? Context = null, SearchPageRequest? Page = null);

/// <summary>A search for actions.</summary>
/// <param name="Subject">Who.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances: an object.</param>
/// <param name="Page">Where to go on, and how far.</param>
public sealed record ActionSearchRequest(
    AuthZenEntity Subject, AuthZenEntity Resource, JsonElement? Context = null, SearchPageRequest? Page = null);

/// <summary>The page that is wanted.</summary>
/// <param name="Token">The <c>next_token</c> of the page before; null for the first.</param>
/// <param name="Limit">Results at most, 0 or more, 1,000 at the utmost; null: as before, at first 100.</param>
public sealed record SearchPageRequest(string? Token = null, long? Limit = null);

/// <summary>A page of results.</summary>
/// <param name="Page">Where the listing goes on.</param>
/// <param name="Results">Entities by type and id, or actions by name.</param>
/// <param name="Context">Of a search at a past position alone.</param>
public sealed record SearchAnswer(SearchPageAnswer Page, IReadOnlyList<SearchResult> Results, SearchContext? Context = null);

/// <summary>What a search speaks of.</summary>
/// <param name="AsOf">The position of the log.</param>
public sealed record SearchContext(long AsOf);

/// <summary>Where a listing goes on.</summary>
/// <param name="NextToken">Empty on the last page.</param>
/// <param name="Count">Results of this page.</param>
public sealed record SearchPageAnswer(string NextToken, int Count);

/// <summary>Something that was found.</summary>
/// <param name="Type">Type of an entity.</param>
/// <param name="Id">Id of an entity.</param>
/// <param name="Name">Name of an action.</param>
public sealed record SearchResult(string? Type = null, string? Id = null, string? Name = null);

static class SearchEndpoints
{
    public const string Path = "/access/v1/search";

    public static void Map(IEndpointRouteBuilder routes)
    {
        Map<SubjectSearchRequest>(routes, "subject", SearchKind.Subject);
        Map<ResourceSearchRequest>(routes, "resource", SearchKind.Resource);
        Map<ActionSearchRequest>(routes, "action", SearchKind.Action);
    }

    static void Map<TRequest>(IEndpointRouteBuilder routes, string name, SearchKind kind)
    {
        routes.MapPost($"{Path}/{name}", (HttpContext http, Caller caller, Searches searches) =>
                searches.AnswerAsync(http, caller, kind, asOf: null))
            .WithSummary($"Search for the {name}s that would be allowed (AuthZEN)")
            .WithDescription("All pages of a listing show the log at one position. A page may hold fewer results than its limit.")
            .RequirePermission(Scopes.PolicyEvaluate).WithBody<TRequest>().Produces<SearchAnswer>()
            .WithMetadata(new RequestHeaders(RequestHeaders.OfWrites));
        routes.MapPost($"{EvaluationEndpoints.AsOf}{Path}/{name}", (string position, HttpContext http, Caller caller, Searches searches) =>
                searches.AnswerAsync(http, caller, kind, EvaluationEndpoints.PositionOf(position)))
            .WithSummary($"Search for the {name}s that would have been allowed at a position of the log")
            .RequirePermission(Scopes.PolicyAudit).WithBody<TRequest>().Produces<SearchAnswer>().ProducesProblem(404)
            .WithQuery(PastDecisions.Pep).WithAnswerHeader("Stet-As-Of", 200);
    }
}
