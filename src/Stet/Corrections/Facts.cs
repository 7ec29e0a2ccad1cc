using System.Text;
using System.Text.Json;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Corrections;

/// <summary>What stands for one field of one subject.</summary>
/// <param name="FieldKey">Dotted path within the subject.</param>
/// <param name="Value">Canonical JSON.</param>
/// <param name="CorrectedAt">When it was recorded.</param>
/// <param name="CorrectionId">The correction that says so.</param>
/// <param name="Actor">Who said so.</param>
public sealed record Fact(string FieldKey, FieldValue Value, DateTimeOffset CorrectedAt, CorrectionId CorrectionId, Actor Actor);

/// <summary>The answer to <c>GET /v1/facts</c>.</summary>
/// <param name="Subject">Whom or what was asked about.</param>
/// <param name="Facts">By field key.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record FactsAnswer(Subject Subject, IReadOnlyList<Fact> Facts, long Position);

/// <summary>Asks what a requester may hold for true about a subject.</summary>
/// <param name="Subject">Whom or what.</param>
/// <param name="Requester">On whose behalf.</param>
/// <param name="FieldKeys">Only these fields; null: all.</param>
/// <param name="Text">Only fields whose key or text values contain this, in any case; null: all.</param>
/// <param name="AsOfPosition">As the facts stood at this position of the log; null: now.</param>
/// <param name="AsOfTime">As the facts stood at this time; null: now.</param>
public sealed record FactsQuery(
    Subject Subject, Requester Requester, string[]? FieldKeys, string? Text, long? AsOfPosition, DateTimeOffset? AsOfTime)
{
    /// <summary>The facts of an answer at most: who needs more asks for fields.</summary>
    const int Most = 10_000;

    /// <summary>The characters of their values at most, of one answer and of those that are read together.</summary>
    const int MostCharacters = 4 << 20, MostTogether = 4 * MostCharacters;

    /// <summary>What names a subject in a query.</summary>
    public static QueryParameter[] SubjectParameters { get; } =
        [("subject_type", "Type of the subject", true), ("subject_id", "Id of the subject", true)];

    /// <summary>What <see cref="From"/> reads.</summary>
    public static QueryParameter[] Parameters { get; } =
    [
        .. SubjectParameters, .. Requester.QueryParameters,
        QueryParameter.List("field_keys", "Only these fields; needed where a subject has more than 10000 facts or 4 MiB of them"),
        ("q", "Only fields whose key or text contains this", false),
        ("as_of", "A position or a time: as the facts stood then", false),
    ];

    // What is asked for most often: all facts of a subject now, and without filters, which cost even where they let all
    // pass. Requests of one moment are one statement; the scopes of each are its stretch of all scopes, $3.
    static readonly SharedQuery<Question, FactsAnswer?> All = new(
        $"""
        select asked.n::int, c.*
        from unnest($2::varchar[], $4::int[], $5::int[], $6::varchar[], $7::varchar[], $8::timestamptz[]) with ordinality
            as asked(requester, first_scope, last_scope, subject_type, subject_id, at, n)
        cross join lateral (
            select {Columns} from stet.facts c
            where c.tenant_id = $1 and c.subject_type = asked.subject_type and c.subject_id = asked.subject_id
                and {Stands("asked.at")}
                and {Requester.MayRead("c", "asked.requester", "($3::varchar[])[asked.first_scope:asked.last_scope]")}
            order by c.field_key limit {Most + 1}) c
        """,
        ParametersOf, AnswersAsync);

    const string Columns = "c.field_key, c.value, c.recorded_at, c.correction_id, c.actor_type, c.actor_id";

    const string IsAmong = "and ($7::varchar[] is null or c.field_key = any ($7))";

    static readonly string Now = $"""
        select {Columns}
        from stet.facts c
        where c.tenant_id = $1 and c.subject_type = $4 and c.subject_id = $5 and {Stands("$6")} and {Requester.MayRead("c")} {IsAmong}
        order by c.field_key limit {Most + 1}
        """;

    // Then's permissions are the row's own, now's are those of the field's newest correction: both have to allow it.
    static readonly string Then = $"""
        with moment as (
            select coalesce($8, (select max(e.position) from stet.corrections e
                    where e.tenant_id = $1 and e.subject_type = $4 and e.subject_id = $5 and e.recorded_at <= $6), 0) as position,
                coalesce($6, (select e.timestamp from stet.mt_events e where e.tenant_id = $1 and e.seq_id = $8)) as at)
        select {Columns}
        from moment m
        join stet.corrections c on c.position <= m.position and (c.ended_position is null
            or case when $8::bigint is null then c.ended_at > m.at else c.ended_position > m.position end)
        {Requester.MayReadNewest}
        where c.tenant_id = $1 and c.subject_type = $4 and c.subject_id = $5 and c.class = 'FACT'
            and (c.effective_from is null or c.effective_from <= m.at) and (c.effective_to is null or c.effective_to > m.at)
            and {Requester.MayRead("c")} {IsAmong}
        order by c.field_key limit {Most + 1}
        """;

    public static FactsQuery From(RequestQuery query)
    {
        var (position, time) = query.PositionOrTime("as_of");
        return new FactsQuery(
            new Subject(query.Text("subject_type"), query.Text("subject_id")), Requester.From(query),
            query.List("field_keys") is not [] and var keys ? keys : throw RequestQuery.Bad("field_keys", "names no field; leave it out to ask for all"),
            query.Optional("q"), position, time);
    }

    /// <exception cref="BadRequestException">
    /// <c>as_of</c> lies ahead of the log or of the clock, or there are too many facts for one answer.
    /// </exception>
    public async Task<FactsAnswer> RunAsync(Store store, string tenantId, DateTimeOffset now, CancellationToken cancel)
    {
        if (AsOfTime > now) throw RequestQuery.Bad("as_of", "lies in the future");

        var isNow = AsOfPosition is null && AsOfTime is null;
        if (isNow && FieldKeys is null && Text is null)
            return Bounded(await store.QueryAsync(All, tenantId, new Question(Subject, Requester, now), cancel));

        var parameters = Requester.Parameters(
            tenantId, Scalar(Subject.Type), Scalar(Subject.Id),
            isNow ? Scalar(now.UtcDateTime) : Optional<DateTime?>(AsOfTime?.UtcDateTime), Optional(FieldKeys));
        if (!isNow) parameters = [.. parameters, Optional<long?>(AsOfPosition)];
        var answer = Bounded(await store.QueryAsync(tenantId, isNow ? Now : Then, parameters, ReadAsync, cancel));
        if (AsOfPosition > answer.Position) throw RequestQuery.Bad("as_of", "is ahead of the log");

        return Text is null ? answer : answer with { Facts = [.. answer.Facts.Where(f => HasText(f, Text))] };
    }

    static FactsAnswer Bounded(FactsAnswer? answer) => answer?.Facts.Count <= Most
        ? answer
        : throw RequestQuery.Bad("field_keys", $"is needed here: the subject has more than {Most} facts, or more than 4 MiB of them");

    static string Stands(string at) => $"""
        c.standing and c.class = 'FACT'
            and (c.effective_from is null or c.effective_from <= {at}) and (c.effective_to is null or c.effective_to > {at})
        """;

    static NpgsqlParameter[] ParametersOf(string tenantId, IReadOnlyList<Question> asked)
    {
        var scopes = new List<string>();
        var (first, last) = (new int[asked.Count], new int[asked.Count]);
        for (var i = 0; i < asked.Count; i++)
        {
            first[i] = scopes.Count + 1;
            scopes.AddRange(asked[i].Requester.Scopes);
            last[i] = scopes.Count;
        }

        return
        [
            Scalar(tenantId), Column(asked, q => q.Requester.Id), Scalar(scopes.ToArray()), Scalar(first), Scalar(last),
            Column(asked, q => q.Subject.Type), Column(asked, q => q.Subject.Id), Column(asked, q => q.Now.UtcDateTime),
        ];
    }

    static async Task<IReadOnlyList<FactsAnswer?>> AnswersAsync(NpgsqlDataReader row, long position, IReadOnlyList<Question> asked)
    {
        var facts = asked.Select(_ => new FactList()).ToArray();
        var together = 0L;
        while (await row.ReadAsync())
        {
            together += facts[row.GetInt32(0) - 1].Add(Read(row, 1));
            if (together > MostTogether) throw new InvalidDataException("they are too many together: each is asked for alone");
        }

        return [.. asked.Select((q, i) => facts[i].Answer(q.Subject, position))];
    }

    async Task<FactsAnswer?> ReadAsync(NpgsqlDataReader row, long position, CancellationToken cancel)
    {
        var facts = new FactList();
        while (await row.ReadAsync(cancel)) facts.Add(Read(row, 0));
        return facts.Answer(Subject, position);
    }

    // Not the database's doing: what it takes for the same letter in another case depends on its locale.
    static bool HasText(Fact fact, string text)
    {
        if (fact.FieldKey.Contains(text, StringComparison.OrdinalIgnoreCase)) return true;

        var value = new Utf8JsonReader(Encoding.UTF8.GetBytes(fact.Value.Json));
        while (value.Read())
        {
            if (value.TokenType == JsonTokenType.String && value.GetString()!.Contains(text, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    static Fact Read(NpgsqlDataReader row, int at) => new(
        row.GetString(at), FieldValue.FromCanonical(row.GetString(at + 1)),
        row.GetFieldValue<DateTimeOffset>(at + 2), new CorrectionId(row.GetGuid(at + 3)),
        new Actor(row.GetString(at + 4), row.GetString(at + 5)));

    /// <summary>The facts of an answer, as long as they do not come to too much.</summary>
    sealed class FactList
    {
        readonly List<Fact> facts = [];
        long characters;

        /// <summary>Takes a fact; how many characters more are kept, or fewer.</summary>
        public long Add(Fact fact)
        {
            var size = fact.Value.Json.Length;
            if (characters > MostCharacters) return 0;

            characters += size;
            if (characters <= MostCharacters)
            {
                facts.Add(fact);
                return size;
            }

            facts.Clear();
            return size - characters;
        }

        /// <summary>Null when there are too many.</summary>
        public FactsAnswer? Answer(Subject subject, long position) =>
            characters <= MostCharacters ? new FactsAnswer(subject, facts, position) : null;
    }

    sealed record Question(Subject Subject, Requester Requester, DateTimeOffset Now);
}

public static class FactsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/facts", Get).WithSummary("What a requester may hold for true about a subject")
            .RequirePermission(Scopes.FactsRead).Produces<FactsAnswer>().Produces(304)
            .WithQuery([.. FactsQuery.Parameters, MinPosition.Parameter]);

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        var query = FactsQuery.From(new RequestQuery(http.Request.Query));
        await MinPosition.WaitAsync(http, caller.TenantId);
        var answer = await query.RunAsync(store, caller.TenantId, clock.GetUtcNow(), http.RequestAborted);
        return JsonAnswer.Read(answer, CorrectionsHttpJson.Default.FactsAnswer, answer.Position);
    }
}
