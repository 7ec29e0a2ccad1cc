using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Corrections;

/// <summary>Whether a correction stands.</summary>
public enum CorrectionStatus
{
    /// <summary>It stands.</summary>
    Active,

    /// <summary>Another took its place.</summary>
    Superseded,

    /// <summary>It was taken back.</summary>
    Revoked,
}

/// <summary>One correction with its place in the chain of its field.</summary>
/// <param name="CorrectionId">Its id.</param>
/// <param name="Subject">Whose field.</param>
/// <param name="FieldKey">Dotted path within the subject.</param>
/// <param name="Value">Canonical JSON.</param>
/// <param name="Class">FACT or DISCARDABLE.</param>
/// <param name="Status">ACTIVE, SUPERSEDED or REVOKED.</param>
/// <param name="Supersedes">The one whose place it took, of those that the requester may read; null when there is none.</param>
/// <param name="SupersededBy">The one that took its place, of those that the requester may read; null while there is none.</param>
/// <param name="RevocationReason">Why it was taken back; null when it was not.</param>
/// <param name="RevocationNote">The same in the words of who took it back; null when it was not, or nothing was said.</param>
/// <param name="RevokedBy">Who took it back; null when it was not.</param>
/// <param name="Actor">Who said so.</param>
/// <param name="Reason">Why, in the actor's words.</param>
/// <param name="EffectiveFrom">In effect from here on; null: at once.</param>
/// <param name="EffectiveTo">No longer in effect from here on; null: for good.</param>
/// <param name="CreatedAt">When it was recorded.</param>
/// <param name="EndedAt">When it stopped standing; null while it stands.</param>
/// <param name="Position">Its position in the tenant's log.</param>
public sealed record HistoricalCorrection(
    CorrectionId CorrectionId, Subject Subject, string FieldKey, FieldValue Value, CorrectionClass Class,
    CorrectionStatus Status, CorrectionId? Supersedes, CorrectionId? SupersededBy, RevocationReason? RevocationReason,
    string? RevocationNote, Actor? RevokedBy, Actor Actor, string? Reason, DateTimeOffset? EffectiveFrom,
    DateTimeOffset? EffectiveTo, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt, long Position)
{
    // A requester reads a correction if its own permissions and those of the field's newest correction say so. What else
    // was recorded about the field is left out as if it had never been: the neighbours are the nearest that may be read.
    static string Visible(string which) => $"""
        select c.correction_id, c.subject_type, c.subject_id, c.field_key, c.value, c.class, c.status,
            case when p.status <> 'REVOKED' then p.correction_id end,
            case when c.status = 'SUPERSEDED' then n.correction_id end,
            c.revocation_reason, c.actor_type, c.actor_id, c.reason, c.effective_from, c.effective_to, c.recorded_at,
            case when c.status = 'SUPERSEDED' then n.recorded_at else c.ended_at end, c.position,
            c.revocation_note, c.revoked_by_type, c.revoked_by_id
        from (
            select c.* from stet.corrections c
            {Requester.MayReadNewest}
            where c.tenant_id = $1 and {Requester.MayRead("c")} and {which}) c
        left join lateral (
            select p.correction_id, p.status from stet.corrections p
            where p.tenant_id = $1 and p.subject_type = c.subject_type and p.subject_id = c.subject_id
                and p.field_key = c.field_key and p.position < c.position and {Requester.MayRead("p")}
            order by p.position desc limit 1) p on true
        left join lateral (
            select n.correction_id, n.recorded_at from stet.corrections n
            where n.tenant_id = $1 and n.subject_type = c.subject_type and n.subject_id = c.subject_id
                and n.field_key = c.field_key and n.position > c.position and {Requester.MayRead("n")}
            order by n.position limit 1) n on c.status = 'SUPERSEDED'
        order by c.position desc
        """;

    static readonly string One = Visible("c.correction_id = $4");

    static readonly string Page = Visible("""
        c.subject_type = $4 and c.subject_id = $5 and ($6::varchar is null or c.field_key = $6)
            and ($7 or c.status <> 'REVOKED') and c.position < $8
        order by c.position desc limit $9
        """);

    /// <summary>One correction, or null when there is none that the requester may read.</summary>
    public static Task<(HistoricalCorrection? Correction, long Position)> FindAsync(
        Store store, string tenantId, CorrectionId id, Requester requester, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId, One, requester.Parameters(tenantId, Scalar(id.Value)),
            async (reader, position, token) => (await reader.ReadAsync(token) ? Read(reader) : null, position), cancel);

    /// <summary>The corrections of a subject, newest first, from before a position.</summary>
    public static Task<(List<HistoricalCorrection> Page, long Position)> ListAsync(
        Store store, string tenantId, Subject subject, Requester requester, string? fieldKey, bool includeRevoked,
        long? before, int limit, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId, Page,
            requester.Parameters(
                tenantId, Scalar(subject.Type), Scalar(subject.Id), Optional(fieldKey), Scalar(includeRevoked),
                Scalar(before ?? long.MaxValue), Scalar(limit)),
            async (reader, position, token) =>
            {
                var page = new List<HistoricalCorrection>();
                while (await reader.ReadAsync(token)) page.Add(Read(reader));
                return (page, position);
            },
            cancel);

    static HistoricalCorrection Read(NpgsqlDataReader row) => new(
        new CorrectionId(row.GetGuid(0)), new Subject(row.GetString(1), row.GetString(2)), row.GetString(3),
        FieldValue.FromCanonical(row.GetString(4)), EnumWords<CorrectionClass>.Capitals.Read(row.GetString(5)),
        EnumWords<CorrectionStatus>.Capitals.Read(row.GetString(6)), Id(row, 7), Id(row, 8),
        row.IsDBNull(9) ? null : EnumWords<RevocationReason>.Capitals.Read(row.GetString(9)),
        Text(row, 18), row.IsDBNull(19) ? null : new Actor(row.GetString(19), row.GetString(20)),
        new Actor(row.GetString(10), row.GetString(11)), Text(row, 12), Time(row, 13), Time(row, 14), Time(row, 15)!.Value,
        Time(row, 16), row.GetInt64(17));

    static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    static CorrectionId? Id(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : new CorrectionId(row.GetGuid(column));

    static DateTimeOffset? Time(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}

/// <summary>The answer to <c>GET /v1/history</c>.</summary>
/// <param name="Subject">Whom or what was asked about.</param>
/// <param name="Corrections">Newest first.</param>
/// <param name="NextCursor">Send it as <c>cursor</c> for the next page; null on the last.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record HistoryAnswer(
    Subject Subject, IReadOnlyList<HistoricalCorrection> Corrections, string? NextCursor, long Position);

public static class HistoryEndpoints
{
    const int DefaultPage = 50;
    const int LargestPage = 500;

    static readonly Cursor cursor = new("history");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/history", List).WithSummary("The corrections of a subject, newest first")
            .RequirePermission(Scopes.FactsRead).Produces<HistoryAnswer>().Produces(304)
            .WithQuery(
                [.. FactsQuery.SubjectParameters, .. Requester.QueryParameters,
                ("field_key", "Only this field", false), QueryParameter.Flag("include_revoked", "true: revoked ones, too"),
                QueryParameter.Cursor,
                QueryParameter.Limit(LargestPage, DefaultPage),
                MinPosition.Parameter]);
        routes.MapGet("/v1/corrections/{correction_id}", Get).WithSummary("One correction with its place in the chain")
            .RequirePermission(Scopes.FactsRead).Produces<HistoricalCorrection>().Produces(304).ProducesProblem(404)
            .WithQuery([.. Requester.QueryParameters, MinPosition.Parameter]);
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store)
    {
        var query = new RequestQuery(http.Request.Query);
        var subject = new Subject(query.Text("subject_type"), query.Text("subject_id"));
        var limit = (int)(query.Number("limit", 1, LargestPage) ?? DefaultPage);
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (page, position) = await HistoricalCorrection.ListAsync(
            store, caller.TenantId, subject, Requester.From(query), query.Optional("field_key"), query.Flag("include_revoked"),
            cursor.Read(query.Optional("cursor")), limit + 1, http.RequestAborted);

        var next = Cursor.Next(page, limit, row => cursor.Of(row.Position));

        var answer = new HistoryAnswer(subject, page, next, position);
        return JsonAnswer.Read(answer, CorrectionsHttpJson.Default.HistoryAnswer, position);
    }

    static async Task<IResult> Get(string correction_id, HttpContext http, Caller caller, Store store)
    {
        var requester = Requester.From(new RequestQuery(http.Request.Query));
        await MinPosition.WaitAsync(http, caller.TenantId);
        if (!CorrectionId.TryParse(correction_id, out var id)) return Problems.Answer(CorrectionProblems.NotFound);

        var (correction, position) = await HistoricalCorrection.FindAsync(store, caller.TenantId, id, requester, http.RequestAborted);
        return correction is null
            ? Problems.Answer(CorrectionProblems.NotFound)
            : JsonAnswer.Read(correction, CorrectionsHttpJson.Default.HistoricalCorrection, position);
    }
}
