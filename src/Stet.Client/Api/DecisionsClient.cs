using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Stet.Client.Api;

/// <summary>
/// Asks whether something may be done, over AuthZEN 1.0. Takes the scope <c>policy:evaluate</c>. An enforcement point that gets
/// no decision, because a call throws, has to deny.
/// </summary>
/// <remarks>Every decision is an event. A call that is sent again because its answer was lost leaves two on record.</remarks>
public sealed class DecisionsClient
{
    const string Requests = "access/v1/requests";

    readonly Connection connection;

    internal DecisionsClient(Connection connection) => this.connection = connection;

    /// <summary>Decides one question. A no is an answer, not an exception.</summary>
    /// <param name="question">May the subject do this with the resource?</param>
    /// <param name="explain">Whether the answer says why.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the decision may be recorded all the same.</param>
    /// <exception cref="StetException">The question cannot be read: <c>invalid_request</c>.</exception>
    public Task<Written<Decision>> EvaluateAsync(
        Evaluation question, bool explain = false, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        var body = new EvaluationBody(
            question.Subject, question.Action, question.Resource, question.Context, explain ? new(Explain: true) : null);
        return connection.WriteAsync(
            HttpMethod.Post, new Target("access/v1/evaluation"), Bytes(body, connection.Json.EvaluationBody),
            answer =>
            {
                var decision = Connection.Parse(answer, connection.Json.Decision);
                return decision with { EvaluationId = Guid.TryParse(answer.Header("Stet-Evaluation-Id"), out var id) ? id : null };
            },
            options, cancel);
    }

    /// <summary>Decides up to 1,000 questions.</summary>
    /// <param name="questions">At least one. One that cannot be read is denied, with an error.</param>
    /// <param name="semantic">Whether the batch ends with the first no, or the first yes.</param>
    /// <param name="explain">Whether the answers say why.</param>
    /// <param name="options">Receipts, for one.</param>
    /// <param name="cancel">Ends the wait; the decisions may be recorded all the same.</param>
    /// <returns>In the order of the questions, up to the one that ended the batch.</returns>
    /// <exception cref="StetException">The batch as a whole was refused.</exception>
    public Task<Written<IReadOnlyList<Decision>>> EvaluateManyAsync(
        IReadOnlyList<Evaluation> questions, BatchSemantic semantic = BatchSemantic.ExecuteAll, bool explain = false,
        WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(questions);

        // The standard takes a batch of none for one question.
        if (questions.Count == 0) throw new ArgumentException("There is no question.", nameof(questions));

        var body = new EvaluationsBody(questions, new(semantic, explain ? true : null));
        return connection.WriteAsync<IReadOnlyList<Decision>>(
            HttpMethod.Post, new Target("access/v1/evaluations"), Bytes(body, connection.Json.EvaluationsBody),
            answer =>
            [
                .. Connection.Parse(answer, connection.Json.DecisionList).Evaluations
                    .Select(decision => decision with { EvaluationId = decision.Context?.EvaluationId }),
            ],
            options, cancel);
    }

    /// <summary>The subjects of a type that would be allowed to do this with the resource, by their ids.</summary>
    /// <param name="subjectType">Such as <c>identity</c>.</param>
    /// <param name="action">What.</param>
    /// <param name="resource">With what.</param>
    /// <param name="context">Under which circumstances.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<Entity> SubjectsAsync(
        string subjectType, AccessAction action, Entity resource, JsonObject? context = null, CancellationToken cancel = default) =>
        SearchAsync("subject", new(new(subjectType), SearchedEntity.Of(resource), action, context, null), EntityOf, cancel);

    /// <summary>The resources of a type with which the subject would be allowed to do this, by their ids.</summary>
    /// <param name="subject">Who.</param>
    /// <param name="action">What.</param>
    /// <param name="resourceType">Such as <c>tool</c>.</param>
    /// <param name="context">Under which circumstances.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<Entity> ResourcesAsync(
        Entity subject, AccessAction action, string resourceType, JsonObject? context = null, CancellationToken cancel = default) =>
        SearchAsync("resource", new(SearchedEntity.Of(subject), new(resourceType), action, context, null), EntityOf, cancel);

    /// <summary>What the subject would be allowed to do with the resource: names of actions.</summary>
    /// <param name="subject">Who.</param>
    /// <param name="resource">With what.</param>
    /// <param name="context">Under which circumstances.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<string> ActionsAsync(
        Entity subject, Entity resource, JsonObject? context = null, CancellationToken cancel = default) =>
        SearchAsync(
            "action", new(SearchedEntity.Of(subject), SearchedEntity.Of(resource), null, context, null), found => found.Name!, cancel);

    /// <summary>Asks people to allow what was denied. Only the enforcement point that was denied can.</summary>
    /// <param name="denied">The very question.</param>
    /// <param name="denial">Its answer; see <see cref="Decision.IsRequestable"/>.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the request may be recorded all the same.</param>
    /// <exception cref="ArgumentException">The denial offers no request.</exception>
    /// <exception cref="StetException"><c>invalid_denial_binding</c>: another question was denied, or too long ago.</exception>
    public Task<Written<AccessAnswer>> RequestAccessAsync(
        Evaluation denied, Decision denial, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(denied);
        ArgumentNullException.ThrowIfNull(denial);
        if (!denial.IsRequestable) throw new ArgumentException("This decision offers no access request.", nameof(denial));

        var body = new AccessRequestBody(
            denied.Subject, denied.Action, denied.Resource, denied.Context,
            new DenialReference(denial.EvaluationId!.Value, denial.Context!.AccessRequest!.ExpiresAt));
        return connection.WriteAsync(
            HttpMethod.Post, new Target(Requests), body, connection.Json.AccessRequestBody, connection.Json.AccessAnswer, options, cancel);
    }

    /// <summary>How an access request stands.</summary>
    /// <param name="id">Of <see cref="AccessTask.Id"/>.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>access_request_not_found</c>.</exception>
    public Task<Reading<AccessAnswer>> AccessAsync(
        Guid id, Reading<AccessAnswer>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target($"{Requests}/{id:D}"), connection.Json.AccessAnswer, known, cancel);

    /// <summary>Takes an access request back.</summary>
    /// <param name="id">Of <see cref="AccessTask.Id"/>.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>access_request_not_found</c>, or it was decided.</exception>
    public Task<Written<AccessAnswer>> CancelAccessAsync(
        Guid id, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Delete, new Target($"{Requests}/{id:D}"), connection.Json.AccessAnswer, options, cancel);

    IAsyncEnumerable<T> SearchAsync<T>(string kind, SearchBody search, Func<SearchResult, T> read, CancellationToken cancel) =>
        Connection.EnumerateAsync<SearchAnswer, T>(
            async (token, stop) =>
            {
                var body = search with { Page = token is null ? null : new SearchPageBody(token) };
                var page = await connection.WriteAsync(
                    HttpMethod.Post, new Target($"access/v1/search/{kind}"), body, connection.Json.SearchBody, connection.Json.SearchAnswer,
                    options: null, stop);
                return new Reading<SearchAnswer>(page.Value, page.Position, ETag: null);
            },
            page => ([.. page.Results.Select(read)], page.Page.NextToken is "" ? null : page.Page.NextToken), cancel);

    static Entity EntityOf(SearchResult found) => new(found.Type!, found.Id!);

    static ReadOnlyMemory<byte> Bytes<T>(T body, JsonTypeInfo<T> shape) => JsonSerializer.SerializeToUtf8Bytes(body, shape);
}
