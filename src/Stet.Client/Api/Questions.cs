using System.Globalization;
using System.Text.Json.Nodes;

namespace Stet.Client.Api;

/// <summary>Questions over AuthZEN, to the decision point as it is, or as it was at a position of the log.</summary>
sealed class Questions(Connection connection, long? asOf = null, string? pep = null)
{
    public Target At(string path) => asOf is null
        ? new Target($"access/v1/{path}")
        : new Target(string.Create(CultureInfo.InvariantCulture, $"as-of/{asOf}/access/v1/{path}")).With("pep", pep);

    public static EvaluationBody Body(Evaluation question, bool explain)
    {
        ArgumentNullException.ThrowIfNull(question);
        return new EvaluationBody(
            question.Subject, question.Action, question.Resource, question.Context, explain ? new(Explain: true) : null);
    }

    public static EvaluationsBody Body(IReadOnlyList<Evaluation> questions, BatchSemantic semantic, bool explain)
    {
        ArgumentNullException.ThrowIfNull(questions);

        // The standard takes a batch of none for one question.
        if (questions.Count == 0) throw new ArgumentException("There is no question.", nameof(questions));

        return new EvaluationsBody(questions, new(semantic, explain ? true : null));
    }

    public IReadOnlyList<Decision> Decisions(Answer answer) =>
    [
        .. Connection.Parse(answer, connection.Json.DecisionList).Evaluations
            .Select(decision => decision with { EvaluationId = decision.Context?.EvaluationId }),
    ];

    public IAsyncEnumerable<Entity> SubjectsAsync(
        string subjectType, AccessAction action, Entity resource, JsonObject? context, CancellationToken cancel) =>
        SearchAsync("subject", new(new(subjectType), SearchedEntity.Of(resource), action, context, null), EntityOf, cancel);

    public IAsyncEnumerable<Entity> ResourcesAsync(
        Entity subject, AccessAction action, string resourceType, JsonObject? context, CancellationToken cancel) =>
        SearchAsync("resource", new(SearchedEntity.Of(subject), new(resourceType), action, context, null), EntityOf, cancel);

    public IAsyncEnumerable<string> ActionsAsync(Entity subject, Entity resource, JsonObject? context, CancellationToken cancel) =>
        SearchAsync(
            "action", new(SearchedEntity.Of(subject), SearchedEntity.Of(resource), null, context, null), found => found.Name!, cancel);

    IAsyncEnumerable<T> SearchAsync<T>(string kind, SearchBody search, Func<SearchResult, T> read, CancellationToken cancel) =>
        Connection.EnumerateAsync<SearchAnswer, T>(
            (token, stop) => connection.AskAsync(
                At($"search/{kind}"), search with { Page = token is null ? null : new SearchPageBody(token) }, connection.Json.SearchBody,
                answer => Connection.Parse(answer, connection.Json.SearchAnswer), stop),
            page => ([.. page.Results.Select(read)], page.Page.NextToken is "" ? null : page.Page.NextToken), cancel);

    static Entity EntityOf(SearchResult found) => new(found.Type!, found.Id!);
}
