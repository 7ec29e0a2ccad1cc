using System.Net;

namespace Stet.Client.Api;

/// <summary>
/// Summaries of computations. Submitting takes a signature, or the scope <c>pcs:submit</c>; reading takes
/// <c>pcs:read</c>, resolving <c>pcs:resolve</c>, keys and settings <c>pcs:admin</c>.
/// </summary>
public sealed class PcsClient
{
    const string Path = "v1/pcs";
    const string Keys = $"{Path}/keys";
    const string Policy = $"{Path}/signature-policy";
    const string Parameters = $"{Path}/parameters";

    readonly Connection connection;

    internal PcsClient(Connection connection) => this.connection = connection;

    /// <summary>Submits a signed document; the same content again gets the first answer.</summary>
    /// <param name="document">The exact bytes, which is what was signed: <c>PcsDocument.ToJson()</c>.</param>
    /// <param name="options">A receipt, for one. The document's identity is its idempotency key.</param>
    /// <param name="cancel">Ends the wait; the document may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>signature_invalid</c>, <c>pcs_equivocation</c> and the other codes of the verifier. An escalation is no refusal.
    /// </exception>
    public Task<Written<SubmissionVerdict>> SubmitAsync(
        ReadOnlyMemory<byte> document, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target($"{Path}/submit"), document, connection.Json.SubmissionVerdict, options, cancel);

    /// <summary>The recordings of one document, the newest hundred of them.</summary>
    /// <exception cref="StetException"><c>pcs_not_found</c>.</exception>
    public Task<Reading<SubmissionsOfId>> FindAsync(
        string pcsId, Reading<SubmissionsOfId>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Target.Of(Path, pcsId), connection.Json.SubmissionsOfId, known, cancel);

    /// <summary>How far a shard has come.</summary>
    /// <exception cref="StetException"><c>pcs_shard_not_found</c>.</exception>
    public Task<Reading<ShardProgress>> LatestAsync(
        string shardId, Reading<ShardProgress>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target($"{Path}/latest").With("shard_id", shardId), connection.Json.ShardProgress, known, cancel);

    /// <summary>All recorded documents that a query asks for.</summary>
    public IAsyncEnumerable<RecordedSubmission> ListAsync(SubmissionsQuery? query = null, CancellationToken cancel = default) =>
        Connection.EnumerateAsync((cursor, token) => ListPageAsync(query, cursor, cancel: token), Rows, cancel);

