using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>Runs subscriptions over the logs of all tenants.</summary>
/// <remarks>
/// Any number of instances may run the same subscriptions: an advisory lock leaves each tenant's turn to one of them,
/// and progress that is only moved on from where the events were read keeps one that lost its lock from writing.
/// </remarks>
public sealed class SubscriptionRunner(
    StoreConnections connections, EventCatalog catalog, IEnumerable<ISubscription> subscriptions,
    SubscriptionOptions options, TimeProvider clock, ILogger<SubscriptionRunner> logger)
{
    readonly SubscriptionLane[] lanes = [.. subscriptions.Select(s => new SubscriptionLane(s))];

    /// <summary>What stands still, for a health check; empty when everything goes on.</summary>
    public IReadOnlyList<SubscriptionFailure> Failures => [.. lanes.SelectMany(l => l.Failures)];

    /// <summary>Tries again what stands still; a restart does so by itself.</summary>
    public void Retry()
    {
        foreach (var lane in lanes) lane.Retry();
    }

    /// <summary>Runs until it is cancelled; the events at hand are finished before it ends.</summary>
    public Task RunAsync(CancellationToken cancel)
    {
        if (lanes.Length == 0) return Task.CompletedTask;

        var workers = lanes.SelectMany(lane => Enumerable.Repeat(lane, options.Parallelism));
        return Task.WhenAll(workers.Select(lane => WorkAsync(lane, cancel)).Append(ListenAsync(cancel)));
    }

    /// <summary>Wishes for turns: a notification's tenant at once, all that are behind now and then.</summary>
    async Task ListenAsync(CancellationToken cancel)
    {
        var away = false;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var connection = await connections.Subscriber.OpenConnectionAsync(cancel);
                connection.Notification += (_, e) =>
                {
                    var tenantId = e.Payload.Split(':')[0];
                    foreach (var lane in lanes) lane.Wish(tenantId);
                };
                await using (var listen = new NpgsqlCommand("listen stet_events", connection))
                    await listen.ExecuteNonQueryAsync(cancel);

                if (away) SubscriptionLog.Recovered(logger);
                away = false;
                while (true)
                {
                    foreach (var lane in lanes) await WishForPendingAsync(connection, lane, cancel);
                    var started = Stopwatch.GetTimestamp();
                    while (options.PollInterval - Stopwatch.GetElapsedTime(started) is { TotalMilliseconds: > 1 } left)
                        await connection.WaitAsync(left, cancel);
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) // whatever keeps it from listening is the database's side of the matter
            {
                if (!away) SubscriptionLog.Unavailable(logger, e);
                away = true;
                await Task.Delay(TimeSpan.FromSeconds(1), clock, cancel)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    static async Task WishForPendingAsync(NpgsqlConnection connection, SubscriptionLane lane, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select stet.pending($1)", connection).With(Scalar(lane.Subscription.Name));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) lane.Wish(reader.GetString(0));
    }

    async Task WorkAsync(SubscriptionLane lane, CancellationToken cancel)
    {
        NpgsqlConnection? connection = null;
        while (!cancel.IsCancellationRequested)
        {
            string? tenantId = null;
            var more = false;
            try
            {
                tenantId = await lane.NextAsync(cancel);
                connection ??= await connections.Subscriber.OpenConnectionAsync(cancel);
                var turn = new SubscriptionTurn(connection, catalog, lane.Subscription, tenantId);
                more = await TakeTurnAsync(turn, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                break;
            }
            catch (EventFailedException e)
            {
                var name = lane.Subscription.Name;
                lane.Stop(new SubscriptionFailure(name, tenantId!, e.Position, e.EventType, e.Message));
                SubscriptionLog.Stopped(logger, name, tenantId!, e.Position, e.EventType, e.InnerException);
                await CloseAsync();
            }
            catch (Exception e) // no event's fault
            {
                // Not again at once: the next look at everybody's progress finds the tenant behind.
                SubscriptionLog.Retrying(logger, lane.Subscription.Name, tenantId!, e.Message);
                await CloseAsync();
            }
            finally
            {
                if (tenantId is not null) lane.EndTurn(tenantId, more);
            }
        }

        await CloseAsync();

        async ValueTask CloseAsync()
        {
            // The lock of a turn that failed ends with its session.
            if (connection is not null) await connection.DisposeAsync();
            connection = null;
        }
    }

    /// <returns>Whether the log goes on behind the batch.</returns>
    async Task<bool> TakeTurnAsync(SubscriptionTurn turn, CancellationToken cancel)
    {
        if (await turn.ReadAsync(options.BatchSize, cancel) is not { } page) return false;

        if (page.Events.Count > 0) await turn.HandleAsync(page.Events, cancel);
        if (page.Unreadable is not null) throw page.Unreadable;
        await turn.ReleaseAsync();
        return page.Events.Count == options.BatchSize;
    }
}

static partial class SubscriptionLog
{
    [LoggerMessage(10, LogLevel.Error,
        "Subscription {Name} stopped for tenant {TenantId} at position {Position}, a {EventType}; later events wait")]
    public static partial void Stopped(
        ILogger logger, string name, string tenantId, long position, string eventType, Exception? e);

    [LoggerMessage(11, LogLevel.Warning,
        "Subscription {Name} could not go on for tenant {TenantId} and tries again: {Reason}")]
    public static partial void Retrying(ILogger logger, string name, string tenantId, string reason);

    [LoggerMessage(12, LogLevel.Error, "Subscriptions cannot listen to the database and wait until they can")]
    public static partial void Unavailable(ILogger logger, Exception e);

    [LoggerMessage(13, LogLevel.Information, "Subscriptions listen to the database again")]
    public static partial void Recovered(ILogger logger);
}
