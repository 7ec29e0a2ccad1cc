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
    const string Peps = "v1/policy/peps";

    readonly Connection connection;
    readonly Questions questions;

    internal DecisionsClient(Connection connection) => (this.connection, questions) = (connection, new Questions(connection));

    /// <summary>Decides one question. A no is an answer, not an exception.</summary>
    /// <param name="question">May the subject do this with the resource?</param>
    /// <param name="explain">Whether the answer says why.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the decision may be recorded all the same.</param>
    /// <exception cref="StetException">The question cannot be read: <c>invalid_request</c>.</exception>
    public Task<Written<Decision>> EvaluateAsync(
        Evaluation question, bool explain = false, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, questions.At("evaluation"), Bytes(Questions.Body(question, explain), connection.Json.EvaluationBody),
            answer =>
            {
                var decision = Connection.Parse(answer, connection.Json.Decision);
                return decision with { EvaluationId = Guid.TryParse(answer.Header("Stet-Evaluation-Id"), out var id) ? id : null };
            },
            options, cancel);

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
        WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, this.questions.At("evaluations"),
            Bytes(Questions.Body(questions, semantic, explain), connection.Json.EvaluationsBody), this.questions.Decisions, options, cancel);

    /// <summary>The subjects of a type that would be allowed to do this with the resource, by their ids.</summary>
    /// <param name="subjectType">Such as <c>identity</c>.</param>
    /// <param name="action">What.</param>
    /// <param name="resource">With what.</param>
    /// <param name="context">Under which circumstances.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<Entity> SubjectsAsync(
        string subjectType, AccessAction action, Entity resource, JsonObject? context = null, CancellationToken cancel = default) =>
        questions.SubjectsAsync(subjectType, action, resource, context, cancel);

    /// <summary>The resources of a type with which the subject would be allowed to do this, by their ids.</summary>
    /// <param name="subject">Who.</param>
    /// <param name="action">What.</param>
    /// <param name="resourceType">Such as <c>tool</c>.</param>
    /// <param name="context">Under which circumstances.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<Entity> ResourcesAsync(
        Entity subject, AccessAction action, string resourceType, JsonObject? context = null, CancellationToken cancel = default) =>
        questions.ResourcesAsync(subject, action, resourceType, context, cancel);

    /// <summary>What the subject would be allowed to do with the resource: names of actions.</summary>
    /// <param name="subject">Who.</param>
    /// <param name="resource">With what.</param>
    /// <param name="context">Under which circumstances.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<string> ActionsAsync(
        Entity subject, Entity resource, JsonObject? context = null, CancellationToken cancel = default) =>
        questions.ActionsAsync(subject, resource, context, cancel);

    /// <summary>Asks people to allow what was denied. Only the enforcement point that was denied can.</summary>
    /// <param name="denied">The very question.</param>
    /// <param name="denial">Its answer; see <see cref="Decision.IsRequestable"/>.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the request may be recorded all the same.</param>
    /// <exception cref="ArgumentException">The denial offers no request.</exception>
    /// <exception cref="StetException">
    /// <c>invalid_denial_binding</c>: another question was denied; <c>denial_expired</c>: too long ago;
    /// <c>denial_not_requestable</c>: nobody can allow it; <c>access_request_off</c>: nobody takes requests.
    /// </exception>
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

    /// <summary>The decision point as it was: it answers about the past, and nothing is recorded.</summary>
    /// <param name="position">Of an event of the tenant's log, from 1.</param>
    /// <param name="pep">The enforcement point that is answered, by the subject of its credential; null: who asks.</param>
    public PastDecisionsClient AsOf(long position, string? pep = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, 1);
        return new PastDecisionsClient(connection, position, pep);
    }

    /// <summary>Says how an enforcement point is answered; repeating it changes nothing. Takes the scope <c>policy:admin</c>.</summary>
    /// <param name="pepId">The subject of its credential: 1 to 255 characters, no control character.</param>
    /// <param name="settings">All of it: what is left out has its default.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>too_many_peps</c>, <c>invalid_request</c>.</exception>
    public Task<Written<RegisteredPep>> RegisterAsync(
        string pepId, PepSettings settings, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, Target.Of(Peps, pepId), settings, connection.Json.PepSettings, connection.Json.RegisteredPep, options, cancel);

    /// <summary>How an enforcement point is answered. Takes the scope <c>policy:read</c>.</summary>
    /// <exception cref="StetException"><c>pep_not_found</c>: it is answered by the defaults.</exception>
    public Task<Reading<RegisteredPep>> RegistrationAsync(
        string pepId, Reading<RegisteredPep>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Target.Of(Peps, pepId), connection.Json.RegisteredPep, known, cancel);

    /// <summary>How enforcement points are answered: all that are registered. Takes the scope <c>policy:read</c>.</summary>
    public Task<Reading<RegisteredPeps>> RegistrationsAsync(
        Reading<RegisteredPeps>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Peps), connection.Json.RegisteredPeps, known, cancel);

    static ReadOnlyMemory<byte> Bytes<T>(T body, JsonTypeInfo<T> shape) => JsonSerializer.SerializeToUtf8Bytes(body, shape);
}
