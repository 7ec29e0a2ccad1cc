using System.Collections.Concurrent;
using Npgsql;

namespace Stet.Testing;

/// <summary>What a database starts from, prepared once per test process and copied from then on.</summary>
/// <param name="Name">Lower-case letters, digits and underscores.</param>
/// <param name="PrepareAsync">Gets an unpooled connection string to an empty database; leaves no connection open.</param>
public sealed record TestTemplate(string Name, Func<string, Task> PrepareAsync);

/// <summary>A database for one test class or test on the shared cluster; some time after it is disposed, it is dropped.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>How many are dropped at once: each waits for a checkpoint, and those that wait together share one.</summary>
    public const int DroppedTogether = 32;

    static readonly ConcurrentDictionary<string, Lazy<Task<string>>> templates = new();
    static readonly ConcurrentQueue<string> left = new();
    static int last;

    readonly string home;

    TestDatabase(string home, string name) => (this.home, Name) = (home, name);

    public string Name { get; }

    /// <summary>For the superuser.</summary>
    public string ConnectionString => To(home, Name, pooling: true);

    /// <summary>Makes a database: a copy of the template, or an empty one.</summary>
    public static async Task<TestDatabase> CreateAsync(TestTemplate? template = null)
    {
        var cluster = await TestCluster.SharedAsync();
        var source = template is null ? "template0" : await PreparedAsync(cluster, template);
        var name = $"test_{Interlocked.Increment(ref last)}";

        await ExecuteAsync(cluster.ConnectionString, $"create database {name} template {source}");

        return new TestDatabase(cluster.ConnectionString, name);
    }

    /// <summary>A database of a test's own server. It is not to be disposed: it goes with the server.</summary>
    public static TestDatabase At(string connectionString) =>
        new(connectionString, new NpgsqlConnectionStringBuilder(connectionString).Database!);

    /// <summary>Opens a connection for the superuser.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(CancellationToken.None);

        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var pooled = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(pooled);

        left.Enqueue(Name);
        if (left.Count < DroppedTogether) return;

        var dropping = new List<Task>();
        while (left.TryDequeue(out var name)) dropping.Add(ExecuteAsync(home, $"drop database {name} with (force)"));
        await Task.WhenAll(dropping);
    }

    static Task<string> PreparedAsync(TestCluster cluster, TestTemplate template) =>
        templates.GetOrAdd(template.Name, _ => new Lazy<Task<string>>(() => PrepareAsync(cluster, template))).Value;

    static async Task<string> PrepareAsync(TestCluster cluster, TestTemplate template)
    {
        var name = $"template_{template.Name}";

        await ExecuteAsync(cluster.ConnectionString, $"create database {name} template template0");
        await template.PrepareAsync(To(cluster.ConnectionString, name, pooling: false));

        return name;
    }

    static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(To(server, "postgres", pooling: false));
        await connection.OpenAsync(CancellationToken.None);

        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    static string To(string server, string database, bool pooling) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, Pooling = pooling }
            .ConnectionString;
}
