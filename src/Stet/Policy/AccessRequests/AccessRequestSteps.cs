using System.Text;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Policy.AccessRequests;

/// <summary>Decides one step of an access request, and says how the request stands after it.</summary>
sealed class AccessRequestSteps(Commands commands, Store store, TimeProvider clock)
{
    /// <param name="id">Which request.</param>
    /// <param name="context">Who takes the step.</param>
    /// <param name="payload">What the step's idempotency key stands for, for this caller alone: whose step it is belongs to it.</param>
    /// <param name="decide">Its rule.</param>
    /// <returns>How it went, and the request as it stands after it, at the time of the decision; null when it was refused.</returns>
    public async Task<(Recorded Recorded, AccessRequest? Request, DateTimeOffset Now)> TakeAsync(
        Guid id, CommandContext context, string payload, Func<AccessRequest?, DateTimeOffset, Decision> decide)
    {
        DateTimeOffset decidedAt = default;
        var (recorded, request) = await commands.DecideWithStateAsync(
            context, AccessRequestsModule.StreamOf(id), context.IdempotencyKey,
            Encoding.UTF8.GetBytes($"{context.Caller.Subject}\n{payload}"), (before, now) => decide(before, decidedAt = now));
        if (recorded.Problem is not null) return (recorded, null, decidedAt);

        // Sent again under the same key, a step is not decided again; the request may have gone on since.
        return recorded.Repeated
            ? (recorded, (await AccessRequestsModule.FindAsync(store, context.Caller.TenantId, id, context.Cancel)).Request, clock.GetUtcNow())
            : (recorded, request, decidedAt);
    }
}