    /// <summary>One page of recorded documents.</summary>
    /// <param name="query">Which; null: all.</param>
    /// <param name="cursor">Where the page before ended; null: from the start.</param>
    /// <param name="limit">1 to 200; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<Submissions>> ListPageAsync(
        SubmissionsQuery? query = null, string? cursor = null, int? limit = null, Reading<Submissions>? known = null,
        CancellationToken cancel = default)
    {
        var isOne = query?.EpochFrom is not null && query.EpochFrom == query.EpochTo;
        var target = new Target(Path).With("shard_id", query?.ShardId)
            .With("epoch", isOne ? query!.EpochFrom : null)
            .With("epoch_from", isOne ? null : query?.EpochFrom).With("epoch_to", isOne ? null : query?.EpochTo)
            .With("outcome", query?.Outcome switch
            {
                SubmissionOutcome.Accepted => "ACCEPTED",
                SubmissionOutcome.Escalated => "ESCALATED",
                _ => null,
            })
            .Page(cursor, limit);
        return connection.ReadAsync(target, connection.Json.Submissions, known, cancel);
    }

    /// <summary>All documents that somebody has to look at, or has looked at, oldest first.</summary>
    public IAsyncEnumerable<RecordedSubmission> EscalationsAsync(
        EscalationState state = EscalationState.Open, CancellationToken cancel = default) =>
        Connection.EnumerateAsync((cursor, token) => EscalationsPageAsync(state, cursor, cancel: token), Rows, cancel);

    /// <summary>One page of the documents that somebody has to look at, or has looked at.</summary>
    /// <param name="state">Which.</param>
    /// <param name="cursor">Where the page before ended; null: from the start.</param>
    /// <param name="limit">1 to 200; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<Submissions>> EscalationsPageAsync(
        EscalationState state = EscalationState.Open, string? cursor = null, int? limit = null,
        Reading<Submissions>? known = null, CancellationToken cancel = default)
    {
        var word = state switch
        {
            EscalationState.Resolved => "resolved",
            EscalationState.All => "all",
            _ => "open",
        };
        return connection.ReadAsync(
            new Target($"{Path}/escalations").With("state", word).Page(cursor, limit), connection.Json.Submissions, known, cancel);
    }

    /// <summary>
    /// Resolves an escalation: once, for the other way is refused, and the same way again is answered with what the first one
    /// said. The verdict stays as it is.
    /// </summary>
    /// <param name="pcsId">Which document.</param>
    /// <param name="resolution">Which way.</param>
    /// <param name="comment">Why, at most 2,000 characters.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>pcs_not_found</c>, <c>pcs_not_escalated</c>, <c>pcs_resolved_otherwise</c>, <c>idempotency_conflict</c>.</exception>
    public Task<Written<Resolution>> ResolveAsync(
        string pcsId, ResolutionKind resolution, string? comment = null, WriteOptions? options = null,
        CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Target.Of(Path, pcsId, "/resolve"), new NewResolution(resolution, comment),
            connection.Json.NewResolution, connection.Json.Resolution, options, cancel, first: HttpStatusCode.Created);

    /// <summary>All contradictions, oldest first.</summary>
    public IAsyncEnumerable<Equivocation> EquivocationsAsync(CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => EquivocationsPageAsync(cursor, cancel: token), static page => (page.Rows, page.NextCursor), cancel);

    /// <summary>One page of the contradictions.</summary>
    /// <param name="cursor">Where the page before ended; null: from the start.</param>
    /// <param name="limit">1 to 200; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<Equivocations>> EquivocationsPageAsync(
        string? cursor = null, int? limit = null, Reading<Equivocations>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target($"{Path}/equivocations").Page(cursor, limit), connection.Json.Equivocations, known, cancel);

    /// <summary>All documents that came again, the newest recorded first.</summary>
    public IAsyncEnumerable<Duplicate> DuplicatesAsync(CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => DuplicatesPageAsync(cursor, cancel: token), static page => (page.Rows, page.NextCursor), cancel);

    /// <summary>One page of the documents that came again.</summary>
    /// <param name="cursor">Where the page before ended; null: from the newest.</param>
    /// <param name="limit">1 to 200; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<Duplicates>> DuplicatesPageAsync(
        string? cursor = null, int? limit = null, Reading<Duplicates>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target($"{Path}/duplicates").Page(cursor, limit), connection.Json.Duplicates, known, cancel);

    /// <summary>How submissions went: counts and ratios.</summary>
    public Task<Reading<SubmissionSummary>> SummaryAsync(
        Reading<SubmissionSummary>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target($"{Path}/summary"), connection.Json.SubmissionSummary, known, cancel);

    /// <summary>Registers a key; repeating it changes nothing, other times change when it is valid.</summary>
    /// <exception cref="StetException"><c>pcs_key_taken</c>, <c>pcs_keys_valid</c>, <c>pcs_keys_full</c>, <c>invalid_request</c>.</exception>
    public Task<Written<SigningKey>> RegisterKeyAsync(
        string kid, NewSigningKey key, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, Target.Of(Keys, kid), key, connection.Json.NewSigningKey, connection.Json.SigningKey, options, cancel);

    /// <summary>Revokes a key: it verifies nothing from then on; its name stays taken, verdicts stay as they are.</summary>
    /// <exception cref="StetException"><c>pcs_key_not_found</c>.</exception>
    public Task<Written<SigningKey>> RevokeKeyAsync(string kid, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Delete, Target.Of(Keys, kid), connection.Json.SigningKey, options, cancel);

    /// <summary>One key.</summary>
    /// <exception cref="StetException"><c>pcs_key_not_found</c>.</exception>
    public Task<Reading<SigningKey>> KeyAsync(string kid, Reading<SigningKey>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Target.Of(Keys, kid), connection.Json.SigningKey, known, cancel);

    /// <summary>All keys, revoked ones included.</summary>
    public Task<Reading<SigningKeys>> KeysAsync(Reading<SigningKeys>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Keys), connection.Json.SigningKeys, known, cancel);

    /// <summary>Whether documents of 0.1 have to be signed.</summary>
    public Task<Reading<SignaturePolicyInForce>> SignaturePolicyAsync(
        Reading<SignaturePolicyInForce>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Policy), connection.Json.SignaturePolicyInForce, known, cancel);

    /// <summary>Sets whether documents of 0.1 have to be signed.</summary>
    public Task<Written<SignaturePolicyInForce>> SetSignaturePolicyAsync(
        SignaturePolicy policy, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, new Target(Policy), new NewSignaturePolicy(policy), connection.Json.NewSignaturePolicy,
            connection.Json.SignaturePolicyInForce, options, cancel);

    /// <summary>How documents are assessed.</summary>
    public Task<Reading<ParametersInForce>> ParametersAsync(
        Reading<ParametersInForce>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Parameters), connection.Json.ParametersInForce, known, cancel);

    /// <summary>Sets how documents are assessed from then on: all parameters at once.</summary>
    /// <exception cref="StetException"><c>invalid_request</c>.</exception>
    public Task<Written<ParametersInForce>> SetParametersAsync(
        SubmissionParameters parameters, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, new Target(Parameters), parameters, connection.Json.SubmissionParameters,
            connection.Json.ParametersInForce, options, cancel);

    static (IReadOnlyList<RecordedSubmission> Rows, string? Next) Rows(Submissions page) => (page.Rows, page.NextCursor);
}
