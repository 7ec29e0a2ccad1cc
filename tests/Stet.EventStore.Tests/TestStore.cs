using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Testing;

namespace Stet.EventStore.Tests;

/// <summary>A database with the store's schema and the accounts' tables, and stores on it.</summary>
public sealed class TestStore : IAsyncDisposable
{
    static readonly TestTemplate Template = new("accounts", ApplySchemaAsync);

    readonly List<IAsyncDisposable> owned = [];
    readonly TestDatabase? database;

    TestStore(string connectionString, TestDatabase? database)
    {
        (ConnectionString, this.database) = (connectionString, database);
        Store = Open();
    }

    public string ConnectionString { get; }

    public string Tenant { get; } = NewTenant();

    public Store Store { get; }

    public static EventMetadata Metadata { get; } = new("application");

    public static async Task<TestStore> CreateAsync()
    {
        var fresh = await TestDatabase.CreateAsync(Template);
        return await WithTenantAsync(new TestStore(fresh.ConnectionString, fresh));
    }

    public static async Task<TestStore> OnAsync(string connectionString)
    {
        await ApplySchemaAsync(connectionString);
        return await WithTenantAsync(new TestStore(connectionString, null));
    }

    public static Task ApplySchemaAsync(string connectionString) =>
        new SchemaMigrator(connectionString, [.. SchemaScript.In(typeof(Store).Assembly), Accounts.Tables]).ApplyAsync(CancellationToken.None);

    public static string NewTenant() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("D");

    public static Guid NewStream() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    /// <summary>Another instance of the service on the same database.</summary>
    public Store Open(StoreOptions? options = null, string? connectionString = null, TimeProvider? clock = null)
    {
        var connections = StoreConnections.For(connectionString ?? ConnectionString);
        var store = new Store(
            connections, Accounts.Catalog(), [new BalancesProjection()], null, options ?? new StoreOptions(), clock ?? TimeProvider.System,
            NullLogger<Store>.Instance);
        owned.Add(store);
        owned.Add(connections);
        return store;
    }

    public Task<AppendResult> AppendAsync(StreamCommand command, Store? store = null) =>
        (store ?? Store).AppendAsync(Tenant, Metadata, command, CancellationToken.None);

    public Task<IReadOnlyList<StoredEvent>> LogAsync() => Store.ReadAsync(Tenant, 0, int.MaxValue, CancellationToken.None);

    public async Task<NpgsqlConnection> OpenAsSuperuserAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        return connection;
    }

    public async Task<long> BalanceAsync(Guid account) => await Store.QueryAsync(
        Tenant, "select balance from stet.balances where tenant_id = $1 and stream_id = $2",
        [NpgsqlBatchExtensions.Scalar(Tenant), NpgsqlBatchExtensions.Scalar(account)],
        async (reader, _, cancel) => await reader.ReadAsync(cancel) ? reader.GetInt64(0) : 0, CancellationToken.None);

    /// <summary>Holds the writer inside a decision, so that what is sent meanwhile waits and then shares one batch.</summary>
    public async Task<WriterHold> HoldWriterAsync(Store? store = null)
    {
        var hold = new WriterHold();
        hold.Command = AppendAsync(new StreamCommand<Account>(Accounts.Account, NewStream(), (_, _) => hold.Wait()), store);
        await hold.Entered;
        return hold;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in owned) await one.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
    }

    static async Task<TestStore> WithTenantAsync(TestStore store)
    {
        await store.Store.CreateTenantAsync(store.Tenant, CancellationToken.None);
        return store;
    }
}

public sealed class WriterHold
{
    readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource released = new();

    public Task Entered => entered.Task;

    public Task<AppendResult>? Command { get; set; }

    public void Release() => released.TrySetResult();

    internal IReadOnlyList<object> Wait()
    {
        entered.TrySetResult();
        released.Task.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
        return [];
    }
}
