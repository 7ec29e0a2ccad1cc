using System.Globalization;
using System.Text;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.Api;

/// <summary>The caller's audit log and the keys that sign it.</summary>
public sealed class AuditClient
{
    const string Keys = "v1/audit/keys";

    readonly Connection connection;

    internal AuditClient(Connection connection) => this.connection = connection;

    /// <summary>The keys that sign the log. Takes the scope <c>audit:read</c>.</summary>
    /// <exception cref="StetException"><c>unknown_tenant</c>.</exception>
    public Task<Reading<LogKeys>> KeysAsync(Reading<LogKeys>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target(Keys), connection.Json.LogKeys, known, cancel);

    /// <summary>Adds a key: the old one and the new one sign side by side for a while. Takes the scope <c>admin</c>.</summary>
    /// <exception cref="StetException"><c>audit_overlap_running</c>: two keys sign already.</exception>
    public Task<Written<LogKeys>> AddKeyAsync(WriteOptions? options = null, CancellationToken cancel = default) =>
        connection.WriteAsync(HttpMethod.Post, new Target(Keys), connection.Json.LogKeys, options, cancel);

    /// <summary>The caller's log as it goes on now, found by its keys.</summary>
    /// <exception cref="StetException"><c>unknown_tenant</c>.</exception>
    public async Task<AuditLogClient> LogAsync(CancellationToken cancel = default)
    {
        var origin = (await KeysAsync(cancel: cancel)).Value.Origin;
        return new AuditLogClient(connection, origin[(origin.IndexOf('/', StringComparison.Ordinal) + 1)..]);
    }

    /// <summary>A log by its tenant.</summary>
    /// <param name="tenantId">The credential's tenant: others' logs are 404.</param>
    /// <param name="epoch">Counts the log's beginnings, from 1.</param>
    public AuditLogClient Log(string tenantId, int epoch = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        var path = Target.Of("v1/tenants", tenantId, "/audit").ToString();
        return new AuditLogClient(connection, epoch == 1 ? path : string.Create(CultureInfo.InvariantCulture, $"{path}/epoch/{epoch}"));
    }
}

/// <summary>
/// One audit log: checkpoints, proofs, tiles. What it hands out is checked by <c>Stet.Client.AuditLog</c>, not here.
/// Takes the scope <c>audit:read</c>; evidence and export, which hold data, take <c>audit:export</c>.
/// </summary>
public sealed class AuditLogClient
{
    readonly Connection connection;
    readonly string path;

    internal AuditLogClient(Connection connection, string path) => (this.connection, this.path) = (connection, path);

    /// <summary>The signed tree head: a note (C2SP tlog-checkpoint), which covers at least <see cref="StetClient.AtLeast"/>.</summary>
    /// <param name="witnessed">The newest one that a witness has cosigned.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>audit_not_witnessed</c>, <c>audit_signing_refused</c>, <c>audit_log_moved</c>.</exception>
    public Task<Reading<string>> CheckpointAsync(
        bool witnessed = false, Reading<string>? known = null, CancellationToken cancel = default) =>
        connection.ReadAsync(new Target($"{path}/checkpoint").With("witnessed", witnessed), Text, known, cancel);

    /// <summary>The proof that an event is in the log (C2SP tlog-proof), against the newest checkpoint.</summary>
    /// <param name="eventId">The member <c>id</c> of a receipt's entry.</param>
    /// <param name="witnessed">Against the newest checkpoint that a witness has cosigned.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>audit_event_unknown</c>, <c>audit_not_witnessed</c>, <c>audit_altered</c>.</exception>
    public Task<Reading<string>> ProofAsync(
        Guid eventId, bool witnessed = false, Reading<string>? known = null, CancellationToken cancel = default) =>
        Unbound.ReadAsync(new Target($"{path}/proof/{eventId:D}").With("witnessed", witnessed), Text, known, cancel);

    /// <summary>The hashes that lead from a leaf to a root.</summary>
    /// <param name="position">Of the event, from 1.</param>
    /// <param name="size">Of the tree; null: the newest checkpoint's.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>audit_size_unknown</c>: no checkpoint covers that yet.</exception>
    public Task<Reading<InclusionProof>> InclusionAsync(
        long position, long? size = null, Reading<InclusionProof>? known = null, CancellationToken cancel = default) =>
        Unbound.ReadAsync(
            new Target($"{path}/inclusion").With("position", position).With("size", size), connection.Json.InclusionProof, known, cancel);

    /// <summary>The hashes that lead from one root to a later one.</summary>
    /// <param name="from">The smaller size.</param>
    /// <param name="to">The larger size; null: the newest checkpoint's.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>audit_size_unknown</c>: no checkpoint covers that yet.</exception>
    public Task<Reading<ConsistencyProof>> ConsistencyAsync(
        long from, long? to = null, Reading<ConsistencyProof>? known = null, CancellationToken cancel = default) =>
        Unbound.ReadAsync(
            new Target($"{path}/consistency").With("from", from).With("to", to), connection.Json.ConsistencyProof, known, cancel);

    /// <summary>An event with its data, salt, proof and keys.</summary>
    /// <exception cref="StetException"><c>audit_event_unknown</c>, <c>audit_altered</c>.</exception>
    public async Task<EvidencePack> EvidenceAsync(Guid eventId, CancellationToken cancel = default)
    {
        var shape = connection.Json.EvidencePack;
        var read = await Unbound.ReadAsync(
            new Target($"{path}/evidence/{eventId:D}"),
            answer => Connection.Parse(answer, shape) with { Json = answer.Body }, known: null, cancel);
        return read.Value;
    }

    /// <summary>A tile of hashes (C2SP tlog-tiles): 32 bytes each.</summary>
    /// <param name="level">0: leaves; 0 to 63.</param>
    /// <param name="index">From 0, counted in full tiles.</param>
    /// <param name="width">As wide as a checkpoint implies: 1 to 255, or 256 for a full one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>audit_tile_unknown</c>.</exception>
    public Task<byte[]> TileAsync(int level, long index, int width = 256, CancellationToken cancel = default) =>
        TileAsync(TilePath.Hashes(level, index, width), cancel);

    /// <summary>A bundle of entries (C2SP tlog-tiles): each is its length, two bytes big-endian, and its text.</summary>
    /// <param name="index">From 0, counted in full bundles.</param>
    /// <param name="width">As wide as a checkpoint implies: 1 to 255, or 256 for a full one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StetException"><c>audit_tile_unknown</c>.</exception>
    public Task<byte[]> EntriesAsync(long index, int width = 256, CancellationToken cancel = default) =>
        TileAsync(TilePath.Entries(index, width), cancel);

    /// <summary>
    /// The whole log with its payloads as a tar stream, which is the caller's to dispose. The checkpoint comes last: a
    /// stream that was cut has none. <c>AuditExport</c> makes a folder of it.
    /// </summary>
    public Task<Stream> ExportAsync(CancellationToken cancel = default) => connection.StreamAsync(new Target($"{path}/export"), cancel);

    Connection Unbound => connection.AtLeast(0);

    async Task<byte[]> TileAsync(TilePath tile, CancellationToken cancel) =>
        (await Unbound.ReadAsync(new Target($"{path}/{tile}"), static answer => answer.Body, known: null, cancel)).Value;

    static string Text(Answer answer) => Encoding.UTF8.GetString(answer.Body);
}
