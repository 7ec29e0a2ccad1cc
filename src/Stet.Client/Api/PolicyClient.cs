using System.Net;

namespace Stet.Client.Api;

/// <summary>
/// The life of policies: what one person drafts, two others approve, and only then it decides. Drafting, validating and
/// comparing take the scope <c>policy:author</c>, approving and rejecting <c>policy:approve</c>, what puts in force or ends
/// <c>policy:activate</c>, naming approvers <c>policy:admin</c>, reading <c>policy:read</c>.
/// </summary>
/// <remarks>A candidate is named by its digest, 64 hexadecimal digits: any edit of it is another candidate.</remarks>
public sealed class PolicyClient
{
    const string Candidates = "v1/policy/candidates";
    const string Approvers = "v1/policy/approvers";

    readonly Connection connection;

    internal PolicyClient(Connection connection) => this.connection = connection;

    /// <summary>Makes somebody's approvals count; repeating it changes nothing.</summary>
    /// <param name="approver">The subject of somebody's credential: 1 to 255 characters, no control character.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>approvers_full</c>, <c>invalid_request</c>.</exception>
    public Task<Written<PolicyApprovers>> NameApproverAsync(
        string approver, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Put, Target.Of(Approvers, approver), connection.Json.PolicyApprovers, options, cancel);

    /// <summary>Makes somebody's approvals count no more, those given before included, until the person is named again.</summary>
    /// <exception cref="StetException"><c>invalid_request</c>.</exception>
    public Task<Written<PolicyApprovers>> RemoveApproverAsync(
        string approver, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Delete, Target.Of(Approvers, approver), connection.Json.PolicyApprovers, options, cancel);

