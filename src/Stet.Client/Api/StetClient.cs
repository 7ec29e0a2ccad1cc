namespace Stet.Client.Api;

/// <summary>
/// The service's API, typed. Requests that fail in passing are sent again; every POST carries an idempotency key, so
/// what is sent twice is recorded once, but for evaluations, searches and audits on demand. One client serves many threads.
/// </summary>
public sealed class StetClient
{
    readonly Connection connection;

    /// <summary>A client of the service at <see cref="HttpClient.BaseAddress"/>.</summary>
    /// <param name="http">
    /// Brings the address and, as default headers, the credential; its <see cref="HttpClient.Timeout"/> bounds each
    /// attempt. It stays the caller's to dispose.
    /// </param>
    /// <param name="options">How often and how patiently requests are repeated; null: the defaults.</param>
    /// <param name="clock">Measures pauses between attempts; null: the system's clock.</param>
    /// <exception cref="ArgumentException">The client has no base address.</exception>
    public StetClient(HttpClient http, StetClientOptions? options = null, TimeProvider? clock = null)
        : this(new Connection(http, options ?? new StetClientOptions(), clock ?? TimeProvider.System, ApiJson.Default))
    {
    }

    internal StetClient(Connection connection)
    {
        this.connection = connection;
        Corrections = new CorrectionsClient(connection);
        Facts = new FactsClient(connection);
        Enforcement = new EnforcementClient(connection);
        Pcs = new PcsClient(connection);
        Policy = new PolicyClient(connection);
        Entities = new EntitiesClient(connection);
        Decisions = new DecisionsClient(connection);
        AccessRequests = new AccessRequestsClient(connection);
        PolicyAudit = new PolicyAuditClient(connection);
        Audit = new AuditClient(connection);
    }

    /// <summary>What people have put right.</summary>
    public CorrectionsClient Corrections { get; }

    /// <summary>What applications may hold for true.</summary>
    public FactsClient Facts { get; }

    /// <summary>Which systems obey.</summary>
    public EnforcementClient Enforcement { get; }

    /// <summary>Summaries of computations, and the keys that sign them.</summary>
    public PcsClient Pcs { get; }

    /// <summary>The rules that decide, and how they come into force.</summary>
    public PolicyClient Policy { get; }

    /// <summary>What is known of those and that which the rules are about.</summary>
    public EntitiesClient Entities { get; }

    /// <summary>Whether something may be done.</summary>
    public DecisionsClient Decisions { get; }

    /// <summary>What people are asked to allow.</summary>
    public AccessRequestsClient AccessRequests { get; }

    /// <summary>What was decided, and why.</summary>
    public PolicyAuditClient PolicyAudit { get; }

    /// <summary>Proofs of all of it.</summary>
    public AuditClient Audit { get; }

    /// <summary>
    /// The same client, whose reads show the log at least up to a position: what was written there can be read at once,
    /// from whichever instance answers.
    /// </summary>
    /// <param name="position">Of <see cref="Written{T}.Position"/>, for one; 0: no bound.</param>
    public StetClient AtLeast(long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        return new StetClient(connection.AtLeast(position));
    }

    /// <summary>Creates a tenant; repeating it changes nothing. Takes the scope <c>admin</c>.</summary>
    /// <param name="tenantId">A UUID in lower-case text form.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException">The service refused.</exception>
    public Task<Written<TenantCreated>> CreateTenantAsync(string tenantId, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, Target.Of("v1/tenants", tenantId), connection.Json.TenantCreated, options: null, cancel);
}

/// <summary>A tenant that exists.</summary>
/// <param name="TenantId">A UUID in lower-case text form.</param>
/// <param name="Position">Of its newest event, 0 when there is none; null: it is another tenant than the caller's.</param>
public sealed record TenantCreated(string TenantId, long? Position = null);
