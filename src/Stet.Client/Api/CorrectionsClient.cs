using System.Net;
using System.Text.Json;

namespace Stet.Client.Api;

/// <summary>Records what people put right. Takes the scope <c>corrections:write</c>; reading takes <c>facts:read</c>.</summary>
public sealed class CorrectionsClient
{
    const string Path = "v1/corrections";

    readonly Connection connection;

    internal CorrectionsClient(Connection connection) => this.connection = connection;

    /// <summary>Puts a value on record, in place of what stands or of exactly the correction that it names.</summary>
    /// <exception cref="StetException"><c>supersedes_not_active</c>, <c>idempotency_conflict</c>, <c>invalid_request</c> ...</exception>
    public Task<Written<CorrectionReceipt>> RecordAsync(
        NewCorrection correction, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(correction);
        if (correction.IdempotencyKey is { } key) options = (options ?? new WriteOptions()) with { IdempotencyKey = options?.IdempotencyKey ?? key };
        return connection.WriteAsync(
            HttpMethod.Post, new Target(Path), correction, connection.Json.NewCorrection, connection.Json.CorrectionReceipt,
            options, cancel, first: HttpStatusCode.Created);
    }

    /// <summary>Puts a value on record in place of exactly one correction, which has to be the one that stands.</summary>
    /// <exception cref="StetException"><c>supersedes_not_active</c>: another stands, or none does.</exception>
    public Task<Written<CorrectionReceipt>> SupersedeAsync(
        Guid standing, NewCorrection correction, WriteOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(correction);
        return RecordAsync(correction with { Supersedes = standing }, options, cancel);
    }

    /// <summary>Records up to 500 corrections: each for itself or, atomic, all or none.</summary>
    /// <returns>How each went: what the service refused is told there, and is no exception.</returns>
    /// <exception cref="StetException">The request as a whole was refused.</exception>
    public Task<Written<CorrectionResults>> RecordManyAsync(
        IReadOnlyList<NewCorrection> corrections, bool atomic = false, WriteOptions? options = null,
        CancellationToken cancel = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new NewCorrections(corrections, atomic), connection.Json.NewCorrections);
        return connection.WriteAsync(
            HttpMethod.Post, new Target($"{Path}/batch"), body, connection.Json.CorrectionResults, options, cancel,
            alsoTakes: HttpStatusCode.Conflict);
    }

    /// <summary>Takes a correction back; nothing stands in its place. The first revocation is the answer ever after.</summary>
    /// <exception cref="StetException"><c>correction_not_found</c>, or <c>correction_not_active</c>: it was superseded.</exception>
    public Task<Written<RevocationReceipt>> RevokeAsync(
        Guid correctionId, Revocation revocation, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target($"{Path}/{correctionId:D}/revoke"), revocation, connection.Json.Revocation,
            connection.Json.RevocationReceipt, options, cancel);

    /// <summary>One correction.</summary>
    /// <exception cref="StetException"><c>correction_not_found</c>: there is none that the requester may read.</exception>
    public Task<Reading<Correction>> FindAsync(
        Guid correctionId, Requester requester, Reading<Correction>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target($"{Path}/{correctionId:D}").Of(requester), connection.Json.Correction, known, cancel);

    /// <summary>All corrections of a subject, newest first; each page shows the log as it is when it is read.</summary>
    public IAsyncEnumerable<Correction> HistoryAsync(HistoryQuery query, CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => HistoryPageAsync(query, cursor, cancel: token), static page => (page.Corrections, page.NextCursor), cancel);

    /// <summary>One page of a subject's corrections, newest first.</summary>
    /// <param name="query">Whose, and which.</param>
    /// <param name="cursor">Where the page before ended; null: from the start.</param>
    /// <param name="limit">1 to 500; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<CorrectionHistory>> HistoryPageAsync(
        HistoryQuery query, string? cursor = null, int? limit = null, Reading<CorrectionHistory>? known = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var target = new Target("v1/history").Of(query.Subject).Of(query.Requester)
            .With("field_key", query.FieldKey).With("include_revoked", query.IncludeRevoked).Page(cursor, limit);
        return connection.ReadAsync(target, connection.Json.CorrectionHistory, known, cancel);
    }

    /// <summary>Which systems enforce a correction. Takes the scope <c>enforcement:read</c>.</summary>
    /// <param name="correctionId">The correction.</param>
    /// <param name="systemId">Only whether this one does; null: all.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>correction_not_found</c>.</exception>
    public Task<Reading<CorrectionEnforcement>> EnforcementAsync(
        Guid correctionId, string? systemId = null, Reading<CorrectionEnforcement>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target($"{Path}/{correctionId:D}/enforcement").With("system_id", systemId), connection.Json.CorrectionEnforcement, known, cancel);
}

static class CorrectionTargets
{
    public static Target Of(this Target target, Subject subject) =>
        target.With("subject_type", subject.Type).With("subject_id", subject.Id);

    public static Target Of(this Target target, Requester requester) =>
        target.With("requester_id", requester.Id).With("requester_scopes", requester.Scopes);
}