    /// <summary>Whose approvals count.</summary>
    public Task<Reading<PolicyApprovers>> ApproversAsync(
        Reading<PolicyApprovers>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Approvers), connection.Json.PolicyApprovers, known, cancel);

    /// <summary>Drafts a candidate, which is validated and tested at once. One that is not valid is recorded as such.</summary>
    /// <exception cref="StetException">
    /// <c>policy_unreadable</c>, with <c>findings</c> in its <see cref="StetException.Document"/>; <c>candidate_exists</c>,
    /// <c>policy_in_use</c>, <c>candidates_full</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<DraftedCandidate>> DraftAsync(
        NewCandidate candidate, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target(Candidates), candidate, connection.Json.NewCandidate, connection.Json.DraftedCandidate,
            options, cancel, first: HttpStatusCode.Created);

    /// <summary>Validates a candidate again, for after an upgrade of the engine. It needs a new diff then; findings end it.</summary>
    /// <exception cref="StetException"><c>candidate_not_found</c>, <c>candidate_closed</c>.</exception>
    public Task<Written<CandidateSteps>> ValidateAsync(
        string candidate, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(candidate, "/validation"), body: null, connection.Json.CandidateSteps, options, cancel,
            first: HttpStatusCode.Created);

    /// <summary>
    /// Evaluates recorded decisions under what is in force and under the candidate, and puts on record what would change.
    /// Another diff than the newest takes its approvals away.
    /// </summary>
    /// <param name="candidate">Its digest.</param>
    /// <param name="from">First position of the log to look at, from 1; null: 30 days ago, at most 1,000,000 decisions.</param>
    /// <param name="to">Last position; null: the log's end.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">
    /// Ends the wait. The answer comes when it is done, some seconds for a million decisions:
    /// <see cref="HttpClient.Timeout"/> has to allow it.
    /// </param>
    /// <exception cref="StetException">
    /// <c>candidate_not_found</c>, <c>candidate_closed</c>, <c>candidate_not_validated</c>, <c>policy_will_not_load</c>,
    /// <c>diff_too_large</c>, <c>diff_stale</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<PolicyDiff>> DiffAsync(
        string candidate, long? from = null, long? to = null, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(candidate, "/diff"), new DiffRange(from, to), connection.Json.DiffRange, connection.Json.PolicyDiff,
            options, cancel, first: HttpStatusCode.Created);

    /// <summary>How far the diff is that the answering instance makes of a candidate.</summary>
    /// <exception cref="StetException"><c>diff_not_running</c>, <c>candidate_not_found</c>.</exception>
    public Task<Reading<DiffProgress>> DiffProgressAsync(string candidate, CancellationToken cancel = default) =>
        connection.AtLeast(0).ReadAsync(Of(candidate, "/diff"), connection.Json.DiffProgress, known: null, cancel);

    /// <summary>
    /// The report of a diff as a stream, which is the caller's to dispose: lines of canonical JSON (RFC 8785), each ended by
    /// LF. First what was compared and the counts, then each decision that would change. SHA-256 of the whole is the digest.
    /// </summary>
    /// <param name="candidate">Its digest.</param>
    /// <param name="diffDigest">Of <see cref="PolicyDiff.DiffDigest"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>diff_not_found</c>.</exception>
    public Task<Stream> ReportAsync(string candidate, string diffDigest, CancellationToken cancel = default) =>
        connection.StreamAsync(Target.Of(Of(candidate, "/diff").ToString(), diffDigest), cancel);

    /// <summary>Approves a candidate and what its newest diff shows. Two approvers have to, neither the author.</summary>
    /// <param name="shown">What the approver has looked at.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the approval may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>approver_role_missing</c>, <c>approval_by_author</c>; <c>approval_stale</c>: another diff is newer, and named in
    /// <see cref="StetException.Document"/>; <c>approval_repeated</c>, <c>candidate_not_diffed</c>, <c>candidate_not_found</c>,
    /// <c>candidate_closed</c>.
    /// </exception>
    public Task<Written<CandidateSteps>> ApproveAsync(
        ShownDiff shown, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(shown);
        return connection.WriteAsync(
            HttpMethod.Post, Of(shown.Candidate, "/approvals"), new Approval(shown.DiffDigest, shown.Position),
            connection.Json.Approval, connection.Json.CandidateSteps, options, cancel, first: HttpStatusCode.Created);
    }

    /// <summary>Says no to a candidate, which ends it. Any approver can, the author too.</summary>
    /// <param name="candidate">Its digest.</param>
    /// <param name="reason">1 to 2,000 characters.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; it may be recorded all the same.</param>
    /// <exception cref="StetException"><c>approver_role_missing</c>, <c>candidate_not_found</c>, <c>candidate_closed</c>.</exception>
    public Task<Written<CandidateSteps>> RejectAsync(
        string candidate, string reason, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(candidate, "/rejections"), new PolicyReason(reason), connection.Json.PolicyReason,
            connection.Json.CandidateSteps, options, cancel, first: HttpStatusCode.Created);

    /// <summary>Puts in force what was approved. It takes the place of what would come with it or after it, for good.</summary>
    /// <param name="approved">What was approved.</param>
    /// <param name="notBefore">From when on, at most 30 days ahead; null: at once.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the activation may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>approvals_missing</c>, <c>approvals_lapsed</c>, <c>approver_role_lost</c>; <c>diff_stale</c>, with a <c>reason</c> in
    /// <see cref="StetException.Document"/>: make a new diff and have it approved; <c>activation_overtaken</c>: others record
    /// decisions too fast, name a time some seconds ahead; <c>not_before_out_of_range</c>, <c>policy_will_not_load</c>,
    /// <c>candidate_not_diffed</c>, <c>candidate_not_found</c>, <c>candidate_closed</c>.
    /// </exception>
    public Task<Written<CandidateSteps>> ActivateAsync(
        ShownDiff approved, DateTimeOffset? notBefore = null, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(approved);
        return connection.WriteAsync(
            HttpMethod.Post, Of(approved.Candidate, "/activation"), new Activation(approved.DiffDigest, approved.Position, notBefore),
            connection.Json.Activation, connection.Json.CandidateSteps, options, cancel, first: HttpStatusCode.Created);
    }

    /// <summary>Puts back, at once, what was in force within the last 30 days under the same schema. It takes one person.</summary>
    /// <param name="candidate">What is to be in force again.</param>
    /// <param name="reason">1 to 2,000 characters.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; it may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>rollback_not_recent</c>, <c>rollback_retired</c>, <c>rollback_other_schema</c>, <c>no_active_policy</c>,
    /// <c>policy_in_use</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<CandidateSteps>> RollBackAsync(
        string candidate, string reason, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target("v1/policy/rollback"), new Rollback(candidate, reason), connection.Json.Rollback,
            connection.Json.CandidateSteps, options, cancel, first: HttpStatusCode.Created);

    /// <summary>Withdraws what is open or not in force yet; what was replaced cannot be rolled back to any more.</summary>
    /// <param name="candidate">Its digest.</param>
    /// <param name="reason">At most 2,000 characters; null: nothing is said.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; it may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>policy_in_use</c>: it is in force; <c>candidate_not_found</c>, <c>candidate_closed</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<CandidateSteps>> RetireAsync(
        string candidate, string? reason = null, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(candidate, "/retirement"), new PolicyReason(reason), connection.Json.PolicyReason,
            connection.Json.CandidateSteps, options, cancel, first: HttpStatusCode.Created);

    /// <summary>What decides, and what will.</summary>
    public Task<Reading<PoliciesInForce>> InForceAsync(
        Reading<PoliciesInForce>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target("v1/policy/in-force"), connection.Json.PoliciesInForce, known, cancel);

    /// <summary>A candidate with all that happened to it: findings, diffs, approvals.</summary>
    /// <exception cref="StetException"><c>candidate_not_found</c>.</exception>
    public Task<Reading<CandidateHistory>> FindAsync(
        string candidate, Reading<CandidateHistory>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Of(candidate), connection.Json.CandidateHistory, known, cancel);

    /// <summary>The text of a candidate, as it was sent.</summary>
    /// <exception cref="StetException"><c>candidate_not_found</c>.</exception>
    public Task<Reading<CandidateText>> TextAsync(
        string candidate, Reading<CandidateText>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Of(candidate, "/text"), connection.Json.CandidateText, known, cancel);

    /// <summary>All candidates, those drafted last first.</summary>
    public IAsyncEnumerable<CandidateItem> ListAsync(CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => ListPageAsync(cursor, cancel: token), static page => (page.Candidates, page.NextCursor), cancel);

    /// <summary>One page of the candidates.</summary>
    /// <param name="cursor">Where the page before ended; null: from the newest.</param>
    /// <param name="limit">1 to 500; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<CandidateList>> ListPageAsync(
        string? cursor = null, int? limit = null, Reading<CandidateList>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Candidates).Page(cursor, limit), connection.Json.CandidateList, known, cancel);

    static Target Of(string candidate, string after = "") => Target.Of(Candidates, candidate, after);
}
