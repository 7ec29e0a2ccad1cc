using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using Stet.Audit.Witnesses;
using Stet.Authentication;
using Stet.Enforcement;
using Stet.EventStore;
using Stet.Observability;
using Stet.Pcs.Service;
using Stet.Policy.AuthZen;
using Stet.Policy.Lifecycle;
using Stet.RateLimits;

namespace Stet.CommandLine;

/// <summary>What this build consists of and how it is configured. Holds no secret.</summary>
/// <param name="Version">Of the build.</param>
/// <param name="Environment">Development, or any other name for production.</param>
/// <param name="Database">The connection string without its password, or the private server's folder.</param>
/// <param name="Schema">The script that the schema is at, once it is applied.</param>
/// <param name="SettingsFiles">Those that are read; each overrules the ones before it.</param>
/// <param name="Contexts">The bounded contexts, in their order.</param>
/// <param name="Routes">By path; those without a permission need no credential.</param>
/// <param name="Options">By their configuration key, as configured or by default.</param>
/// <param name="UnknownSettings">What is configured in our sections and read by nobody, a sentence for each.</param>
/// <param name="Problem">Why the service would not start with these options; null when it would.</param>
sealed record Description(
    string Version, string Environment, string Database, string Schema, IReadOnlyList<string> SettingsFiles,
    IReadOnlyList<ContextDescription> Contexts, IReadOnlyList<RouteDescription> Routes, IReadOnlyDictionary<string, string?> Options,
    IReadOnlyList<string> UnknownSettings, string? Problem)
{
    /// <summary>Describes an application that need not have been started.</summary>
    public static Description Of(WebApplication app, string database) => new(
        ObservabilityModule.Version, app.Environment.EnvironmentName, database, StetApplication.Schema[^1].Name,
        FilesIn(app.Configuration), ContextDescription.In(app.Services.GetRequiredService<ContextCatalog>()),
        RouteDescription.In(app), OptionValues.In(app.Configuration), CommandLine.UnknownSettings.In(app.Configuration), ProblemWith(app.Services));

    static IReadOnlyList<string> FilesIn(IConfiguration configuration) =>
    [
        .. from source in ((IConfigurationRoot)configuration).Providers.OfType<FileConfigurationProvider>().Select(p => p.Source)
           let file = source.FileProvider?.GetFileInfo(source.Path!)
           where file is { Exists: true }
           select file.PhysicalPath!,
    ];

    static string? ProblemWith(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return null;
        }
        catch (Exception e) when (ConfigurationTrouble.Of(e) is { } trouble)
        {
            return trouble;
        }
    }
}

/// <summary>A bounded context: the namespace that its types share.</summary>
sealed record ContextDescription(
    string Name, IReadOnlyList<EventDescription> Events, IReadOnlyList<StateDescription> States,
    IReadOnlyList<ProjectionDescription> Projections)
{
    public static IReadOnlyList<ContextDescription> In(ContextCatalog catalog)
    {
        var events = catalog.Catalog.Types.ToLookup(e => NameOf(e.ClrType), e => new EventDescription(e.Name, e.Version, e.StoredName));
        var states = catalog.States.ToLookup(
            NameOf, s => new StateDescription(s.StreamType, s.SnapshotTable, s.IsLatest));
        var projections = catalog.Projections.ToLookup(p => NameOf(p.GetType()), p => new ProjectionDescription(p.Name, p.Tables));
        var names = events.Select(e => e.Key).Union(states.Select(s => s.Key)).Union(projections.Select(p => p.Key));
        return [.. names.Select(n => new ContextDescription(n, [.. events[n]], [.. states[n]], [.. projections[n]]))];
    }

    static string NameOf(Type type) => type.Namespace!.Split('.')[1];

    // A stream without a state is named after its context.
    static string NameOf(StateType state) => state.GetType().GenericTypeArguments[0] is var type && type != typeof(NoState)
        ? NameOf(type)
        : char.ToUpperInvariant(state.StreamType[0]) + state.StreamType[1..state.StreamType.IndexOf('_', StringComparison.Ordinal)];
}

