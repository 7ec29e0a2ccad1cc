namespace Stet.Client.Api;

/// <summary>
/// What people decide about denials that can be lifted: enforcement points ask with
/// <see cref="DecisionsClient.RequestAccessAsync"/>. Takes the scope <c>policy:approve</c>.
/// </summary>
public sealed class AccessRequestsClient
{
    const string Path = "v1/policy/access-requests";

    readonly Connection connection;

    internal AccessRequestsClient(Connection connection) => this.connection = connection;

    /// <summary>The access requests that wait for somebody, or all; the newest first.</summary>
    /// <param name="includeClosed">Whether to list those, too, that nobody can decide about any more.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<AccessRequest> ListAsync(bool includeClosed = false, CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => ListPageAsync(includeClosed, cursor, cancel: token),
            static page => (page.Requests, page.NextCursor), cancel);

    /// <summary>One page of the access requests.</summary>
    /// <param name="includeClosed">Whether to list those, too, that nobody can decide about any more.</param>
    /// <param name="cursor">Where the page before ended; null: from the newest.</param>
    /// <param name="limit">1 to 500; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<AccessRequestList>> ListPageAsync(
        bool includeClosed = false, string? cursor = null, int? limit = null, Reading<AccessRequestList>? known = null,
        CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target(Path).With("state", includeClosed ? "all" : null).Page(cursor, limit), connection.Json.AccessRequestList, known,
            cancel);

    /// <summary>One access request.</summary>
    /// <exception cref="StetException"><c>access_request_not_found</c>.</exception>
    public Task<Reading<AccessRequest>> FindAsync(
        Guid id, Reading<AccessRequest>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Of(id), connection.Json.AccessRequest, known, cancel);

    /// <summary>Allows what was denied for a while: the very question, and no other.</summary>
    /// <param name="id">Of <see cref="AccessRequest.Id"/>.</param>
    /// <param name="note">Why, at most 500 characters; null: nothing is said.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the approval may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>access_approval_by_requester</c>: the caller is the subject or the enforcement point; <c>access_request_closed</c>,
    /// <c>access_request_not_found</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<AccessRequest>> ApproveAsync(
        Guid id, string? note = null, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(id, "/approval"), new AccessNote(note), connection.Json.AccessNote, connection.Json.AccessRequest,
            options, cancel);

    /// <summary>Leaves it denied, for good.</summary>
    /// <param name="id">Of <see cref="AccessRequest.Id"/>.</param>
    /// <param name="reason">1 to 500 characters.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; the denial may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>access_approval_by_requester</c>, <c>access_request_closed</c>, <c>access_request_not_found</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<AccessRequest>> DenyAsync(
        Guid id, string reason, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(id, "/denial"), new AccessReason(reason), connection.Json.AccessReason, connection.Json.AccessRequest,
            options, cancel);

    /// <summary>Takes an approval back: the next decision does not count on it.</summary>
    /// <param name="id">Of <see cref="AccessRequest.Id"/>.</param>
    /// <param name="reason">1 to 500 characters.</param>
    /// <param name="options">A receipt, for one.</param>
    /// <param name="cancel">Ends the wait; it may be recorded all the same.</param>
    /// <exception cref="StetException">
    /// <c>access_request_not_approved</c>, <c>access_request_not_found</c>, <c>invalid_request</c>.
    /// </exception>
    public Task<Written<AccessRequest>> RevokeAsync(
        Guid id, string reason, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, Of(id, "/revocation"), new AccessReason(reason), connection.Json.AccessReason,
            connection.Json.AccessRequest, options, cancel);

    static Target Of(Guid id, string after = "") => new($"{Path}/{id:D}{after}");
}
