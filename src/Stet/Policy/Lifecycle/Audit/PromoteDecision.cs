using System.Buffers;
using System.Text.Json;
using Stet.Authentication;
using Stet.Cedar;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// Turns recorded decisions into tests: the request as it was evaluated, the entities that it can reach, and the effective
/// result. A test stands by itself, whatever becomes of the entities.
/// </summary>
sealed class DecisionPromotion(Store store, ContextCatalog contexts, CompiledPolicies compiled, PolicyEntities entities)
{
    /// <summary>Most entities of a test.</summary>
    public const int MostEntities = 1_000;

    /// <summary>The test of a decision; null: no decision has that id.</summary>
    /// <exception cref="BadRequestException">
    /// It cannot be read, was no question, no policy was in force for it, or it reaches too many entities.
    /// </exception>
    public async Task<(byte[] Test, long Position)?> PromoteAsync(string tenantId, Guid evaluationId, CancellationToken cancel)
    {
        if (await DecisionQueries.FindAsync(store, tenantId, evaluationId, cancel) is not ({ } row, _)) return null;

        var decision = DecisionQueries.DecisionOf(row, contexts);
        if (decision.Request.Problem is not null) throw new BadRequestException(PolicyProblems.PromotionWithoutQuestion);
        if (decision is not { PolicySetDigest: { } set, SchemaDigest: { } schema })
            throw new BadRequestException(PolicyProblems.PromotionWithoutPolicies);

        var known = await entities.AtPositionAsync(tenantId, decision.EntityPosition, cancel);
        var policy = await compiled.FindAsync(tenantId, set, schema, cancel);
        return (Write(decision, Reachable(decision.Request, policy, known)), row.Position);
    }

    /// <summary>What is known of everything that policies can come to from a request, in ordinal order of names.</summary>
    static SortedDictionary<string, Entity>.ValueCollection Reachable(RecordedRequest request, PolicyInForce? policy, TenantEntities known)
    {
        var found = new SortedDictionary<string, Entity>(StringComparer.Ordinal);
        var pending = new Queue<EntityUid>();
        var seen = new HashSet<EntityUid>();
        if (policy is not null)
        {
            var served = AuthZenSchema.Of(policy.Schema);
            foreach (var party in (Party[])[request.Subject, request.Resource])
                if (EntityUid.TryCreate(served.TypeOf(party.Type), party.Id, out var uid)) pending.Enqueue(uid);
            foreach (var named in policy.Snapshot.NamedEntities()) pending.Enqueue(named);
        }

        Follow(request.Subject.Properties);
        Follow(request.Resource.Properties);
        Follow(request.Context);
        while (pending.TryDequeue(out var next))
        {
            if (!seen.Add(next) || !known.TryGet(next, out var entity)) continue;
            if (found.Count == MostEntities) throw new BadRequestException(PolicyProblems.PromotionTooLarge);

            found.Add(next.ToString(), entity);
            foreach (var ancestor in entity.Ancestors) pending.Enqueue(ancestor);
            Follow(entity.Attributes);
            Follow(entity.Tags);
        }

        return found.Values;

        void Follow(Value value)
        {
            switch (value)
            {
                case EntityUid uid: pending.Enqueue(uid); break;
                case RecordValue record:
                    foreach (var member in record.Values) Follow(member);
                    break;
                case SetValue set:
                    foreach (var item in set.Items) Follow(item);
                    break;
            }
        }
    }

    static byte[] Write(DecisionRecorded decision, IReadOnlyCollection<Entity> known)
    {
        var text = new ArrayBufferWriter<byte>(2_048);
        using (var json = new Utf8JsonWriter(text, JsonAnswer.Readable))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, $"decision {decision.EvaluationId}");
            json.WriteStartObject("request"u8);
            Write(json, "subject"u8, decision.Request.Subject);
            json.WriteStartObject("action"u8);
            json.WriteString("name"u8, decision.Request.Action);
            json.WriteEndObject();
            Write(json, "resource"u8, decision.Request.Resource);
            Write(json, "context"u8, decision.Request.Context);
            json.WriteString("now"u8, UtcTimeConverter.Format(decision.Request.Now));
            Write(json, "invalid"u8, decision.Request.Invalid);
            json.WriteEndObject();
            json.WriteStartArray("entities"u8);
            foreach (var entity in known) Write(json, entity);
            json.WriteEndArray();
            Write(json, "supports"u8, decision.Pep.Obligations);
            json.WriteStartObject("expected"u8);
            json.WriteBoolean("decision"u8, decision.Effective.Decision);
            json.WriteString("class"u8, decision.Effective.Class.Name());
            if (decision.Effective.Code is { } code) json.WriteString("code"u8, code);
            Write(json, "obligations"u8, decision.Effective.Obligations.Select(o => o.Id));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, Party party)
    {
        json.WriteStartObject(name);
        json.WriteString("type"u8, party.Type);
        json.WriteString("id"u8, party.Id);
        Write(json, "properties"u8, party.Properties);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, Entity entity)
    {
        json.WriteStartObject();
        Write(json, "uid"u8, entity.Uid);
        Write(json, "attrs"u8, entity.Attributes);
        json.WriteStartArray("parents"u8);
        foreach (var ancestor in entity.Ancestors) ValueJson.Write(json, ancestor);
        json.WriteEndArray();
        Write(json, "tags"u8, entity.Tags);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, EntityUid uid)
    {
        json.WritePropertyName(name);
        ValueJson.Write(json, uid);
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, RecordValue record)
    {
        json.WritePropertyName(name);
        ValueJson.Write(json, record);
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}

/// <summary>A decision as a test of the next candidate.</summary>
/// <param name="Test">Put it into <c>tests</c> of a candidate as it is.</param>
/// <param name="Position">The decision's position in the log.</param>
sealed record PromotionAnswer(UnreadJson Test, long Position);

public static class PromoteDecisionEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/decisions/{evaluation_id}/promotion", Post).WithSummary("Turn a recorded decision into a test")
            .WithDescription("The test stands by itself. It records nothing: drafting a candidate that contains it does.")
            .RequirePermission(Scopes.PolicyAuthor).Produces<PromotionAnswer>().ProducesProblem(404).ProducesProblem(409)
            .WithQuery();

    static async Task<IResult> Post(string evaluation_id, HttpContext http, Caller caller, Store store, DecisionPromotion promotion)
    {
        var id = DecisionQueries.IdOf(evaluation_id);
        var reached = await store.PositionAsync(caller.TenantId, http.RequestAborted);
        return await promotion.PromoteAsync(caller.TenantId, id, http.RequestAborted) is (var test, var position)
            ? JsonAnswer.Write(200, new PromotionAnswer(new UnreadJson(test), position), PolicyHttpJson.Default.PromotionAnswer, reached)
            : Problems.Answer(DecisionQueries.NotFound(id));
    }
}
