using System.Text.Json;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>A search (AuthZEN 1.0, section 8); the description of what is read by hand.</summary>
/// <param name="Subject">Who; a search for subjects takes its type alone.</param>
/// <param name="Resource">With what; a search for resources takes its type alone.</param>
/// <param name="Action">What it wants to do; left out of a search for actions.</param>
/// <param name="Context">Under which circumstances: an object.</param>
/// <param name="Page">Where to go on, and how far.</param>
public sealed record SearchRequest(
    AuthZenParty Subject, AuthZenParty Resource, AuthZenActionName? Action = null, JsonElement? Context = null,
    SearchPageRequest? Page = null);

/// <summary>The page that is wanted.</summary>
/// <param name="Token">The <c>next_token</c> of the page before; null for the first.</param>
/// <param name="Limit">Results at most, 0 or more, 1,000 at the utmost; null: as before, at first 100.</param>
public sealed record SearchPageRequest(string? Token = null, long? Limit = null);

/// <summary>A page of results.</summary>
/// <param name="Page">Where the listing goes on.</param>
/// <param name="Results">Entities by type and id, or actions by name.</param>
public sealed record SearchAnswer(SearchPageAnswer Page, IReadOnlyList<SearchResult> Results);

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
        Map(routes, "subject", SearchKind.Subject);
        Map(routes, "resource", SearchKind.Resource);
        Map(routes, "action", SearchKind.Action);
    }

    static void Map(IEndpointRouteBuilder routes, string name, SearchKind kind)
    {
        routes.MapPost($"{Path}/{name}", (HttpContext http, Caller caller, Searches searches) =>
                searches.AnswerAsync(http, caller, kind, asOf: null))
            .WithSummary($"Search for the {name}s that would be allowed (AuthZEN)")
            .WithDescription("All pages of a listing show the log at one position. A page may hold fewer results than its limit.")
            .RequirePermission(Scopes.PolicyEvaluate).WithBody<SearchRequest>().Produces<SearchAnswer>().ProducesProblem(400);
        routes.MapPost($"{EvaluationEndpoints.AsOf}{Path}/{name}", (string position, HttpContext http, Caller caller, Searches searches) =>
                searches.AnswerAsync(http, caller, kind, EvaluationEndpoints.PositionOf(position)))
            .WithSummary($"Search for the {name}s that would have been allowed at a position of the log")
            .RequirePermission(Scopes.PolicyAudit).WithBody<SearchRequest>().Produces<SearchAnswer>()
            .ProducesProblem(400).ProducesProblem(404).WithQuery(PastDecisions.Pep);
    }
}
