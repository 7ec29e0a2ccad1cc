using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Testing;

namespace Stet.Tests.Audit.SelfCheck;

sealed record NoteTaken(string Text, int Number);

sealed record SubjectErased(string SaltKey);

sealed record Notes(int Last)
{
    public static Notes Create(NoteTaken e) => new(e.Number);

    public static Notes Create(SubjectErased _) => new(0);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NoteTaken))]
[JsonSerializable(typeof(SubjectErased))]
sealed partial class NotesJson : JsonSerializerContext;

/// <summary>
/// A database with logged notes, and ways to do to them what only a superuser can. What is changed for one sweep is undone
/// after it, so that a log serves many.
/// </summary>
public sealed class NotesLog : IAsyncDisposable
{
    static readonly StateType<Notes> notes = StateType.Latest<Notes>("notes");

    readonly Store store;
    readonly TenantLogs logs;

    NotesLog(TestDatabase database, TimeProvider clock)
    {
        Database = database;
        Connections = StoreConnections.For(database.ConnectionString);
        Installation = InstallationKeys.Load(Convert.ToBase64String(new byte[32]), "");
        logs = new TenantLogs(Connections, Installation, new WrappedSigner(Installation), _ => null, new AuditOptions(), clock);
        var catalog = new EventCatalog()
            .Add("note_taken", NotesJson.Default.NoteTaken, version: 2).Add("subject_erased", NotesJson.Default.SubjectErased);
        store = new Store(
            Connections, catalog, [], new AuditAppender(logs, clock), new StoreOptions(), clock, NullLogger<Store>.Instance);
    }

    public TestDatabase Database { get; }

    public StoreConnections Connections { get; }

    internal InstallationKeys Installation { get; }

    public static async Task<NotesLog> CreateAsync(TimeProvider? clock = null) =>
        new(await TestDatabase.CreateAsync(TestService.Schema), clock ?? TimeProvider.System);

    /// <summary>A tenant whose log has grown to these sizes, each of which is guarded.</summary>
    public async Task<string> NewTenantAsync(params long[] sizes)
    {
        var tenantId = TestService.NewTenantId();
        await store.CreateTenantAsync(tenantId, CancellationToken.None);
        var size = 0L;
        foreach (var next in sizes)
        {
            await GrowAsync(tenantId, size, next);
            size = next;
        }

        return tenantId;
    }

    /// <summary>Lets a log grow from one size to another, which is guarded.</summary>
    public async Task GrowAsync(string tenantId, long size, long next)
    {
        while (size < next)
        {
            var count = (int)Math.Min(4_000, next - size);
            var first = (int)size;
            await AppendAsync(
                tenantId, [.. Enumerable.Range(first, count).Select(n => new NoteTaken($"Grüße {n} <b>", n))], receipt: size + count == next);
            size += count;
        }
    }

    public Task EraseAsync(string tenantId, string saltKey) => AppendAsync(tenantId, [new SubjectErased(saltKey)], receipt: false);

    /// <summary>Runs statements with <c>$1</c>, the tenant, for one sweep.</summary>
    public Task<IReadOnlyList<Finding>> SweepAsync(string tenantId, params IEnumerable<string> changes) => SweepAsync(tenantId, noted: null, changes);

    /// <summary>The same, where a checkpoint is remembered as signed.</summary>
    public async Task<IReadOnlyList<Finding>> SweepAsync(string tenantId, SignedCheckpoint? noted, params IEnumerable<string> changes)
    {
        await using var connection = await Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ChangeAsync(connection, tenantId, changes);
        return await SweepAsync(connection, tenantId, noted: noted);
    }

    /// <summary>A checkpoint as it was signed; only its note, which is not looked at, is missing.</summary>
    public async Task<SignedCheckpoint> SignedAsync(string tenantId, long size)
    {
        await using var connection = await Database.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select l.origin, g.root from stet.audit_log l, stet.audit_signed g where l.tenant_id = $1 and g.tenant_id = $1 and g.size = $2", connection)
        {
            Parameters = { NpgsqlBatchExtensions.Scalar(tenantId), NpgsqlBatchExtensions.Scalar(size) },
        };
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return new SignedCheckpoint(new Checkpoint(row.GetString(0), size, new LogHash(row.GetFieldValue<byte[]>(1))), null!);
    }

    /// <summary>Runs statements with <c>$1</c>, the tenant, for good.</summary>
    public async Task ChangeAsync(string tenantId, params IEnumerable<string> changes)
    {
        await using var connection = await Database.OpenAsync();
        await ChangeAsync(connection, tenantId, changes);
    }

    /// <summary>Sweeps to the end on a connection that may read everything.</summary>
    internal async Task<IReadOnlyList<Finding>> SweepAsync(
        NpgsqlConnection connection, string tenantId, int pageSize = 1024, SignedCheckpoint? noted = null)
    {
        using var sweep = await TenantSweep.BeginAsync(
            connection, Installation, tenantId, pageSize, origin => noted?.Origin == origin ? noted : null, CancellationToken.None);
        var found = new List<Finding>();
        do found.AddRange(await sweep.NextAsync(connection, CancellationToken.None));
        while (!sweep.IsDone);
        return found;
    }

    /// <summary>A change of a leaf's hash to what a changed event leads to.</summary>
    public async Task<string> RehashAsync(string tenantId, long position, string change)
    {
        await using var connection = await Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ChangeAsync(connection, tenantId, [change]);
        using var salts = await SaltKeys.ReadAsync(connection, Installation, tenantId, CancellationToken.None);
        var page = new SweepPage(256);
        page.Begin((position - 1) / 256 * 256, long.MaxValue);
        await new SweepReader(tenantId, salts).ReadAsync(connection, page, CancellationToken.None);
        var hash = Convert.ToHexStringLower(page.Computed[(position - 1) % 256].ToArray());
        return $@"update stet.audit_leaf set hash = '\x{hash}' where tenant_id = $1 and position = {position}";
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        logs.Dispose();
        await Connections.DisposeAsync();
        await Database.DisposeAsync();
    }

    async Task AppendAsync(string tenantId, IReadOnlyList<object> events, bool receipt)
    {
        var command = new StreamCommand<Notes>(notes, Guid.Parse("5c1e0b7a-6f2d-8a3b-9c4d-5e6f708192a3"), (_, _) => events);
        var results = await store.AppendAsync(tenantId, new EventMetadata("application", "c-1"), [command], receipt, CancellationToken.None);
        results[0].Outcome.ShouldBe(AppendOutcome.Recorded);
    }

    internal static async Task ChangeAsync(NpgsqlConnection connection, string tenantId, IEnumerable<string> changes)
    {
        foreach (var sql in changes)
        {
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { NpgsqlBatchExtensions.Scalar(tenantId) } };
            (await command.ExecuteNonQueryAsync()).ShouldBeGreaterThan(0, sql);
        }
    }
}
