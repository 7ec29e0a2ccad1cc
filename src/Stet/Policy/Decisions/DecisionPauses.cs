using System.Collections.Concurrent;

namespace Stet.Policy.Decisions;

/// <summary>Holds the decisions of a tenant back for a moment, in this instance: until an activation has looked at the last of them.</summary>
sealed class DecisionPauses
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> held = new(StringComparer.Ordinal);

    /// <summary>Waits while the tenant's decisions are held back.</summary>
    public ValueTask PassAsync(string tenantId, CancellationToken cancel) =>
        held.TryGetValue(tenantId, out var pause) ? new ValueTask(pause.Task.WaitAsync(cancel)) : default;

    /// <summary>Holds them back until the answer is disposed of; null: somebody else does.</summary>
    public IDisposable? Hold(string tenantId)
    {
        var pause = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return held.TryAdd(tenantId, pause) ? new Held(this, tenantId, pause) : null;
    }

    sealed class Held(DecisionPauses pauses, string tenantId, TaskCompletionSource pause) : IDisposable
    {
        public void Dispose()
        {
            pauses.held.TryRemove(tenantId, out _);
            pause.TrySetResult();
        }
    }
}
