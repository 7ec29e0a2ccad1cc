using System.Text.Json;
using Stet.EventStore;
using Stet.Policy.Decisions;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.AccessRequests;

/// <summary>
/// Looks up the approvals that questions refer to. A decision that rests on one holds its stream to the version that was
/// read: one that is revoked, by whichever instance, is not counted on after it was acknowledged.
/// </summary>
sealed class Approvals(Store store)
{
    static readonly StateType<NoState> guarded = StateType.Stateless(AccessRequestsModule.Name);

    /// <summary>The approvals that a body refers to, each once; a batch's items included.</summary>
    public static IReadOnlyList<Guid> IdsIn(JsonElement body)
    {
        HashSet<Guid>? ids = null;
        Take(body);
        if (body.TryGetProperty("evaluations", out var items) && items.ValueKind == JsonValueKind.Array)
            foreach (var item in items.EnumerateArray())
                if (item.ValueKind == JsonValueKind.Object) Take(item);

        return ids is null ? [] : [.. ids];

        void Take(JsonElement question)
        {
            if (question.TryGetProperty("context", out var context) && GivenApprovals.IdIn(context) is { } id) (ids ??= []).Add(id);
        }
    }

    /// <summary>The same basis with the approvals, for an enforcement point that the draft is on for.</summary>
    public async ValueTask<DecisionBasis> AddAsync(DecisionBasis basis, Tenant tenant, IReadOnlyList<Guid> ids, CancellationToken cancel)
    {
        if (ids.Count == 0 || !basis.Pep.Drafts.Contains(RegisteredPep.AccessRequestDraft)) return basis;

        var streams = ids.Select(id => tenant.StreamId(AccessRequestsModule.StreamOf(id).Parts)).ToArray();
        var found = await store.QueryAsync(
            tenant.Id,
            """
            select r.stream_id, r.version, r.state from unnest($2::uuid[]) as u(stream_id)
            cross join lateral (
                select * from stet.access_request where tenant_id = $1 and stream_id = u.stream_id limit 1) r
            """,
            [Scalar(tenant.Id), Column(streams, s => s)],
            static async (row, _, token) =>
            {
                var requests = new Dictionary<Guid, (long Version, AccessRequest Request)>();
                while (await row.ReadAsync(token)) requests[row.GetGuid(0)] = (row.GetInt64(1), AccessRequestsModule.Read(row, 2));
                return requests;
            },
            cancel);

        return basis with
        {
            Approvals = new GivenApprovals(found.Values.ToDictionary(f => f.Request.EvaluationId, f => f.Request)),
            Guards = [.. basis.Guards, .. found.Select(f => new StreamCommand<NoState>(guarded, f.Key, static (_, _) => []) { ExpectedVersion = f.Value.Version })],
        };
    }
}
