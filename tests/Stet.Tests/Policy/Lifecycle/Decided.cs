using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Cedar;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using Stet.Testing;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>Decisions as enforcement points leave them behind.</summary>
static class Decided
{
    public static readonly PepSupport Pep = new("gateway", StringSet.Empty);

    /// <summary>Somebody asks to do something with a document.</summary>
    public static RecordedRequest Request(string action = "read", bool open = true, string user = "ann", DateTimeOffset? now = null) => new(
        new Party("User", user, RecordValue.Empty), action,
        new Party("Document", "d1", new RecordValue(KeyValuePair.Create("open", (Value)(open ? BoolValue.True : BoolValue.False)))),
        RecordValue.Empty, now ?? Ordinary.Monday, StringSet.Empty);

    /// <summary>What is in force, once it is.</summary>
    public static PolicyInForce InForce(this PolicyCandidate candidate) => candidate.Compile(candidate.ValidatedPolicies!, 1);

    public static DecisionRecorded Event(PolicyInForce? policy, RecordedRequest request, long entityPosition = 0, IEntities? entities = null)
    {
        var (raw, effective) = DecisionPoint.Evaluate(policy, request, entities ?? EntityStore.Empty, Pep);
        var recorded = new DecisionRecorded(
            Guid.CreateVersion7(request.Now), null, null, null, Pep, request, RequestSources.None, StringSet.Empty,
            policy?.PolicySetDigest, policy?.SchemaDigest, entityPosition, raw, effective);
        return recorded with { ReplayDigest = ReplayDigest.Of(recorded) };
    }

    /// <summary>Records decisions by what is in force, as they would have been made.</summary>
    public static async Task<long> DecideAsync(this TestService service, string tenantId, params RecordedRequest[] requests)
    {
        var policies = service.Services.GetRequiredService<PoliciesInForce>();
        var timeline = await policies.CurrentAsync(tenantId, CancellationToken.None);
        var policy = await timeline.AtAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        return await service.RecordAsync(tenantId, [.. requests.Select(r => Event(policy, r))]);
    }

    /// <summary>Takes away the subject of a recorded decision, which cannot be read then.</summary>
    public static async Task LoseSubjectAsync(this TestService service, string tenantId, long position)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"update stet.mt_events set data = data - 'subject' where tenant_id = '{tenantId}' and seq_id = {position}", connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<long> RecordAsync(this TestService service, string tenantId, params DecisionRecorded[] decisions)
    {
        var store = service.Services.GetRequiredService<Store>();
        var tenant = await store.CreateTenantAsync(tenantId, CancellationToken.None);
        var commands = decisions.Select(d => (StreamCommand)new StreamCommand<NoState>(
            DecisionRecorder.DecisionsState, DecisionRecorder.StreamOf(tenant, d.Request.Subject.Type, d.Request.Subject.Id),
            (_, now) => [d with { EvaluationId = Guid.CreateVersion7(now) }]));
        var results = await store.AppendAsync(tenantId, new EventMetadata("application"), [.. commands], receipt: false, CancellationToken.None);
        return results[^1].Position;
    }
}
