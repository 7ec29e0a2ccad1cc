using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Stet.EventStore;

namespace Stet.Testing;

/// <summary>What differs from a service in Development on the machine's clock.</summary>
public sealed record TestServiceOptions
{
    public string Environment { get; init; } = "Development";

    /// <summary>The service's clock; null: the machine's.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>Configuration by key: <c>Authentication:Issuer</c>.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Registers what takes the place of the product's own; null: nothing.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Gets the log; null: nobody does.</summary>
    public ILoggerProvider? Log { get; init; }
}

/// <summary>The whole service on a loopback port and a database of its own.</summary>
public sealed class TestService : IAsyncDisposable
{
    static readonly Lazy<Task<TestService>> shared = new(() => Task.Run(() => StartAsync()));

    readonly WebApplication app;
    readonly bool ownsDatabase;
    readonly string auditFolder;
    readonly SocketsHttpHandler handler = new() { AllowAutoRedirect = false };

    TestService(WebApplication app, TestDatabase database, bool ownsDatabase, string auditFolder) =>
        (this.app, Database, this.ownsDatabase, this.auditFolder, Address) = (app, database, ownsDatabase, auditFolder, new Uri(app.Urls.Single()));

    /// <summary>The product's schema, and <see cref="LeafRows.View"/>.</summary>
    public static TestTemplate Schema { get; } = new("stet", async connectionString =>
    {
        await new SchemaMigrator(connectionString, StetApplication.Schema).ApplyAsync(CancellationToken.None);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var view = new NpgsqlCommand(LeafRows.View, connection);
        await view.ExecuteNonQueryAsync();
    });

    public Uri Address { get; }

    public TestDatabase Database { get; }

    public IServiceProvider Services => app.Services;

    /// <summary>The one service of this test process, for tests that keep to tenants of their own. Do not dispose it.</summary>
    public static Task<TestService> SharedAsync() => shared.Value;

    /// <summary>A service that is the caller's alone, on a new database, or as a further instance on the one given.</summary>
    public static async Task<TestService> StartAsync(TestServiceOptions? options = null, TestDatabase? database = null)
    {
        options ??= new TestServiceOptions();
        var home = database ?? await TestDatabase.CreateAsync(Schema);

        var folder = TestCluster.NewFolder();
        var builder = StetApplication.NewBuilder(options.Environment);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        // Not None: requests are traced when somebody might log them.
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Logging:Console:LogLevel:Default", (string?)"Critical")]);
        builder.Configuration.AddInMemoryCollection(
        [
            KeyValuePair.Create("STET_KEK", (string?)"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            KeyValuePair.Create("Audit:Folder", (string?)folder),
        ]);
        builder.Configuration.AddInMemoryCollection(options.Settings);
        if (options.Clock is not null) builder.Services.AddSingleton(options.Clock);
        options.Services?.Invoke(builder.Services);
        if (options.Log is not null) builder.Logging.AddProvider(options.Log);

        var service = StetApplication.Build(builder, home.ConnectionString);
        await service.StartAsync();

        return new TestService(service, home, ownsDatabase: database is null, folder);
    }

    /// <summary>Names a tenant that nobody else uses.</summary>
    public static string NewTenantId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("D");

    /// <summary>A client of a tenant, of a fresh one by default.</summary>
    public HttpClient Client(string? tenantId = null)
    {
        var client = AnonymousClient();
        client.DefaultRequestHeaders.Add("X-Tenant-Id", tenantId ?? NewTenantId());
        return client;
    }

    /// <summary>A client that says nothing about itself.</summary>
    public HttpClient AnonymousClient() => new(handler, disposeHandler: false) { BaseAddress = Address };

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        handler.Dispose();
        if (ownsDatabase) await Database.DisposeAsync();
        Directory.Delete(auditFolder, recursive: true);
    }
}
