using System.Security.Cryptography;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.Lifecycle;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.Entities;

/// <summary>
/// Carries decisions about entities to the store. They look at all entities of the tenant, so they are taken on those in
/// memory and recorded only while these are the newest; else they are taken again.
/// </summary>
public sealed class EntityRecorder(
    Store store, Commands commands, PolicyEntities entities, PoliciesInForce policies, TimeProvider clock)
{
    const int MostAttempts = 5;

    /// <summary>Decides on the newest entities and the schema in force, null without one, and records what it says.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="payload">What the idempotency key stands for.</param>
    /// <param name="decide">The command's rule.</param>
    public async Task<Recorded> DecideAsync(
        CommandContext context, byte[] payload, Func<TenantEntities, CedarSchema?, DateTimeOffset, Decision> decide)
    {
        if (await commands.TenantAsync(context) is not { } tenant) return new Recorded([], 0, false, RequestProblems.UnknownTenant);

        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var known = attempt == 1
                ? await entities.KnownAsync(tenant, context.Cancel)
                : await entities.RefreshAsync(tenant, context.Cancel);
            var schema = (await policies.NowAsync(tenant.Id, context.Cancel))?.Schema;
            var decision = decide(known, schema, clock.GetMicroseconds());
            if (decision.Refusal is not null && attempt == 1)
            {
                // What was in memory may not be the newest: a refusal is given on the newest alone.
                continue;
            }

            var recorded = await AppendAsync(context, tenant, known, payload, decision);
            if (recorded is not null) return recorded;
        }

        return new Recorded([], 0, false, EntityProblems.Changing);
    }

    /// <returns>Null when the entities were not the newest.</returns>
    async Task<Recorded?> AppendAsync(
        CommandContext context, Tenant tenant, TenantEntities known, byte[] payload, Decision decision)
    {
        var command = new StreamCommand<NoState>(
            PolicyEntities.State, PolicyEntities.StreamOf(tenant), (_, now) => decision.Refusal is null ? At(decision.Events, now) : null)
        {
            ExpectedVersion = known.Version,
            Idempotency = context.IdempotencyKey is { } key
                ? new IdempotencyMark(tenant.StreamId("idempotency", "policy_entities", key), SHA256.HashData(payload))
                : null,
        };
        AppendResult result;
        try
        {
            result = (await store.AppendAsync(tenant.Id, context.Metadata, [command], context.Receipt is not null, context.Cancel))[0];
        }
        catch (UnloggableEventException e)
        {
            return new Recorded([], 0, false, RequestProblems.NotCanonical(e.Pointer, e.Reason));
        }

        if (result.Outcome == AppendOutcome.VersionConflict) return null;

        context.Receipt?.Add(tenant.Id, result);
        return new Recorded(result.Events, result.Position, result.Outcome == AppendOutcome.Repeated, result.Outcome switch
        {
            AppendOutcome.Refused => decision.Refusal,
            AppendOutcome.KeyConflict => RequestProblems.IdempotencyConflict,
            AppendOutcome.UnknownTenant => RequestProblems.UnknownTenant,
            _ => null,
        });
    }

    /// <summary>The events with the time of recording, which only the store knows.</summary>
    static object[] At(IReadOnlyList<object> events, DateTimeOffset now)
    {
        var timed = new object[events.Count];
        for (var i = 0; i < timed.Length; i++)
        {
            timed[i] = events[i] switch
            {
                EntityRecorded e => e with { RecordedAt = now },
                EntityRemoved e => e with { RemovedAt = now },
                var other => other,
            };
        }

        return timed;
    }
}
