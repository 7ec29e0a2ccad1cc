using System.Text.Json.Serialization;

namespace Stet.Policy.AuthZen;

/// <summary>The decision point as enforcement points see it: the OpenID AuthZEN Authorization API 1.0.</summary>
public static class AuthZenModule
{
    /// <summary>Reads the section <c>AuthZen</c>, which is validated when the host starts.</summary>
    public static IServiceCollection AddAuthZen(this IServiceCollection services)
    {
        services.AddSection<AuthZenOptions>(AuthZenOptions.Section);
        services.AddSingleton<AuthZenMetadata>();
        services.AddSingleton<PastDecisions>();
        services.AddSingleton<Evaluations>();
        services.AddSingleton<Searches>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AuthZenJson.Default));
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        EvaluationEndpoints.Map(routes);
        SearchEndpoints.Map(routes);
        MetadataEndpoint.Map(routes);
    }
}

/// <summary>Shapes of bodies and answers, for the description of the API: they are read and written by hand.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EvaluationRequest))]
[JsonSerializable(typeof(EvaluationsRequest))]
[JsonSerializable(typeof(EvaluationAnswer))]
[JsonSerializable(typeof(EvaluationsAnswer))]
[JsonSerializable(typeof(SubjectSearchRequest))]
[JsonSerializable(typeof(ResourceSearchRequest))]
[JsonSerializable(typeof(ActionSearchRequest))]
[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(AuthZenConfiguration))]
sealed partial class AuthZenJson : JsonSerializerContext;
