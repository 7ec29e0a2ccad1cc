using Npgsql;
using Stet.Audit;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AccessRequests;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.Decisions;

/// <summary>
/// Takes decisions and answers when they are durable. A decision is taken on what is in memory and appended together
/// with guards: commands that go through only while policies, entities and registrations are the newest in the log,
/// whichever instance changed them. If they are not, it is taken again. So every recorded decision was made by what was
/// in force at its own position of the log, and no decision waits for a query.
/// </summary>
sealed class DecisionRecorder(
    Store store, PoliciesInForce policies, PolicyEntities entities, PepSettings peps, Approvals approvals, DecisionPauses pauses,
    TimeProvider clock, ILogger<DecisionRecorder> logger)
{
    const int MostAttempts = 8;

    /// <summary>One stream for each subject, of which nothing is loaded but its version.</summary>
    public static StateType<NoState> DecisionsState { get; } = StateType.Stateless("policy_decisions");

    /// <summary>One stream for each enforcement point that searches.</summary>
    public static StateType<NoState> SearchesState { get; } = StateType.Stateless("policy_searches");

    /// <summary>The stream of a subject's decisions.</summary>
    public static Guid StreamOf(Tenant tenant, string subjectType, string subjectId) =>
        tenant.StreamId("policy_decisions", subjectType, subjectId);

    /// <summary>What decisions rest on now, as far as this instance knows.</summary>
    public async ValueTask<DecisionBasis> BasisAsync(Tenant tenant, string pepId, CancellationToken cancel)
    {
        var timeline = await policies.CurrentAsync(tenant.Id, cancel);
        var registrations = await peps.KnownAsync(tenant, cancel);
        var known = await entities.KnownAsync(tenant, cancel);
        var now = clock.GetMicroseconds();
        return new DecisionBasis(
            await timeline.AtAsync(now, cancel), known, registrations.Of(pepId), now,
            AsOf: null, [timeline.Guard, entities.Guard(tenant, known), registrations.Guard]);
    }

    /// <summary>Takes what has to be recorded on the newest basis, and records it: all of it or nothing.</summary>
    /// <param name="tenant">In whose log.</param>
    /// <param name="pepId">Who asks.</param>
    /// <param name="approvalIds">The approvals that are referred to.</param>
    /// <param name="metadata">Stored beside the events.</param>
    /// <param name="receipt">Collects what a receipt is made of; null when the caller wants none.</param>
    /// <param name="take">Decides; called again when the basis was not the newest. No commands: nothing is recorded.</param>
    /// <param name="cancel">Ends the wait of a caller who has gone.</param>
    /// <returns>What was taken last, and the results of its commands.</returns>
    /// <exception cref="StoreUnavailableException">It could not be recorded, and so is no decision.</exception>
    /// <exception cref="BadRequestException">The audit log cannot carry it.</exception>
    public async Task<(T Taken, AppendResult[] Results)> RecordAsync<T>(
        Tenant tenant, string pepId, IReadOnlyList<Guid> approvalIds, EventMetadata metadata, ReceiptRequest? receipt,
        Func<DecisionBasis, (T Taken, IReadOnlyList<StreamCommand> Commands)> take, CancellationToken cancel)
    {
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            await pauses.PassAsync(tenant.Id, cancel);
            var basis = await approvals.AddAsync(await BasisAsync(tenant, pepId, cancel), tenant, approvalIds, cancel);
            var (taken, commands) = take(basis);
            if (commands.Count == 0) return (taken, []);

            var results = await AppendAsync(tenant, metadata, receipt, [.. basis.Guards, .. commands], cancel);
            if (!IsStale(results, basis.Guards.Count)) return (taken, results[basis.Guards.Count..]);

            policies.Forget(tenant.Id);
            await entities.RefreshAsync(tenant, cancel);
            await peps.RefreshAsync(tenant, cancel);
        }

        throw new StoreUnavailableException("what decisions rest on kept changing", TimeSpan.FromSeconds(1));
    }

    /// <summary>Records what was taken on a past, which cannot have changed.</summary>
    public Task<AppendResult[]> RecordAsync(
        Tenant tenant, EventMetadata metadata, ReceiptRequest? receipt, StreamCommand command, CancellationToken cancel) =>
        AppendAsync(tenant, metadata, receipt, [command], cancel);

    async Task<AppendResult[]> AppendAsync(
        Tenant tenant, EventMetadata metadata, ReceiptRequest? receipt, IReadOnlyList<StreamCommand> commands, CancellationToken cancel)
    {
        try
        {
            var results = await store.AppendAsync(tenant.Id, metadata, commands, receipt is not null, cancel);
            foreach (var result in results) receipt?.Add(tenant.Id, result);
            return results;
        }
        catch (UnloggableEventException e)
        {
            throw new BadRequestException(RequestProblems.NotCanonical(e.Pointer, e.Reason));
        }
        catch (NpgsqlException e)
        {
            // Whatever the database has against it: what is not on record is no decision, and worth another try.
            DecisionLog.NotRecorded(logger, tenant.Id, e);
            throw new StoreUnavailableException("a decision could not be recorded", TimeSpan.FromSeconds(5), e);
        }
    }

    static bool IsStale(AppendResult[] results, int guards)
    {
        for (var i = 0; i < guards; i++)
            if (results[i].Outcome == AppendOutcome.VersionConflict) return true;

        return false;
    }
}

static partial class DecisionLog
{
    [LoggerMessage(65, LogLevel.Error, "A decision of {TenantId} could not be recorded, and was not given out")]
    public static partial void NotRecorded(ILogger logger, string tenantId, Exception e);
}