/// <summary>An event and the name it is stored under, which carries its schema version from 2 on.</summary>
sealed record EventDescription(string Name, int Version, string StoredName);

/// <summary>A kind of stream, and where its state comes from: a table, the newest event, or all events.</summary>
sealed record StateDescription(string StreamType, string? SnapshotTable, bool IsLatest);

/// <summary>A read model and its tables.</summary>
sealed record ProjectionDescription(string Name, IReadOnlyList<string> Tables);

/// <summary>A route and the scope it asks for; null: no credential needed.</summary>
sealed record RouteDescription(string Method, string Path, string? Permission, string? Summary)
{
    public static IReadOnlyList<RouteDescription> In(IEndpointRouteBuilder routes) =>
    [
        .. from endpoint in routes.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]
           let route = "/" + endpoint.RoutePattern.RawText?.TrimStart('/')
           from path in (string[])(AuthZenPaths.IsOfDecisionPoint(route) ? [route, $"/t/{{tenant_id}}{route}"] : [route])
           orderby path, method
           select new RouteDescription(
               method, path, endpoint.Metadata.GetMetadata<RequiredPermission>()?.Permission,
               endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()?.Summary),
    ];
}

/// <summary>Reads the options as configured, valid or not.</summary>
static partial class OptionValues
{
    public static IReadOnlyDictionary<string, string?> In(IConfiguration configuration)
    {
        var values = new SortedDictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Logging:Format"] = configuration["Logging:Format"] ?? "auto",
            ["Logging:LogLevel:Default"] = configuration["Logging:LogLevel:Default"],
        };
        AddSection<AuthenticationOptions>(AuthenticationOptions.Section);
        AddSection<EnforcementOptions>(EnforcementOptions.Section);
        AddSection<PcsOptions>(PcsOptions.Section);
        AddSection<PolicyOptions>(PolicyOptions.Section);
        AddSection<AuditOptions>(AuditOptions.Section);
        values.Remove($"{AuditOptions.Section}:{nameof(AuditOptions.Kek)}"); // a secret
        var witnesses = configuration.GetSection(AuditOptions.Section).Get<WitnessOptions>() ?? new();
        for (var i = 0; i < witnesses.Witnesses.Count; i++)
            Add($"{AuditOptions.Section}:{nameof(WitnessOptions.Witnesses)}:{i}", witnesses.Witnesses[i]);
        values[$"{AuditOptions.Section}:{nameof(WitnessOptions.WitnessPolicy)}"] = WithoutUserInfo(witnesses.WitnessPolicy);
        AddSection<SelfCheckOptions>(SelfCheckOptions.Section);
        AddSection<AuthZenOptions>(AuthZenOptions.Section);
        AddSection<RateLimitOptions>(RateLimitOptions.Section);
        var observability = configuration.GetSection("Observability").Get<ObservabilityOptions>() ?? new();
        new ObservabilityOptionsSetup(configuration).PostConfigure(null, observability);
        Add("Observability", observability);
        return values;

        void AddSection<T>(string section)
            where T : new()
        {
            try
            {
                Add(section, configuration.GetSection(section).Get<T>() ?? new());
            }
            catch (InvalidOperationException)
            {
                // One of its values is no such value: they are shown as they are written.
                Add(section, new T(), configuration);
            }
        }

        void Add(string section, object options, IConfiguration? written = null)
        {
            foreach (var property in options.GetType().GetProperties())
            {
                var key = $"{section}:{property.Name}";
                var value = property.GetValue(options);
                if (value is Rate rate) Add(key, rate, written);
                else values[key] = WithoutUserInfo(written?[key] ?? value?.ToString());
            }
        }
    }

    // A URL may carry a name and a password, and a text several URLs.
    static string? WithoutUserInfo(string? value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.UserInfo.Length > 0
            ? new UriBuilder(url) { UserName = "", Password = "" }.Uri.ToString()
            : value is null ? null : UserInfo().Replace(value, "");

    [GeneratedRegex(@"(?<=:[/\\]{2})[^\s/\\?#]*@", RegexOptions.None, 1000)]
    private static partial Regex UserInfo();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Description))]
sealed partial class DescriptionJson : JsonSerializerContext;
