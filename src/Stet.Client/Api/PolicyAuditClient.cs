namespace Stet.Client.Api;

/// <summary>
/// Recorded decisions: which there are, why, and whether they come out the same today. Reading takes the scope
/// <c>policy:read</c>, comparing and auditing <c>policy:audit</c>, making tests <c>policy:author</c>.
/// </summary>
/// <remarks>What the answer would have been at a position: <see cref="DecisionsClient.AsOf"/>.</remarks>
public sealed class PolicyAuditClient
{
    const string Decisions = "v1/policy/decisions";
    const string Audit = "v1/policy/audit";

    readonly Connection connection;

    internal PolicyAuditClient(Connection connection) => this.connection = connection;

    /// <summary>All recorded decisions that a query asks for, newest first.</summary>
    public IAsyncEnumerable<RecordedDecision> DecisionsAsync(DecisionsQuery? query = null, CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => DecisionsPageAsync(query, cursor, cancel: token), static page => (page.Decisions, page.NextCursor), cancel);

    /// <summary>One page of recorded decisions: by class or policy it looks at 10,000, and may find none of them.</summary>
    /// <param name="query">Which; null: all.</param>
    /// <param name="cursor">Where the page before ended; null: from the newest.</param>
    /// <param name="limit">1 to 500; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<RecordedDecisions>> DecisionsPageAsync(
        DecisionsQuery? query = null, string? cursor = null, int? limit = null, Reading<RecordedDecisions>? known = null,
        CancellationToken cancel = default)
    {
        var target = new Target(Decisions)
            .With("subject_type", query?.Subject?.Type).With("subject_id", query?.Subject?.Id)
            .With("class", query?.Class switch
            {
                DecisionClass.Allow => "allow",
                DecisionClass.Forbidden => "forbidden",
                DecisionClass.NotPermitted => "not_permitted",
                DecisionClass.Error => "error",
                _ => null,
            })
            .With("policy", query?.Policy).Page(cursor, limit);
        return connection.ReadAsync(target, connection.Json.RecordedDecisions, known, cancel);
    }

    /// <summary>A recorded decision, with all that determined it.</summary>
    /// <param name="evaluationId">Of <see cref="Decision.EvaluationId"/>.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>decision_not_found</c>.</exception>
    public Task<Reading<RecordedDecision>> DecisionAsync(
        Guid evaluationId, Reading<RecordedDecision>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target($"{Decisions}/{evaluationId:D}"), connection.Json.RecordedDecision, known, cancel);

    /// <summary>Makes a test of a recorded decision, which stands by itself. Drafting a candidate that holds it records it.</summary>
    /// <param name="evaluationId">Of <see cref="Decision.EvaluationId"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException">
    /// <c>decision_not_found</c>, <c>decision_unreadable</c>, <c>promotion_too_large</c>, <c>promotion_without_policies</c>,
    /// <c>promotion_without_question</c>.
    /// </exception>
    public async Task<Reading<PromotedDecision>> PromoteAsync(Guid evaluationId, CancellationToken cancel = default)
    {
        var promoted = await connection.WriteAsync(
            HttpMethod.Post, new Target($"{Decisions}/{evaluationId:D}/promotion"), connection.Json.PromotedDecision, options: null, cancel);
        return new Reading<PromotedDecision>(promoted.Value, promoted.Position, ETag: null);
    }

    /// <summary>What changed the answer to a question between two positions, and which events did.</summary>
    /// <param name="question">The question.</param>
    /// <param name="from">A position of the log, from 1.</param>
    /// <param name="to">A later one.</param>
    /// <param name="pep">The enforcement point that is answered, by the subject of its credential; null: who asks.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException">
    /// <c>position_unknown</c>, <c>too_many_events</c>: more than 10,000 lie between; <c>invalid_request</c>.
    /// </exception>
    public Task<Reading<DecisionChanges>> ChangesAsync(
        Evaluation question, long from, long to, string? pep = null, CancellationToken cancel = default) =>
        connection.AskAsync(
            new Target("v1/policy/changes"), new ChangesBody(from, to, Questions.Body(question, explain: false), pep),
            connection.Json.ChangesBody, answer => Connection.Parse(answer, connection.Json.DecisionChanges), cancel);

    /// <summary>How far the service has come in evaluating recorded decisions again, and what it found.</summary>
    public Task<Reading<DecisionAudit>> AuditAsync(Reading<DecisionAudit>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Audit), connection.Json.DecisionAudit, known, cancel);

    /// <summary>Evaluates recorded decisions again, up to the log's end. Sent again, it is another audit.</summary>
    /// <param name="from">
    /// First position to look at, from 1, which begins anew; a later one is a run of its own. Null: goes on where the audit is.
    /// </param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">
    /// Ends the wait, and the audit. The answer comes when it is done: <see cref="HttpClient.Timeout"/> has to allow it.
    /// </param>
    /// <exception cref="StetException"><c>audit_running</c>: another one is under way; <c>invalid_request</c>.</exception>
    public Task<Written<DecisionAudit>> RunAuditAsync(
        long? from = null, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target(Audit), new AuditBody(from), connection.Json.AuditBody, connection.Json.DecisionAudit, options,
            cancel);
}
