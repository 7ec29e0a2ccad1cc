using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Npgsql;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Pcs.Service;

/// <summary>A recorded document and its verdict.</summary>
/// <param name="PcsId">The document's identity.</param>
/// <param name="ShardId">Whose events.</param>
/// <param name="Epoch">Which stretch of them.</param>
/// <param name="Outcome"><c>ACCEPTED</c> or <c>ESCALATED</c>; a resolution never changes it.</param>
/// <param name="Reasons">What was found, in the order of the checks.</param>
/// <param name="RecomputedDHat">D̂ out of the document's own counts.</param>
/// <param name="RecomputedBudget">Budget out of the claimed D̂, coh★ and r.</param>
/// <param name="ContentDigest">SHA-256 of what it says apart from delivery and signature, 64 hexadecimal digits.</param>
/// <param name="BodyHash">SHA-256 of the body that was received, 64 hexadecimal digits.</param>
/// <param name="Dialect">How it was signed; <c>none</c>: it was not.</param>
/// <param name="Kid">The key that verified it; null for dialect <c>none</c>.</param>
/// <param name="ParameterVersion">Which of the tenant's parameters were in force; 0: the defaults.</param>
/// <param name="ReceivedAt">By the server's clock.</param>
/// <param name="Position">The event's position in the log.</param>
/// <param name="Document">The document, every known member of it.</param>
/// <param name="Resolution">How its escalation was resolved; null: it was not.</param>
sealed record RecordedSubmission(
    string PcsId, string ShardId, long Epoch, [property: AllowedValues("ACCEPTED", "ESCALATED")] string Outcome, IReadOnlyList<FindingAnswer> Reasons,
    [property: JsonPropertyName("recomputed_D_hat")] double RecomputedDHat, double RecomputedBudget,
    string ContentDigest, string BodyHash, string Dialect, string? Kid, long ParameterVersion, DateTimeOffset ReceivedAt,
    long Position, UnreadJson Document, ResolutionAnswer? Resolution)
{
    /// <summary>The columns of a recorded submission, of rows with a position and an id.</summary>
    /// <param name="rows">A query of <c>position</c>, <c>pcs_id</c> and what it is ordered by, of tenant <c>$1</c>.</param>
    /// <param name="order">The order of its rows.</param>
    /// <param name="more">Further columns, each after a comma.</param>
    public static string Query(string rows, string order, string more = "") => $"""
        select s.position, e.type, e.data, x.resolved_position, r.data{more}
        from ({rows}) s
        cross join lateral (
            select type, data from stet.mt_events where tenant_id = $1 and seq_id = s.position limit 1) e
        left join lateral (
            select resolved_position from stet.pcs_escalation where tenant_id = $1 and pcs_id = s.pcs_id limit 1) x on true
        left join lateral (
            select data from stet.mt_events where tenant_id = $1 and seq_id = x.resolved_position limit 1) r on true
        order by {order}
        """;

    /// <summary>Reads the rows of <see cref="Query"/>.</summary>
    public static async Task<List<RecordedSubmission>> ReadAsync(NpgsqlDataReader row, EventCatalog events, CancellationToken cancel)
    {
        var read = new List<RecordedSubmission>();
        while (await row.ReadAsync(cancel)) read.Add(Read(row, events));
        return read;
    }

    /// <summary>Reads one row of <see cref="Query"/>.</summary>
    public static RecordedSubmission Read(NpgsqlDataReader row, EventCatalog events)
    {
        var resolution = row.IsDBNull(4)
            ? null
            : ResolutionAnswer.Of(
                (PcsEscalationResolved)events.Read("pcs_escalation_resolved", row.GetFieldValue<byte[]>(4)), row.GetInt64(3));
        return events.Read(row.GetString(1), row.GetFieldValue<byte[]>(2)) switch
        {
            PcsAccepted e => Of(e.Submission, SubmissionAnswer.AcceptedOutcome, row.GetInt64(0), null),
            PcsEscalated e => Of(e.Submission, SubmissionAnswer.EscalatedOutcome, row.GetInt64(0), resolution),
            var other => throw new UnreadableEventException($"{other.GetType()} is not what a submission records"),
        };
    }

    static RecordedSubmission Of(Submission s, string outcome, long position, ResolutionAnswer? resolution) => new(
        s.Document.PcsId, s.Document.ShardId, s.Document.Epoch, outcome, FindingAnswer.Of(s.Reasons), s.RecomputedDHat,
        s.RecomputedBudget, s.ContentDigest, s.BodyHash, s.Dialect, s.Kid, s.ParameterVersion, s.ReceivedAt, position,
        new UnreadJson(s.Document.ToJson()), resolution);
}

/// <summary>
/// The newest hundred recordings of one document, oldest first: more than one when it came again long after.
/// </summary>
/// <param name="Submissions">The recordings.</param>
/// <param name="Equivocations">How often the id came with other content.</param>
/// <param name="Redeliveries">How often these came again, and got their first answer.</param>
/// <param name="LastRedeliveredAt">When one did last, by the server's clock; null: none did.</param>
/// <param name="Position">The log position that the answer reflects.</param>
sealed record SubmissionsOfId(
    IReadOnlyList<RecordedSubmission> Submissions, int Equivocations, long Redeliveries, DateTimeOffset? LastRedeliveredAt,
    long Position);

/// <summary>A page of recorded documents.</summary>
sealed record SubmissionsAnswer(IReadOnlyList<RecordedSubmission> Submissions, string? NextCursor, long Position)
{
    /// <summary>The answer out of one row more than the page has.</summary>
    public static SubmissionsAnswer Of(List<RecordedSubmission> rows, int limit, long position, Cursor cursor)
    {
        var next = Cursor.Next(rows, limit, row => cursor.Of(row.Position));
        return new SubmissionsAnswer(rows, next, position);
    }
}
