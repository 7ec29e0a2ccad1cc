using Stet.EventStore;

namespace Stet.Audit;

/// <summary>A log's keys or origin may change while something is done with what is in memory of it.</summary>
static class LogChanges
{
    /// <summary>Does something that finds the log itself, again when the log has changed meanwhile.</summary>
    /// <exception cref="StoreUnavailableException">It changed each time.</exception>
    public static async Task<T> RetryAsync<T>(TenantLogs logs, string tenantId, int tries, Func<Task<T>> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (AuditLogChangedException e)
            {
                logs.InMemory(tenantId)?.IsStale = true;
                if (attempt == tries) throw new StoreUnavailableException("the log's keys have just changed", TimeSpan.FromSeconds(1), e);
            }
        }
    }
}

/// <summary>
/// A log is continued under another origin or with other keys than this process had in memory, or is gone: find it again.
/// </summary>
public sealed class AuditLogChangedException() : Exception("the audit log's keys have changed");
