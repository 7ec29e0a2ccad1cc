namespace Stet.EventStore;

/// <summary>How the store's writer behaves.</summary>
public sealed class StoreOptions
{
    /// <summary>Commands that may wait; one more is refused with <see cref="StoreBusyException"/>.</summary>
    /// <value>Default 10,000.</value>
    public int QueueCapacity { get; set; } = 10_000;

    /// <summary>Commands handled in one transaction at most (a request of several counts whole).</summary>
    /// <value>Default 512.</value>
    public int MaxBatch { get; set; } = 512;

    /// <summary>Scripts of the schema that this version knows: where there are others, a newer one was at work, and nothing is written.</summary>
    /// <value>Default null: nobody looks.</value>
    public int? SchemaScripts { get; set; }

    /// <summary>
    /// Whether commits wake subscriptions (<c>NOTIFY</c>), which else look for events now and then. PostgreSQL lets transactions
    /// that do commit one after the other, those of other databases included.
    /// </summary>
    /// <value>Default true.</value>
    public bool WakesSubscriptions { get; set; } = true;

    /// <summary>Protects the secrets of tenants in the database.</summary>
    /// <value>Default null: they are stored as they are.</value>
    public ITenantKeyWrap? KeyWrap { get; set; }

    /// <summary>How long commands wait for a database that is away, full or locked before they are refused.</summary>
    /// <value>Default 10 seconds.</value>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);
}
