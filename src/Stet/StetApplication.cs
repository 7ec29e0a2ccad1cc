using Microsoft.Extensions.DependencyInjection.Extensions;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using Stet.Authentication;
using Stet.Corrections;
using Stet.Enforcement;
using Stet.EventStore;
using Stet.Http;
using Stet.Observability;
using Stet.Outages;
using Stet.Pcs.Service;
using Stet.Policy;
using Stet.Policy.AccessRequests;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;
using Stet.RateLimits;
using Stet.Tenants;

namespace Stet;

/// <summary>The service: each context's part of it, in order.</summary>
public static class StetApplication
{
    /// <summary>The events, states and read models of all contexts.</summary>
    public static ContextCatalog Contexts()
    {
        var contexts = new ContextCatalog();
        CorrectionsModule.Configure(contexts);
        EnforcementModule.Configure(contexts);
        PcsModule.Configure(contexts);
        PolicyModule.Configure(contexts);
        EntitiesModule.Configure(contexts);
        DecisionsModule.Configure(contexts);
        AccessRequestsModule.Configure(contexts);
        AuditModule.Configure(contexts);
        return contexts;
    }

    /// <summary>The schema of all contexts.</summary>
    public static IReadOnlyList<SchemaScript> Schema { get; } =
        SchemaScript.In(typeof(Store).Assembly, typeof(StetApplication).Assembly);

    /// <summary>
    /// What the service and its tools are built from. Settings are read once: to watch their file is to watch its folder,
    /// and all below it, where the private PostgreSQL writes.
    /// </summary>
    /// <param name="environment">Null: as the process's environment says.</param>
    public static WebApplicationBuilder NewBuilder(string? environment = null) =>
        WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "Stet",
            EnvironmentName = environment,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });

    /// <summary>How the service's store behaves, and that of a command beside it.</summary>
    internal static StoreOptions OptionsOfStore(IServiceProvider services) => new()
    {
        KeyWrap = services.GetRequiredService<StreamKeys>(),
        SchemaScripts = Schema.Count,
        WakesSubscriptions = false, // there are none
    };

    /// <summary>Builds the service on a database whose schema is in place.</summary>
    public static WebApplication Build(WebApplicationBuilder builder, string connectionString)
    {
        builder.AddObservability("Stet", "Stet.EventStore");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections ??= OpenFiles.MostConnections(OpenFiles.Limit);
            kestrel.Limits.MaxRequestBodySize = null; // every endpoint reads its body within its own limit
            kestrel.Limits.MaxRequestLineSize = 64 * 1024; // a hundred field keys of 200 characters, escaped
        });

        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(_ => StoreConnections.For(connectionString));
        services.AddSingleton(Contexts());
        services.AddSingleton(provider => new Store(
            provider.GetRequiredService<StoreConnections>(), provider.GetRequiredService<ContextCatalog>().Catalog,
            provider.GetRequiredService<ContextCatalog>().Projections, provider.GetRequiredService<IAppendLog>(), OptionsOfStore(provider),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Store>>()));
        services.AddSingleton<Commands>();
        services.AddSingleton<MinPosition>();
        services.AddAudit();
        services.AddSelfCheck();
        services.AddOutages(); // an outage is on record before enforcement counts who is silent
        services.AddEnforcement();
        services.AddPcs();
        services.AddPolicy();
        services.AddPolicyEntities();
        services.AddDecisions();
        services.AddAuthZen();
        services.AddAccessRequests();
        services.AddCallers(Stet.AuditLog.Ed25519.Default.Verify);
        services.AddTenantRateLimits();
        services.AddDescription();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, CorrectionsHttpJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, TenantsJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, EnforcementHttpJson.Default);
        });
        StoreHealth.Add(services);

        var app = builder.Build();
        app.UseProblems();
        app.UseLifeSigns();
        app.UseAuthZenPaths();
        app.UseRoutingWithHead();
        app.UseEscapedSlashes();
        app.UseCallers();
        app.UseTenantRateLimits();
        app.UseDeclaredQueries();

        app.MapObservability().AllowWithoutTenant();
        ApiDescription.Map(app).AllowWithoutTenant();
        TenantEndpoint.Map(app);
        CorrectionsModule.Map(app);
        EnforcementModule.Map(app);
        PcsModule.Map(app);
        PolicyModule.Map(app);
        EntitiesModule.Map(app);
        DecisionsModule.Map(app);
        AuthZenModule.Map(app);
        AccessRequestsModule.Map(app);
        AuditModule.Map(app);
        return app;
    }
}
