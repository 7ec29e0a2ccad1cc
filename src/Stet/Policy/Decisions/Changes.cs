using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AccessRequests;
using Stet.Policy.AuthZen;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Decisions;

/// <summary>The body of <c>POST /v1/policy/changes</c>.</summary>
/// <param name="From">A position of the log.</param>
/// <param name="To">A later one.</param>
/// <param name="Request">The question, as AuthZEN has it: subject, action, resource, context.</param>
/// <param name="Pep">The enforcement point that is answered, by the subject of its credential; null: who asks now.</param>
public sealed record ChangesRequest(long? From, long? To, JsonElement Request, string? Pep = null);

/// <summary>The same, the question to be read as AuthZEN has it.</summary>
sealed record UnreadChanges(long? From, long? To, UnreadJson? Request, string? Pep);

/// <summary>How the answer to a question changed between two positions.</summary>
/// <param name="Changed">Whether the two answers differ.</param>
/// <param name="From">The answer at the first position.</param>
/// <param name="To">The answer at the second.</param>
/// <param name="Flips">What changed the answer on the way, in log order; there may be some although both ends agree.</param>
public sealed record ChangesAnswer(bool Changed, ResultAt From, ResultAt To, IReadOnlyList<ResultFlip> Flips);

/// <summary>An answer at a position.</summary>
/// <param name="Position">Of the log.</param>
/// <param name="Now">The time that it was evaluated at.</param>
/// <param name="Decision">Whether it is an allow.</param>
/// <param name="Class"><c>allow</c>, <c>forbidden</c>, <c>not_permitted</c> or <c>error</c>.</param>
/// <param name="Code">Why, for what is no plain answer of policies.</param>
/// <param name="Determining">The policies that it rests on.</param>
/// <param name="PolicySetDigest">The policies that were in force; null: none were.</param>
public sealed record ResultAt(
    long Position, DateTimeOffset Now, bool Decision,
    [property: AllowedValues("allow", "forbidden", "not_permitted", "error")] string Class, string? Code,
    IReadOnlyList<string> Determining, string? PolicySetDigest);

/// <summary>Something changed the answer.</summary>
/// <param name="Cause">The event's stored name; <c>time</c>: no event, but what policies say about the time.</param>
/// <param name="EventId">The event; null for the time.</param>
/// <param name="Before">The answer before it.</param>
/// <param name="After">The answer after it.</param>
public sealed record ResultFlip(string Cause, Guid? EventId, ResultAt Before, ResultAt After);

/// <summary>Compares the same question at two positions, and finds the events between that changed its answer.</summary>
sealed class Changes(Store store, PastDecisions past, PoliciesInForce policies, PolicyEntities entities)
{
    const int MostEvents = 10_000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/changes", (HttpContext http, Caller caller, Changes changes) => changes.AnswerAsync(http, caller))
            .WithSummary("What changed the answer to a question between two positions of the log")
            .RequirePermission(Scopes.PolicyAudit).Accepts<ChangesRequest>("application/json").Produces<ChangesAnswer>()
            .ProducesProblem(404).ProducesProblem(409).WithQuery();

    static Problem TooMany { get; } = new(
        "too_many_events", 409, "Too much lies between the positions",
        $"more than {MostEvents} events about policies and entities lie between them: compare positions closer to each other");

    async Task<IResult> AnswerAsync(HttpContext http, Caller caller)
    {
        var body = await RequestBody.ReadAsync(http, DecisionHttpJson.Default.UnreadChanges);
        new Validation()
            .Require(body.From > 0, "/from", "is required, a position of the log")
            .Require(body.To > 0, "/to", "is required, a position of the log")
            .Require(!(body.From > body.To), "/to", "must not be before `from`")
            .Require(body.Request is not null, "/request", "is required, an object")
            .Require(body.Pep is null || Caller.IsSubject(body.Pep), "/pep", PastDecisions.PepRule)
            .ThrowIfAny();
        using var json = AuthZenBody.Parse(body.Request!.Value.Utf8, "/request");
        var request = json.RootElement;
        if (new AskedReader(request, default).Read(out var asked) is { } problem)
            throw AuthZenBody.Bad($"/request{problem.Pointer}", problem.Message);

        var (from, to) = (body.From!.Value, body.To!.Value);
        var (pep, approvals) = (body.Pep ?? caller.Subject, Approvals.IdsIn(request));
        var start = await past.BasisAsync(caller.TenantId, pep, approvals, from, http.RequestAborted);
        var end = await past.BasisAsync(caller.TenantId, pep, approvals, to, http.RequestAborted);
        var first = At(start, asked, from);
        var last = At(end, asked, to);
        if (await EventsAsync(caller.TenantId, start, approvals, to, http.RequestAborted) is not { } events) return Problems.Answer(TooMany);

        var flips = await FlipsAsync(caller.TenantId, start, approvals, first, events, asked, http.RequestAborted);
        var reached = flips.Count > 0 ? flips[^1].After : first;
        if (IsFlip(reached, last)) flips.Add(new ResultFlip("time", null, reached, last));
        return JsonAnswer.Read(new ChangesAnswer(IsFlip(first, last), first, last, flips), DecisionHttpJson.Default.ChangesAnswer, to);
    }

