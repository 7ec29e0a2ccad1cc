using Npgsql;

namespace Stet.EventStore;

/// <summary>Follows every tenant's log in order, some moments behind the appends.</summary>
public interface ISubscription
{
    /// <summary>Names its progress, snake_case; another name starts over from the first event.</summary>
    string Name { get; }

    /// <summary>Handles events of one tenant: adds statements to the batch, and may act on the outside world.</summary>
    /// <remarks>
    /// The statements run as <c>stet_writer</c> inside the tenant, after this returns, in the transaction that moves the
    /// progress on: they count exactly once. What is done outside may be done again when the service dies in between.
    /// An exception stops the subscription for this tenant at the event that causes it, unless it is a passing one
    /// (<see cref="TimeoutException"/>, <see cref="IOException"/>, a database that is away): that is tried again soon.
    /// </remarks>
    /// <param name="events">At least one, without a gap, right after those handled before.</param>
    /// <param name="batch">Takes statements; leave those that it already has.</param>
    /// <param name="cancel">The service stops.</param>
    Task HandleAsync(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch, CancellationToken cancel);
}

/// <summary>A projection that is kept behind the appends and not in their transactions.</summary>
public sealed class AsynchronousProjection(IInlineProjection projection) : ISubscription
{
    /// <inheritdoc />
    public string Name => projection.Name;

    /// <inheritdoc />
    public Task HandleAsync(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch, CancellationToken cancel)
    {
        projection.Project(events, batch);
        return Task.CompletedTask;
    }
}

/// <summary>How subscriptions are run.</summary>
public sealed class SubscriptionOptions
{
    /// <summary>Events handed over at a time at most; then it is the next tenant's turn.</summary>
    /// <value>Default 500.</value>
    public int BatchSize { get; set; } = 500;

    /// <summary>Tenants that one subscription handles at a time; each takes a connection.</summary>
    /// <value>Default 2.</value>
    public int Parallelism { get; set; } = 2;

    /// <summary>How often logs are compared with progress, should a notification be missed or a try have failed.</summary>
    /// <value>Default 5 seconds.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>A subscription that does not go on for one tenant, because one event cannot be read or handled.</summary>
/// <param name="Subscription">Its name.</param>
/// <param name="TenantId">Whose log.</param>
/// <param name="Position">Of the event; those before it have been handled, none after it.</param>
/// <param name="EventType">Stored name of the event.</param>
/// <param name="Reason">What went wrong.</param>
public sealed record SubscriptionFailure(
    string Subscription, string TenantId, long Position, string EventType, string Reason);
