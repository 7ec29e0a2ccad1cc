using Npgsql;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Corrections;

/// <summary>On whose behalf corrections are read.</summary>
/// <param name="Id">What readers and deny lists name.</param>
/// <param name="Scopes">Of which one in common is enough.</param>
public sealed record Requester(string Id, string[] Scopes)
{
    /// <summary>What <see cref="From"/> reads.</summary>
    public static QueryParameter[] QueryParameters { get; } =
    [
        ("requester_id", "On whose behalf", true), QueryParameter.List("requester_scopes", "Scopes of the requester"),
    ];

    public static Requester From(RequestQuery query) =>
        new(query.Text("requester_id"), query.List("requester_scopes") ?? []);

    /// <summary>
    /// The permission rule for rows of a table: the deny list wins, then a reader's name, then a scope in common. It
    /// takes parameters <c>$2</c> (id) and <c>$3</c> (scopes) unless told otherwise; <c>$1</c> is the tenant.
    /// </summary>
    public static string MayRead(string table, string id = "$2", string scopes = "$3::varchar[]") =>
        $"(not {id} = any ({table}.deny_list) and ({id} = any ({table}.readers) or {table}.scopes && {scopes}))";

    /// <summary>
    /// A join of <c>stet.corrections c</c> that lets those through whose field's newest correction the requester may read.
    /// One probe for each: a plain join may read all fields of a subject for each of them.
    /// </summary>
    public static string MayReadNewest { get; } = $"""
        cross join lateral (
            select from stet.facts f
            where f.tenant_id = c.tenant_id and f.subject_type = c.subject_type and f.subject_id = c.subject_id
                and f.field_key = c.field_key and {MayRead("f")}
            offset 0) newest
        """;

    /// <summary>Tenant, requester and whatever else the statement takes, in that order.</summary>
    public NpgsqlParameter[] Parameters(string tenantId, params ReadOnlySpan<NpgsqlParameter> more) =>
        [Scalar(tenantId), Scalar(Id), Scalar(Scopes), .. more];
}
