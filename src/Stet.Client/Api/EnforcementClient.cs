using System.Net;

namespace Stet.Client.Api;

/// <summary>
/// Which systems obey. Writing takes the scope <c>enforcement:write</c>, reading <c>enforcement:read</c>. Names of systems
/// have 1 to 200 characters, no slash and no control character.
/// </summary>
public sealed class EnforcementClient
{
    const string Systems = "v1/enforcement/systems";
    const string Defaults = "v1/enforcement/defaults";

    readonly Connection connection;

    internal EnforcementClient(Connection connection) => this.connection = connection;

    /// <summary>Expects a system to report, with exactly these settings; repeating it changes nothing.</summary>
    /// <exception cref="StetException"><c>invalid_request</c>.</exception>
    public Task<Written<EnforcingSystem>> RegisterAsync(
        string systemId, SystemSettings settings, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, Target.Of(Systems, systemId), settings, connection.Json.SystemSettings,
            connection.Json.EnforcingSystem, options, cancel);

    /// <summary>Expects a system no more: it leaves status and escalation, and its heartbeats are refused.</summary>
    /// <exception cref="StetException"><c>system_not_found</c>.</exception>
    public Task<Written<EnforcingSystem>> RetireAsync(
        string systemId, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Delete, Target.Of(Systems, systemId), connection.Json.EnforcingSystem, options, cancel);

    /// <summary>One system, and what is expected of it.</summary>
    /// <exception cref="StetException"><c>system_not_found</c>.</exception>
    public Task<Reading<EnforcingSystem>> FindAsync(
        string systemId, Reading<EnforcingSystem>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(Target.Of(Systems, systemId), connection.Json.EnforcingSystem, known, cancel);

    /// <summary>All systems that are expected to report, or that did, by their names.</summary>
    /// <param name="includeRetired">Whether to list retired ones, too.</param>
    /// <param name="cancel">Ends the enumeration.</param>
    public IAsyncEnumerable<EnforcingSystem> ListAsync(bool includeRetired = false, CancellationToken cancel = default) =>
        Connection.EnumerateAsync(
            (cursor, token) => ListPageAsync(includeRetired, cursor, cancel: token), static page => (page.Systems, page.NextCursor), cancel);

    /// <summary>One page of the systems.</summary>
    /// <param name="includeRetired">Whether to list retired ones, too.</param>
    /// <param name="cursor">Where the page before ended; null: from the start.</param>
    /// <param name="limit">1 to 500; null: 50.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<EnforcingSystems>> ListPageAsync(
        bool includeRetired = false, string? cursor = null, int? limit = null, Reading<EnforcingSystems>? known = null,
        CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target(Systems).With("include_retired", includeRetired).Page(cursor, limit), connection.Json.EnforcingSystems,
            known, cancel);

    /// <summary>Reports what a system enforces. One that is not registered becomes known by it.</summary>
    /// <exception cref="StetException"><c>system_retired</c>, <c>invalid_request</c>: a time or position lies ahead.</exception>
    public Task<Written<HeartbeatReceipt>> ReportAsync(
        Heartbeat heartbeat, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Post, new Target("v1/enforcement/heartbeat"), heartbeat, connection.Json.Heartbeat,
            connection.Json.HeartbeatReceipt, options, cancel, first: HttpStatusCode.Created);

    /// <summary>Which systems report, and what they enforce.</summary>
    /// <param name="systemId">Only this one, which is missing if nobody heard of it; null: all.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<EnforcementStatus>> StatusAsync(
        string? systemId = null, Reading<EnforcementStatus>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target("v1/enforcement/status").With("system_id", systemId), connection.Json.EnforcementStatus, known, cancel);

    /// <summary>How urgently somebody should look.</summary>
    /// <param name="systemId">Only at this one; null: at all.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<Escalation>> EscalationAsync(
        string? systemId = null, Reading<Escalation>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(
            new Target("v1/enforcement/escalation").With("system_id", systemId), connection.Json.Escalation, known, cancel);

    /// <summary>What is expected of systems without settings of their own.</summary>
    public Task<Reading<EnforcementDefaults>> DefaultsAsync(
        Reading<EnforcementDefaults>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Defaults), connection.Json.EnforcementDefaults, known, cancel);

    /// <summary>Sets what is expected of systems without settings of their own.</summary>
    /// <exception cref="StetException"><c>invalid_request</c>.</exception>
    public Task<Written<EnforcementDefaults>> SetDefaultsAsync(
        NewDefaults defaults, WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(
            HttpMethod.Put, new Target(Defaults), defaults, connection.Json.NewDefaults, connection.Json.EnforcementDefaults,
            options, cancel);
}