    /// <summary>Takes the question from event to event: at each time as things were just before it, and just after.</summary>
    async Task<List<ResultFlip>> FlipsAsync(
        string tenantId, DecisionBasis start, IReadOnlyList<Guid> approvals, ResultAt first, List<StoredEvent> events,
        AskedEvaluation asked, CancellationToken cancel)
    {
        var flips = new List<ResultFlip>();
        var (basis, current) = (start, first);
        foreach (var e in events)
        {
            // A policy that was activated for later comes into force without an event.
            basis = basis with
            {
                Now = e.Timestamp,
                Policy = await policies.AsOfAsync(tenantId, e.Position - 1, e.Timestamp, cancel),
            };
            var before = At(basis, asked, e.Position - 1);
            if (IsFlip(current, before)) flips.Add(new ResultFlip("time", null, current, before));

            basis = e.Data is EntityRecorded or EntityRemoved
                ? basis with { Entities = basis.Entities.With([e]) }
                : await past.BasisAsync(tenantId, start.Pep.PepId, approvals, e.Position, e.Timestamp, basis.Entities, cancel);
            current = At(basis, asked, e.Position);
            if (IsFlip(before, current)) flips.Add(new ResultFlip(NameOf(e.Data), e.Id, before, current));
        }

        return flips;
    }

    /// <summary>What could change an answer, in log order; null when it is too much.</summary>
    async Task<List<StoredEvent>?> EventsAsync(
        string tenantId, DecisionBasis start, IReadOnlyList<Guid> approvals, long to, CancellationToken cancel)
    {
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant) return [];

        var events = await entities.ReadAsync(tenant, start.Entities.Version, to, MostEvents + 1, cancel);
        Guid[] streams =
        [
            tenant.StreamId(PolicyModule.LifeName), tenant.StreamId(PepSettings.Stream.Parts),
            .. approvals.Select(id => tenant.StreamId(AccessRequestsModule.StreamOf(id).Parts)),
        ];
        var others = await store.QueryAsync(
            tenantId,
            """
            select seq_id, id, version, timestamp, type from stet.mt_events
            where tenant_id = $1 and stream_id = any($2) and seq_id > $3 and seq_id <= $4
                and type in ('policy_activated', 'policy_rolled_back', 'policy_retired', 'pep_registered', 'access_approved',
                    'access_approval_revoked')
            order by seq_id limit $5
            """,
            [Scalar(tenantId), Column(streams, s => s), Scalar(start.AsOf!.Value), Scalar(to), Scalar(MostEvents + 1)],
            (rows, _, token) => ReadAsync(rows, tenantId, token), cancel);
        events.AddRange(others);
        events.Sort(static (left, right) => left.Position.CompareTo(right.Position));
        return events.Count > MostEvents ? null : events;
    }

    static async Task<List<StoredEvent>> ReadAsync(NpgsqlDataReader rows, string tenantId, CancellationToken cancel)
    {
        var events = new List<StoredEvent>();
        while (await rows.ReadAsync(cancel))
            events.Add(new StoredEvent(
                tenantId, rows.GetInt64(0), rows.GetGuid(1), Guid.Empty, rows.GetInt64(2),
                rows.GetFieldValue<DateTimeOffset>(3), rows.GetString(4)));
        return events;
    }

    static string NameOf(object data) => data switch
    {
        EntityRecorded => "entity_recorded",
        EntityRemoved => "entity_removed",
        _ => (string)data,
    };

    static ResultAt At(DecisionBasis basis, in AskedEvaluation asked, long position)
    {
        var taken = basis.Decide(asked, Evaluations.SupportedBy(asked.Context));
        return new ResultAt(
            position, basis.Now, taken.Effective.Decision, taken.Effective.Class.Name(),
            taken.Effective.Code, [.. taken.Raw?.Determining.Items ?? []], basis.Policy?.PolicySetDigest);
    }

    static bool IsFlip(ResultAt left, ResultAt right) =>
        left.Decision != right.Decision || left.Class != right.Class || left.Code != right.Code
        || !left.Determining.SequenceEqual(right.Determining);
}
