using System.Text.Json.Nodes;

namespace Stet.Client.Api;

/// <summary>
/// Asks what the answer would have been at a position of the log, by the policies, entities, approvals and registration of
/// then. Nothing is recorded. Takes the scope <c>policy:audit</c>.
/// </summary>
public sealed class PastDecisionsClient
{
    readonly Connection connection;
    readonly Questions questions;

    internal PastDecisionsClient(Connection connection, long position, string? pep) =>
        (this.connection, questions) = (connection, new Questions(connection, position, pep));

    /// <summary>Answers one question.</summary>
    /// <param name="question">Could the subject have done this with the resource?</param>
    /// <param name="explain">Whether the answer says why.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>A decision without an id; <see cref="DecisionContext.AsOf"/> is the position.</returns>
    /// <exception cref="StetException"><c>position_unknown</c>, <c>invalid_request</c>.</exception>
    public Task<Reading<Decision>> EvaluateAsync(Evaluation question, bool explain = false, CancellationToken cancel = default) =>
        connection.AskAsync(
            questions.At("evaluation"), Questions.Body(question, explain), connection.Json.EvaluationBody,
            answer => Connection.Parse(answer, connection.Json.Decision), cancel);

    /// <summary>Answers up to 1,000 questions.</summary>
    /// <param name="questions">At least one. One that cannot be read is denied, with an error.</param>
    /// <param name="semantic">Whether the batch ends with the first no, or the first yes.</param>
    /// <param name="explain">Whether the answers say why.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>In the order of the questions, up to the one that ended the batch.</returns>
    /// <exception cref="StetException"><c>position_unknown</c>, <c>invalid_request</c>.</exception>
    public Task<Reading<IReadOnlyList<Decision>>> EvaluateManyAsync(
        IReadOnlyList<Evaluation> questions, BatchSemantic semantic = BatchSemantic.ExecuteAll, bool explain = false,
        CancellationToken cancel = default) =>
        connection.AskAsync(
            this.questions.At("evaluations"), Questions.Body(questions, semantic, explain), connection.Json.EvaluationsBody,
            this.questions.Decisions, cancel);

    /// <inheritdoc cref="DecisionsClient.SubjectsAsync"/>
    public IAsyncEnumerable<Entity> SubjectsAsync(
        string subjectType, AccessAction action, Entity resource, JsonObject? context = null, CancellationToken cancel = default) =>
        questions.SubjectsAsync(subjectType, action, resource, context, cancel);

    /// <inheritdoc cref="DecisionsClient.ResourcesAsync"/>
    public IAsyncEnumerable<Entity> ResourcesAsync(
        Entity subject, AccessAction action, string resourceType, JsonObject? context = null, CancellationToken cancel = default) =>
        questions.ResourcesAsync(subject, action, resourceType, context, cancel);

    /// <inheritdoc cref="DecisionsClient.ActionsAsync"/>
    public IAsyncEnumerable<string> ActionsAsync(
        Entity subject, Entity resource, JsonObject? context = null, CancellationToken cancel = default) =>
        questions.ActionsAsync(subject, resource, context, cancel);
}
